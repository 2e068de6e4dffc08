"""The publisher: objects of a module by URL, called with the form, their results sent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mod_python import publisher
from olexd.errors import ServerReturn
from tests.unit.python_support import make_request, sent
from tests.unit.toolkit.publishing import ask, page, status, text

# -- which module, which object


def test_urls_find_modules(tmp_path: Path) -> None:
    """The module's suffix may be left out, an empty path is `index`, and a slash at the end is dropped."""
    page(tmp_path, "def index(): return 'index'\ndef other(): return 'other'")
    for path in ("page", "page.py", "page/", "page/index", "page.py/index/"):
        assert text(tmp_path, path) == "index"
    assert text(tmp_path, "page.py/other") == "other"


def test_a_directory_has_an_index_module(tmp_path: Path) -> None:
    """The directory itself is `index.index`."""
    page(tmp_path, "def index(): return 'root'", "index.py")
    assert text(tmp_path, "") == "root"


def test_a_missing_module_is_an_object_of_the_index(tmp_path: Path) -> None:
    """What is no module is looked for in the directory's index module, and only there."""
    page(tmp_path, "class C:\n    x = 'found'\nthing = C()", "index.py")
    assert text(tmp_path, "thing/x") == "found"
    assert status(tmp_path, "nothing") == 404


def test_no_module_at_all_is_404(tmp_path: Path) -> None:
    """Without module and index, or without a file name, there is nothing."""
    assert status(tmp_path, "page") == 404
    req = make_request(uri="/page")
    with pytest.raises(ServerReturn) as caught:
        publisher.handler(req)
    assert caught.value.args == (404,)


@pytest.mark.parametrize("name", ["page.PY", "page.py.py", "page.txt", ".page"])
def test_only_known_suffixes_are_taken_off(tmp_path: Path, name: str) -> None:
    """Other names are not the module's."""
    page(tmp_path, "def index(): return 'x'")
    assert status(tmp_path, name) == 404


def test_extensions_of_addhandler_are_taken_off(tmp_path: Path) -> None:
    """An extension that stands for mod_python is one of the module."""
    page(tmp_path, "def index(): return 'x'")
    assert text(tmp_path, "page.pub", config="AddHandler mod_python .pub") == "x"


def test_the_function_sees_the_modules_file(tmp_path: Path) -> None:
    """`req.filename` is the module's file, `path_info` stays."""
    page(tmp_path, "def seen(req): return '%s %s' % (req.filename, req.path_info)")
    assert text(tmp_path, "page/seen") == f"{tmp_path}/page.py /seen"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PROPFIND", "get"])
def test_other_methods_are_refused(tmp_path: Path, method: str) -> None:
    """Only GET, HEAD and POST are answered, before any code runs."""
    page(tmp_path, "raise SystemError")
    req = make_request(uri="/page", method=method)
    req.filename = str(tmp_path / "page")
    with pytest.raises(ServerReturn) as caught:
        publisher.handler(req)
    assert caught.value.args == (405,)
    assert req.allowed_methods == ()


# -- the page cache


def test_a_page_keeps_its_globals(tmp_path: Path) -> None:
    """A page is executed once."""
    page(tmp_path, "seen = []\ndef index():\n    seen.append(1)\n    return len(seen)")
    assert [text(tmp_path, "page") for _ in range(3)] == ["1", "2", "3"]


def test_a_changed_page_is_loaded_again(tmp_path: Path) -> None:
    """Older files count as changed, too."""
    page(tmp_path, "text = 'old'")
    assert text(tmp_path, "page/text") == "old"
    page(tmp_path, "text = 'new'")
    os.utime(tmp_path / "page.py", (1, 1))
    assert text(tmp_path, "page/text") == "new"


def test_without_autoreload_a_page_stays(tmp_path: Path) -> None:
    """PythonAutoReload Off looks at no file twice."""
    page(tmp_path, "text = 'old'")
    config = "PythonAutoReload Off"
    assert text(tmp_path, "page/text", config=config) == "old"
    page(tmp_path, "text = 'the new one'")
    assert text(tmp_path, "page/text", config=config) == "old"


