"""Everything that mod_python 3.5's toolkit offers is here: a walk over its inventory (`inventory/`).

There is one file for each module: names, signatures and constants as they were found by introspection of
mod_python 3.5.0 on Python 3.
"""

from __future__ import annotations

import importlib
import inspect
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mod_python import Cookie, Session, _apache, psp, util
from tests.unit.python_support import make_request
from tests.unit.toolkit.fake import FakeRequest

INVENTORY: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "inventory").glob("*.json")
}

ABSENT = {
    # Python 2's slices.
    "util.FieldList.__delslice__",
    "util.FieldList.__setslice__",
    # How the original reads a body and a query, where olexd has modules of its own.
    "util.FieldStorage.parse_qsl_safely",
    "util.FieldStorage.read_to_boundary",
    "util.StringField.__getattr__",
    # The original makes its cookie classes in two steps.
    "Cookie._metaCookie",
    # How the original finds out the kind of a dbm file.
    "Session.DbmSession._get_dbm",
    "Session.DbmSession._set_dbm_type",
    # Pseudo-random numbers that made session ids collide.
    "Session._get_generator",
    "Session._init_rnd",
    "Session.rnd_gens",
    "Session.rnd_iter",
    # A compiled page beside the page: whoever may write there would run code without any page.
    "psp.PSP.cfile_get",
    # The original's own module cache, and what only older builds have.
    "publisher.NOT_INITIALIZED",
    "publisher._callable",
    "publisher.PageCache.build",
    "publisher.PageCache.check",
    "publisher.PageCache.key",
    "publisher.imp_suffixes",
}
"""The insides of the original that nothing outside can have used to good purpose."""

OTHERWISE = {
    "Session.validate_sid_re": "has no `$`, which would let a line end pass",
    "publisher.tp_rules": "is about the types of the Python it runs on",
    "util.StringField.__bases__": "a simple value is text that equals its bytes, not bytes",
    "publisher.PageCache.__bases__": "pages are kept without the module `cache`",
}
"""What is here, but not the same, and why."""

SELF = ("self", "cls", "mcs", "Class")


def find(path: str) -> Any:
    """Return the object at `module.name.name`; raises AttributeError."""
    module, *names = path.split(".")
    found: Any = importlib.import_module(f"mod_python.{module}")
    for name in names:
        found = getattr(found, name)
    return found


def named(kind: str) -> Iterator[tuple[str, Any]]:
    """Yield path and entry of all functions, constants or classes."""
    for module, inventory in sorted(INVENTORY.items()):
        for name, entry in sorted(inventory[kind].items()):
            yield f"{module}.{name}", entry


def methods() -> Iterator[tuple[str, str]]:
    """Yield path and signature of all methods."""
    for path, entry in named("classes"):
        for name, signature in sorted(entry["methods"].items()):
            yield f"{path}.{name}", signature


def attributes() -> Iterator[str]:
    """Yield the paths of all attributes of classes."""
    for path, entry in named("classes"):
        yield from (f"{path}.{name}" for name in entry["attributes"])


EVERYTHING = [
    *(path for kind in ("functions", "constants", "classes") for path, _ in named(kind)),
    *(path for path, _ in methods()),
    *attributes(),
]


STARRED = {
    "Session": {"BaseSession", "COOKIE_NAME", "Cookie", "apache", "dumps", "loads", "os", "tempdir", "time"},
    "cache": {"Cache", "NOT_INITIALIZED", "parseRFC822Time"},
    "psp": {"PSP", "apache", "tempdir"},
    "publisher": {"apache", "handler", "tp_rules", "util"},
    "util": {"BytesIO", "FieldStorage", "apache", "tempfile"},
}
"""What subclasses in other people's files count on after `from mod_python.NAME import *`."""


@pytest.mark.parametrize("module", STARRED)
def test_star_imports(module: str) -> None:
    """The modules that a module uses come along, as they always have."""
    found: dict[str, Any] = {}
    exec(f"from mod_python.{module} import *", found)
    assert STARRED[module] <= set(found)


def test_every_name_is_here() -> None:
    """Modules, functions, constants, classes, methods and attributes; what is not, is not for a reason."""
    missing = set()
    for path in EVERYTHING:
        try:
            find(path)
        except AttributeError:
            missing.add(path)
    assert {
        path for path in missing if not any(f"{path}.".startswith(f"{gone}.") for gone in ABSENT)
    } == set()
    assert missing >= ABSENT


