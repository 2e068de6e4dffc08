"""No way out of what the author of a published module wrote into it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mod_python import publisher
from tests.unit.toolkit.publishing import ask, page, status, text

ESCAPES = """
import abc, asyncio, enum, functools, io, json, logging, os, re, sys, threading, types
import datetime as dt
import os.path
from configparser import ConfigParser
from contextlib import contextmanager
from helper_of_escapes import helper, SETTINGS, Helper, shared
from mod_python import apache, util
from mod_python.util import redirect
from os import popen, system
try:
    from json import dumps
except ImportError:
    dumps = None
if True:
    from subprocess import run as shell

text, number, items, mapping, raw = 'text', 1, [1], {'a': 1}, b'raw'
_private = 'secret'
__version__ = 'secret'
hidden = {'_private': 1}
renamed = os.popen
sender = util.redirect
builtin = eval
unbound = str.upper
wrapper = 'x'.__len__
module = os
config = ConfigParser()
log = logging.getLogger('escapes')
pattern = re.compile('x')
today = dt.date(2020, 1, 2)
partial = functools.partial(os.getcwd)
namespace = types.SimpleNamespace(os=os)
server_table = apache.table()
class Lazy(types.ModuleType): pass
lazy = Lazy('lazy')
lazy.os = os

def function(req): return 'function'
function.attribute = 'secret'
function.os = os
def generate(): yield 1
generator = generate()
async def coro(): pass
try:
    raise ValueError(1)
except ValueError as error:
    caught = error
    trace = error.__traceback__
    frame = trace.tb_frame

class Thing:
    attribute = 'public'
    _hidden = 'secret'
    os = os
    Inner = dict
    def __init__(self): self.inside = Other(self)
    def method(self, req): return 'method'
    @property
    def wrong(self): raise AttributeError('not there')
    @property
    def worse(self): raise ValueError('worse')
    @staticmethod
    def static(): return 'static'
class Other:
    def __init__(self, thing):
        self.thing, self.log, self.function = thing, log, function
class Worker(threading.Thread): pass
class Abstract(abc.ABC):
    attribute = 'class'
class Color(enum.Enum):
    RED = 'red'
class Meta(type): pass
class Made(metaclass=Meta):
    attribute = 'class'
class Any:
    def __getattr__(self, name):
        if name.startswith('__a'): raise AttributeError(name)
        return 'any ' + name
thing, worker, red, anything = Thing(), Worker(), Color.RED, Any()
"""

HELPER = """
SETTINGS = {'password': 'secret'}
def helper(): return 'helped'
class Helper:
    password = 'secret'
    def method(self): return 'helped'