def test_a_broken_page_fails_until_it_is_mended(tmp_path: Path) -> None:
    """The module of before does not answer for a file that no longer compiles."""
    page(tmp_path, "text = 'good'")
    assert text(tmp_path, "page/text") == "good"
    page(tmp_path, "text = ")
    for _ in range(2):
        with pytest.raises(SyntaxError):
            ask(tmp_path, "page/text")
    page(tmp_path, "text = 'mended'")
    assert text(tmp_path, "page/text") == "mended"


def test_requests_share_the_loading_of_a_page(tmp_path: Path) -> None:
    """Requests that come at once wait for the one that executes the page."""
    page(
        tmp_path,
        "import threading, time\nnumber = [0]\ntime.sleep(0.01)\n"
        "def index():\n    number[0] += 1\n    return number[0]\n",
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: text(tmp_path, "page"), range(4)))
    assert sorted(answers) == ["1", "2", "3", "4"]


def test_a_deeply_nested_page_is_loaded(tmp_path: Path) -> None:
    """Long chains in a source are no limit."""
    page(tmp_path, "text = len(" + " + ".join(["'a'"] * 900) + ")\nif 0: pass\n" + "elif 0: pass\n" * 900)
    assert text(tmp_path, "page/text") == "900"


def test_a_deleted_page_is_gone(tmp_path: Path) -> None:
    """A page without its file is 404."""
    page(tmp_path, "text = 'x'")
    assert text(tmp_path, "page/text") == "x"
    (tmp_path / "page.py").unlink()
    assert status(tmp_path, "page/text") == 404


def test_pages_of_one_name_are_two(tmp_path: Path) -> None:
    """Pages are known by their path and never stand in `sys.modules`."""
    (tmp_path / "sub").mkdir()
    page(tmp_path, "import sys\nname = __name__\ndef known(): return __name__ in sys.modules")
    page(tmp_path, "name = __name__", "sub/page.py")
    assert text(tmp_path, "page/known") == "False"
    assert text(tmp_path, "page/name") != text(tmp_path / "sub", "page/name")


def test_a_page_names_its_encoding(tmp_path: Path) -> None:
    """A coding line is honoured."""
    (tmp_path / "page.py").write_bytes(b"# -*- coding: latin-1 -*-\ntext = '\xe4'")
    assert text(tmp_path, "page/text") == "\u00e4"


# -- results


RESULTS = """
def plain(): return 'text'
def html(): return '<html>..</HTML >  \\n'
def tail(): return '<html>x</html> tail'
def far(): return '</html>' + '\\n' * 120
def number(): return 42
def zero(): return 0
def empty(): return ''
def items(): return ['a', 1]
def raw(): return b'raw'
def euro(): return '\\u20ac'
def function(): return plain
class C:
    def __init__(self, name='nobody'): self.name = name
    def __str__(self): return 'instance of ' + self.name
def cls(): return C
def typed(req):
    req.content_type = 'text/x-own'
    return '<html></html>'
def nothing(): return None
class D: pass
dynamic = D()
dynamic.__call__ = lambda: 'own call'
"""


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("plain", "text", "text/plain"),
        ("html", "<html>..</HTML >  \n", "text/html"),
        ("tail", "<html>x</html> tail", "text/plain"),
        ("far", "</html>" + "\n" * 120, "text/plain"),
        ("number", "42", "text/plain"),
        ("zero", "0", "text/plain"),
        ("empty", "", "text/plain"),
        ("items", "['a', 1]", "text/plain"),
        ("raw", "raw", "text/plain"),
        ("euro", "\u20ac", "text/plain"),
        ("function", "text", "text/plain"),
        ("cls", "instance of nobody", "text/plain"),
        ("typed", "<html></html>", "text/x-own"),
        ("nothing", "", None),
        ("dynamic", "own call", "text/plain"),
    ],
)
def test_results(tmp_path: Path, name: str, body: str, kind: str | None) -> None:
    """A result is sent as text, its type told by how it ends unless the function set one."""
    page(tmp_path, RESULTS)
    req = ask(tmp_path, f"page/{name}")
    assert sent(req._record).decode() == body
    assert req.content_type == kind