Parameter = tuple[str, str]


def parameters(signature: str) -> tuple[list[Parameter], bool]:
    """Return name and default of the parameters, and whether they can be given by name."""
    names = [part.strip() for part in re.sub(r"^\w+ (?=\()", "", signature).strip("()").split(", ") if part]
    by_name = "/" not in names
    found = [part.partition("=")[::2] for part in names if part != "/" and part not in SELF]
    return found, by_name


def own_parameters(path: str) -> tuple[list[inspect.Parameter], bool]:
    """Return our parameters without `self`, and whether any further ones are taken."""
    function = find(path)
    if path.endswith(".__init__") and not inspect.isfunction(function):
        function = find(path.removesuffix("__init__") + "__new__")
    found = [one for one in inspect.signature(function).parameters.values() if one.name not in SELF]
    fixed = [one for one in found if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return fixed, len(fixed) < len(found)


SIGNATURES = [*named("functions"), *methods()]


@pytest.mark.parametrize(
    ("path", "signature"),
    [(path, text) for path, text in SIGNATURES if path not in ABSENT],
    ids=lambda one: one,
)
def test_signatures(path: str, signature: str) -> None:
    """Every call that the original takes can be written here: names, order, defaults."""
    if any(path.startswith(f"{gone}.") for gone in ABSENT):
        pytest.skip("the class is not here")
    theirs, by_name = parameters(signature)
    ours, open_ended = own_parameters(path)
    fixed = [(name, default) for name, default in theirs if not name.startswith("*")]
    assert len(ours) >= len(fixed) or open_ended, "takes fewer arguments"
    for (name, default), own in zip(fixed, ours, strict=False):
        assert own.name == name or not by_name
        if default:
            assert shown(own.default) in (default, "None" if default == "{}" else default)
    assert all(own.default is not own.empty for own in ours[len(fixed) :]) or len(fixed) < len(theirs)


def shown(default: object) -> str:
    """Return a default as the inventory spells it."""
    if inspect.ismodule(default):
        return f"<module {default.__name__}>"
    return "{}" if default == {} else repr(default)


CONSTANTS = [
    (path, text) for path, text in named("constants") if path not in ABSENT and path not in OTHERWISE
]


@pytest.mark.parametrize(("path", "text"), CONSTANTS)
def test_constants(path: str, text: Any) -> None:
    """A constant has the original's value, or at least its type."""
    value = find(path)
    if isinstance(text, str) and text.startswith("<"):
        kind = {"<Pattern>": "Pattern", "<dict>": "dict", "<tempfile.gettempdir()>": "str"}
        assert type(value).__name__ == kind.get(text, text.strip("<>"))
    else:
        assert repr(value) == text


@pytest.mark.parametrize(("path", "entry"), [pair for pair in named("classes") if pair[0] not in ABSENT])
def test_bases(path: str, entry: dict[str, Any]) -> None:
    """A class has the original's base."""
    if f"{path}.__bases__" not in OTHERWISE and path != "Cookie.Cookie":
        assert [base.__name__ for base in find(path).__bases__] == entry["bases"]


def made(path: str, tmp_path: Path) -> Any:
    """Return an object of a class whose instances have attributes."""
    req = FakeRequest(filename=str(tmp_path / "page.psp"), options={"session_directory": str(tmp_path)})
    if path.startswith("Session."):
        return find(path)(req)
    if path == "psp.PSP":
        return psp.PSP(req, string="page")
    if path == "psp.PSPInterface":
        return psp.PSPInterface(req, None, None)
    return util.FieldStorage(req) if path == "util.FieldStorage" else find(path)()


@pytest.mark.parametrize(
    ("path", "entry"), [(path, entry) for path, entry in named("classes") if "instance_attributes" in entry]
)
def test_instances_have_every_attribute(path: str, entry: dict[str, Any], temporary: Path) -> None:
    """A freshly made object has the attributes that the original's has."""
    if path == "Session.BaseSession":
        path = "Session.MemorySession"
    instance = made(path, temporary)
    assert [name for name in entry["instance_attributes"] if not hasattr(instance, name)] == []


OPTIONS = [
    "mod_python.session.session_type",
    "session",
    "mod_python.session.cookie_name",
    "session_cookie_name",
    "mod_python.session.application_domain",
    "mod_python.session.application_path",
    "ApplicationPath",
    "mod_python.session.database_directory",
    "session_directory",
    "mod_python.dbm_session.database_filename",
    "session_dbm",
    "mod_python.dbm_session.database_directory",
    "mod_python.file_session.database_directory",
    "mod_python.file_session.enable_fast_cleanup",
    "session_fast_cleanup",
    "mod_python.file_session.verify_session_timeout",
    "session_verify_cleanup",
    "mod_python.file_session.cleanup_grace_period",
    "session_grace_period",
    "mod_python.file_session.cleanup_time_limit",
    "session_cleanup_time_limit",
    "mod_python.psp.cache_database_filename",
    "PSPDbmCache",
]


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_read(name: str) -> None:
    """Every option, by its new and its old name, is asked for by a module; what it does has its own tests."""
    package = Path(util.__file__).parent
    assert any(f'"{name}"' in module.read_text() for module in package.glob("*.py"))


def expiring(date: str) -> None:
    """Set a cookie's date."""
    Cookie.Cookie("a", "b").expires = date


def text_body() -> None:
    """Read a form from a request that returns text."""
    req = FakeRequest(method="POST", Content_Length="3")
    req.read = lambda length=-1: "a=1"  # type: ignore[assignment,method-assign,misc]
    util.FieldStorage(req)


def late_redirect() -> None:
    """Redirect after output."""
    req = FakeRequest()
    req.write("text")
    util.redirect(req, "/there")


MESSAGES: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: util.parse_qsl(None), TypeError, "not an ISO-8859-1 string"),  # type: ignore[type-var]
    (lambda: util.parse_header("a"), TypeError, "parse_header() only accepts bytes"),  # type: ignore[arg-type]
    (lambda: util.redirect(FakeRequest(), b"/"), TypeError, "location must be of type str"),  # type: ignore[arg-type]
    (late_redirect, IOError, "Cannot redirect after headers have already been sent."),
    (text_body, TypeError, "req.read() must return bytes"),
    (lambda: util.FieldStorage(FakeRequest()).__setitem__("a", 1), TypeError, "Field value must be bytes"),  # type: ignore[arg-type]
    (lambda: util.FieldStorage(FakeRequest()).__setitem__(1, "a"), TypeError, "Field key must be bytes"),  # type: ignore[arg-type]
    (
        lambda: util.Field("a", io.StringIO("x"), "", {}, "", {}).value,
        TypeError,
        "value must be bytes, is file opened in binary mode?",
    ),
    (lambda: Cookie.Cookie("a", "b", bogus=1), AttributeError, "'Cookie' object has no attribute 'bogus'"),
    (lambda: expiring("tomorrow"), ValueError, "Invalid expires time: tomorrow"),
    (lambda: str(Cookie.SignedCookie("a", "b")), Cookie.CookieError, "Cannot sign without a secret"),
    (
        lambda: Cookie.SignedCookie.parse("a=b", "secret", Cookie.Cookie.EXCEPTION),
        Cookie.CookieError,
        "Incorrectly Signed Cookie: a=b",
    ),
    (lambda: Session.Session(FakeRequest(), sid="x"), ValueError, "Invalid Session ID: sid=x"),
    (lambda: Session.Session(FakeRequest(options={"session": "X"})), Exception, "Unknown session type X"),
    (lambda: Session.true_or_false("on"), Exception, ""),
    (
        lambda: psp.PSP(FakeRequest(), filename="a", string="b"),
        ValueError,
        "Must specify either filename or string",
    ),
    (lambda: _apache._global_lock(None, "key"), TypeError, "First argument must be a server object"),
    (
        lambda: _apache._global_lock(make_request().server, "key", 99),
        ValueError,
        "Lock index is out of range for number of global mutex locks",
    ),
    (
        lambda: _apache._global_unlock(make_request().server, "key", 3),
        ValueError,
        "Failed to release global mutex lock",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), MESSAGES, ids=[message for *_, message in MESSAGES])
def test_messages(call: Callable[[], object], kind: type[Exception], message: str, temporary: Path) -> None:
    """What goes wrong goes wrong with the original's exception and words."""
    with pytest.raises(kind) as caught:
        call()
    # Newer Pythons go on with reasons.
    assert str(caught.value).startswith(message)


def test_the_inventory_is_of_the_toolkit() -> None:
    """The modules of this inventory; and the session types that an option can name are classes of it."""
    assert set(INVENTORY) >= {"util", "Cookie", "Session", "psp", "_psp", "publisher"}
    assert {"MemorySession", "DbmSession", "FileSession"} <= set(vars(Session))