shared = Helper()
"""


@pytest.fixture
def escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with a page that is full of things to escape by."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "helper_of_escapes", raising=False)
    page(tmp_path, HELPER, "helper_of_escapes.py")
    page(tmp_path, ESCAPES)
    return tmp_path


def refused(tmp_path: Path, path: str) -> None:
    """Check that nothing at all is published, by slashes or by dots."""
    assert status(tmp_path, f"page/{path}") in (403, 404)
    assert status(tmp_path, "page/" + path.replace("/", ".")) in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "os",
        "os/system",
        "os/popen",
        "os/path/join",
        "sys/modules",
        "dt/date",
        "module",
        "module/getcwd",
        "apache",
        "apache/config_tree",
        "util/redirect",
        "lazy",
        "lazy/os",
        "lazy/os/name",
        "namespace/os",
        "thing/os",
        "thing/os/getcwd",
    ],
)
def test_cve_2002_0185_modules_cannot_be_reached(escapes: Path, path: str) -> None:
    """No module is published or a step on the way, wherever it hangs."""
    refused(escapes, path)


@pytest.mark.parametrize(
    "path",
    [
        "function/attribute",
        "function/os",
        "function/func_globals",
        "function/func_code/co_consts",
        "function/__globals__",
        "function/__code__",
        "function/__dict__",
        "function/__closure__",
        "thing/method/im_func",
        "thing/method/im_self",
        "thing/method/__func__/__globals__",
        "thing/method/__self__",
        "thing/static/func_globals",
        "renamed/func_globals",
    ],
)
def test_cve_2005_0088_functions_cannot_be_entered(escapes: Path, path: str) -> None:
    """A function's and a method's attributes, its globals above all, are out of reach."""
    refused(escapes, path)


@pytest.mark.parametrize(
    "path",
    [
        "popen",
        "system",
        "dumps",
        "shell",
        "redirect",
        "helper",
        "SETTINGS",
        "Helper",
        "shared",
        "shared/password",
        "shared/method",
        "contextmanager",
        "ConfigParser",
    ],
)
def test_imported_names_are_not_published(escapes: Path, path: str) -> None:
    """Functions, values and objects that a module imports from elsewhere are not its own."""
    assert status(escapes, f"page/{path}") == 403


@pytest.mark.parametrize(
    "path",
    [
        "_private",
        "__version__",
        "__name__",
        "__file__",
        "__builtins__",
        "__builtins__/eval",
        "__dict__",
        "__class__",
        "__loader__",
        "_imported",
        "thing/_hidden",
        "thing/__class__",
        "thing/__dict__",
        "thing/__init__/__globals__",
        "thing/inside/thing/_hidden",
        "text/__class__/__mro__",
        "anything/__class__",
        "anything/_x",
        "caught/__traceback__/tb_frame",
    ],
)
def test_underscores_are_refused_at_every_level(escapes: Path, path: str) -> None:
    """A name with a leading underscore is 403, even where an object would make one up."""
    assert status(escapes, f"page/{path}") == 403


@pytest.mark.parametrize("name", ["\uff3f_class__", "%5f%5fclass__", "\u2017class"])
def test_names_are_not_normalised(escapes: Path, name: str) -> None:
    """What merely looks like an underscore, or is encoded twice, is another name."""
    assert status(escapes, f"page/thing/{name}") == 404


@pytest.mark.parametrize(
    "path",
    [
        "Thing",
        "Thing/attribute",
        "Thing/method",
        "Thing/mro",
        "Abstract",
        "Abstract/attribute",
        "Abstract/register",
        "Color",
        "Color/RED",
        "Made",
        "Made/attribute",
        "Made/mro",
        "thing/Inner",
        "thing/Inner/fromkeys",
        "Lazy",
        "Worker",
    ],
)
def test_classes_are_closed(escapes: Path, path: str) -> None:
    """Neither a class nor its attributes are published, whatever its metaclass."""
    refused(escapes, path)


@pytest.mark.parametrize(
    "path",
    [
        "builtin",
        "unbound",
        "wrapper",
        "text/upper",
        "text/format",
        "items/append",
        "items/clear",
        "mapping/keys",
        "mapping/clear",
        "mapping/a",
        "raw/hex",
        "number/real",
        "partial/func",
        "pattern/sub",
        "pattern/pattern",
        "today/year",
        "server_table/items",
        "server_table/clear",
    ],
)
def test_builtins_and_plain_values_are_closed(escapes: Path, path: str) -> None:
    """Built-in functions are not published, and values have no parts."""
    refused(escapes, path)


@pytest.mark.parametrize(
    "path",
    [
        "config/get",
        "config/read",
        "config/sections",
        "log/setLevel",
        "log/manager",
        "log/handlers",
        "log/manager/loggerDict",
        "thing/inside/log/disabled",
        "worker/start",
        "worker/run",
        "worker/join",
        "red/name/upper",
        "renamed",
        "sender",
        "caught/args",
        "caught/with_traceback",
    ],
)
def test_the_standard_librarys_own_methods_are_closed(escapes: Path, path: str) -> None:
    """Objects of Python's and this package's classes, and functions of theirs, are no part of a site."""
    refused(escapes, path)


@pytest.mark.parametrize(
    "path",
    [
        "generator/gi_frame",
        "generator/gi_code",
        "generator/close",
        "generator/send",
        "frame/f_globals",
        "frame/f_back/f_globals",
        "frame/f_builtins",
        "trace/tb_frame/f_globals",
        "trace/tb_next",
    ],
)
def test_frames_cannot_be_entered(escapes: Path, path: str) -> None:
    """Generators, tracebacks and frames keep what they hold."""
    refused(escapes, path)


@pytest.mark.parametrize("path", ["thing//method", "thing..method", "thing.", ".thing", "thing/.", "/", "."])
def test_empty_names_are_nothing(escapes: Path, path: str) -> None:
    """An empty part of a path is 404."""
    assert status(escapes, f"page/{path}") == 404


@pytest.mark.parametrize("name", ["_page", "__init__", "_page.py", "__init__/index"])
def test_modules_with_underscores_are_not_loaded(tmp_path: Path, name: str) -> None:
    """A module whose own name starts with an underscore is not even executed."""
    for file in ("_page.py", "__init__.py"):
        page(tmp_path, "raise SystemError", file)
    assert status(tmp_path, name) == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("function", "function"),
        ("thing/method", "method"),
        ("thing.method", "method"),
        ("thing/attribute", "public"),
        ("thing/static", "static"),
        ("thing/inside/thing/method", "method"),
        ("thing/inside/function", "function"),
        ("text", "text"),
        ("number", "1"),
        ("red", "Color.RED"),
        ("red/value", "red"),
        ("today", "2020-01-02"),
        ("anything/name", "any name"),
    ],
)
def test_what_the_author_published_is_published(escapes: Path, path: str, body: str) -> None:
    """Functions, values, and objects of the site's own classes with their attributes are."""
    assert text(escapes, f"page/{path}") == body