def test_text_is_sent_in_the_charset_of_its_type(tmp_path: Path) -> None:
    """What the content type promises holds; a charset that is unknown or too small leaves UTF-8."""
    typed = "req.content_type = 'text/plain; charset=' + charset"
    page(tmp_path, f"def index(req, charset):\n    {typed}\n    return '\u20ac'")
    for charset, body in (
        ("iso-8859-15", b"\xa4"),
        ('"UTF-16-LE"', b"\xac\x20"),
        ("latin-1", b"\xe2\x82\xac"),
        ("x", b"\xe2\x82\xac"),
    ):
        assert sent(ask(tmp_path, "page", args=f"charset={charset}")._record) == body


def test_bytes_are_sent_as_they_are(tmp_path: Path) -> None:
    """Also when they are no text at all."""
    page(tmp_path, "def index(): return b'\\xff\\x00<p></html>'")
    req = ask(tmp_path, "page")
    assert sent(req._record) == b"\xff\x00<p></html>"
    assert req.content_type == "text/html"


def test_a_result_waits_for_no_flush(tmp_path: Path) -> None:
    """A result is not flushed, so that its length can be announced."""
    page(tmp_path, RESULTS)
    assert not ask(tmp_path, "page/plain").sent_bodyct


def test_nothing_to_publish_is_noted(tmp_path: Path) -> None:
    """With PythonDebug a function without result and output leaves a line in the log."""
    page(tmp_path, "def index(): pass\ndef wrote(req): req.write('x', 0)")
    log = tmp_path / "log"
    config = f"PythonDebug On\nErrorLog {log}\nLogLevel debug"
    ask(tmp_path, "page", config=config)
    ask(tmp_path, "page/wrote", config=config)
    assert log.read_text().count("nothing to publish") == 1
    assert log.read_text().count("Publisher loading page") == 1


# -- arguments


ARGUMENTS = """
from mod_python import util
def hello(req, name='nobody', **more): return 'hello %s %s' % (name, sorted(more))
def simple(name): return name if isinstance(name, str) else '+'.join(name)
class C:
    def method(self, req, name): return 'method ' + name
    def __call__(self, name): return 'call ' + name
obj = C()
def again(name): return simple
"""


@pytest.mark.parametrize(
    ("path", "args", "body"),
    [
        ("hello", "name=x", "hello x []"),
        ("hello", "name=x&other=1&req=evil", "hello x ['other']"),
        ("simple", "name=a&unknown=b", "a"),
        ("simple", "name=a&name=b", "a+b"),
        ("simple", "name=", ""),
        ("obj/method", "name=x&self=y", "method x"),
        ("obj", "name=x", "call x"),
    ],
)
def test_fields_become_arguments(tmp_path: Path, path: str, args: str, body: str) -> None:
    """A function gets the fields that it has parameters for, and `req` is never a field."""
    page(tmp_path, ARGUMENTS)
    assert text(tmp_path, f"page/{path}", args=args) == body


def test_a_posted_form_is_read_once(tmp_path: Path) -> None:
    """A function that returns a function has the posted fields for both."""
    page(tmp_path, ARGUMENTS)
    headers = [
        (b"Content-Length", b"6"),
        (b"Content-Type", b"application/x-www-form-urlencoded"),
    ]
    assert text(tmp_path, "page/again", method="POST", body=b"name=x", headers=headers) == "x"


def test_an_unknown_form_stops_functions_only(tmp_path: Path) -> None:
    """A JSON body is 501 for a function, which would need a form, and does not matter to a value."""
    page(tmp_path, "text = 'value'\ndef f(): return 1")
    details = {
        "method": "POST",
        "body": b"{}",
        "headers": [(b"Content-Length", b"2"), (b"Content-Type", b"application/json")],
    }
    assert status(tmp_path, "page/f", **details) == 501
    assert text(tmp_path, "page/text", **details) == "value"