def test_errors_of_attributes(escapes: Path) -> None:
    """An AttributeError inside a property is 404, any other error goes up."""
    assert status(escapes, "page/thing/wrong") == 404
    with pytest.raises(ValueError, match="worse"):
        ask(escapes, "page/thing/worse")


def test_all_publishes_imported_names(escapes: Path) -> None:
    """What a page lists in `__all__` is its own, but for what is closed anyway."""
    source = "from helper_of_escapes import helper, shared, Helper\nfrom os import popen\nimport os\n"
    page(escapes, source + "__all__ = ['helper', 'popen', 'os', 'Helper']", "open.py")
    assert text(escapes, "open/helper") == "helped"
    for name in ("popen", "os", "Helper", "shared"):
        assert status(escapes, f"open/{name}") == 403


def test_star_imports_are_imports(escapes: Path) -> None:
    """Names that come by a star are as little the page's own as any other imported ones."""
    page(escapes, "from helper_of_escapes import *\nown = 'own'\nSETTINGS = 'changed'", "star.py")
    assert text(escapes, "star/own") == "own"
    assert text(escapes, "star/SETTINGS") == "changed"
    for name in ("helper", "shared", "shared/password"):
        assert status(escapes, f"star/{name}") == 403


def test_imports_inside_functions_hide_nothing(tmp_path: Path) -> None:
    """Only imports of the module itself count, and a function of the page's own is its own."""
    page(
        tmp_path,
        "from os import getcwd\n"
        "def f():\n    from os import name as text\n    return 'f'\n"
        "def getcwd(): return 'own'\ntext = 'text'",
    )
    assert [text(tmp_path, f"page/{name}") for name in ("f", "text", "getcwd")] == ["f", "text", "own"]


def test_a_page_cannot_hide_its_imports(tmp_path: Path) -> None:
    """A global of the page is not taken for what its import statements bind."""
    page(tmp_path, "_imported = frozenset()\nfrom json import dumps")
    assert status(tmp_path, "page/dumps") == 403


def test_refusals_tell_no_secrets(escapes: Path) -> None:
    """The log names the kind of object, not its content, and leaves the query out."""
    log = escapes / "log"
    config = f"ErrorLog {log}"
    assert status(escapes, "page/SETTINGS", config=config, args="password=secret") == 403
    assert status(escapes, "page/mapping/keys", config=config) == 403
    lines = log.read_text()
    assert "Cannot publish SETTINGS in /page/SETTINGS because it is imported" in lines
    assert "because dict objects are not traversable" in lines
    assert "secret" not in lines


@pytest.mark.parametrize(("rule", "answers"), [((False, True), (200, 403)), ((True, False), (403, 200))])
def test_an_application_may_close_its_own_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: tuple[bool, bool], answers: tuple[int, int]
) -> None:
    """A rule for an exact type says whether its objects are published, and whether they are entered."""
    page(tmp_path, "class T:\n    word = 'in it'\n    def __str__(self): return 'it'\nthing = T()")
    thing = publisher.page_cache[ask(tmp_path, "page/thing")].thing
    monkeypatch.setitem(publisher.tp_rules, type(thing), rule)
    for path, answer in zip(("page/thing", "page/thing/word"), answers, strict=True):
        if answer == 403:
            assert status(tmp_path, path) == 403
        else:
            assert text(tmp_path, path) in ("it", "in it")


def test_rules_open_nothing_that_is_closed(escapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules, classes and what is Python's own stay closed whatever the table says."""
    for kind in (type(os), type, type(len), str):
        monkeypatch.setitem(publisher.tp_rules, kind, (True, True))
    for path in ("os", "Thing", "Thing/attribute", "builtin", "text/upper"):
        refused(escapes, path)


def test_the_table_of_rules_is_the_originals() -> None:
    """Each type of the inventory that this Python has is there, with its rule."""
    inventory = json.loads((Path(__file__).parent / "inventory" / "publisher.json").read_text())
    ours = {
        kind.__name__: {"traverse": rule[0], "publish": rule[1]} for kind, rule in publisher.tp_rules.items()
    }
    theirs = inventory["constants"]["tp_rules"]
    assert {name: ours[name] for name in theirs if name in ours} == {
        name: rule for name, rule in theirs.items() if name in ours
    }
    assert set(theirs) - set(ours) <= {"DynamicClassAttribute"}
