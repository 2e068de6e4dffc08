"""What becomes of failing handlers: nobody gets in, the log knows why, and mending the file is enough."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port, load_modules
from tests.integration.wire import Response, Wire, until

GOOD = """
from mod_python import apache


def handler(req):
    req.write("the secret content", 0)
    return apache.OK
"""

GUARDS = """
from mod_python import apache


def accesshandler(req):
    return fail(req, "access")


def authenhandler(req):
    req.user = "joe"
    return fail(req, "authen")


def authzhandler(req):
    return fail(req, "authz")


def fail(req, phase):
    call = globals().get(req.uri.rpartition("/")[2])
    return call() if call and req.uri.startswith("/" + phase) else apache.OK


def raises():
    raise RuntimeError("the secret reason")


def exits():
    raise SystemExit(0)


def interrupts():
    raise KeyboardInterrupt


def returns_none():
    return None


def returns_true_string():
    return "yes"


def returns_http_ok():
    return apache.HTTP_OK


def returns_nonsense():
    return 999


def server_return_nothing():
    raise apache.SERVER_RETURN
"""

FAILING = """
from mod_python import apache


def handler(req):
    req.headers_out["X-Kept"] = "1"
    req.write("before ", 0)
    raise ValueError("<b>the reason</b>")
"""


class Site:
    """A running server with some places, and its log."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.directory = server.directory / "site"
        self.log = server.directory / "error.log"

    def get(self, path: str, *fields: str) -> Response:
        """Get a page on a connection of its own."""
        with Wire(self.server) as wire:
            wire.get(path, *fields)
            return wire.read()

    def write(self, name: str, text: str) -> None:
        """Write a handler module; its time is one that no earlier version had."""
        path = self.directory / name
        newest = path.stat().st_mtime if path.exists() else 0.0
        path.write_text(text)
        if newest:
            os.utime(path, (newest + 5, newest + 5))

    def logged(self) -> str:
        """What the error log holds."""
        return self.log.read_text()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a good handler behind failing guards, a module yet to come, and a debugged one."""
    directory = tmp_path_factory.mktemp("errors")
    (directory / "site").mkdir()
    for name, text in (("good.py", GOOD), ("guards.py", GUARDS), ("failing.py", FAILING)):
        (directory / "site" / name).write_text(text)
    port = free_port()
    guarded = "AuthType Basic\nAuthName site\nRequire valid-user\nPythonHandler good"
    places = {
        "access": "PythonAccessHandler guards\nPythonHandler good",
        "authen": f"PythonAuthenHandler guards\nPythonAuthzHandler guards\n{guarded}",
        "authz": f"PythonAuthenHandler guards\nPythonAuthzHandler guards\n{guarded}",
        "broken": "PythonHandler late",
        "debug": "PythonHandler failing\nPythonDebug On",
        "quiet": "PythonHandler failing",
    }
    # Python's own handlers are asked before mod_auth_basic.
    text = load_modules(["python"]) + base_config(directory, port, threads=4)
    text += f'DocumentRoot "{directory}/site"\nPythonPath "[\'{directory}/site\'] + sys.path"\n'
    text += f'<Directory "{directory}/site">\nSetHandler mod_python\nRequire all granted\n</Directory>\n'
    for name, directives in places.items():
        (directory / "site" / name).mkdir()
        text += f'<Directory "{directory}/site/{name}">\n{directives}\n</Directory>\n'
    with Olexd(text, directory, port) as server:
        yield Site(server)


WAYS = (
    "raises",
    "exits",
    "interrupts",
    "returns_none",
    "returns_true_string",
    "returns_nonsense",
    "server_return_nothing",
)


@pytest.mark.parametrize("phase", ["access", "authen", "authz"])
@pytest.mark.parametrize("way", WAYS)
def test_a_failing_guard_lets_nobody_in(site: Site, phase: str, way: str) -> None:
    """Whatever goes wrong in an access, authentication or authorisation handler is 500, never a pass."""
    answer = site.get(f"/{phase}/{way}")
    assert answer.status == 500
    assert b"secret" not in answer.body


@pytest.mark.parametrize("phase", ["access", "authen", "authz"])
def test_http_ok_is_no_pass(site: Site, phase: str) -> None:
    """HTTP_OK is not OK: the content stays closed."""
    assert b"secret" not in site.get(f"/{phase}/returns_http_ok").body


@pytest.mark.parametrize("phase", ["access", "authen", "authz"])
def test_guards_that_do_not_fail(site: Site, phase: str) -> None:
    """The same guards let people in where they do not fail."""
    assert site.get(f"/{phase}/free").body == b"the secret content"


def test_module_that_cannot_be_imported(site: Site) -> None:
    """A missing, then broken module is 500 with one traceback per attempt; mended it works at once."""
    for name, text in (
        ("ModuleNotFoundError", None),
        ("SyntaxError", "def handler(req)\n"),
        ("ZeroDivisionError", "1 / 0\n"),
    ):
        if text is not None:
            site.write("late.py", text)
        for _ in range(2):
            before = site.logged().count("Traceback (most recent call last)")
            answer = site.get("/broken/")
            assert answer.status == 500
            assert name.encode() not in answer.body
            until(lambda before=before: site.logged().count("Traceback (most recent call last)") > before)  # type: ignore[misc]
            assert site.logged().count("Traceback (most recent call last)") == before + 1
        assert name in site.logged()
    site.write("late.py", GOOD)
    answer = site.get("/broken/")
    assert (answer.status, answer.body) == (200, b"the secret content")


def test_debug_page(site: Site) -> None:
    """PythonDebug On shows the traceback, escaped, after what was written, with the handler's headers."""
    answer = site.get("/debug/")
    assert answer.status == 500
    assert answer.fields["content-type"].startswith("text/html")
    assert answer.fields["x-kept"] == "1"
    page = answer.body.decode()
    assert page.startswith('before \n<pre>\nMod_python error: "PythonHandler failing"\n\nTraceback')
    assert page.endswith("</pre>\n")
    assert "<b>" not in page
    assert "ValueError: <b>the reason</b>" in html.unescape(page)


def test_without_debug(site: Site) -> None:
    """Without it the client learns nothing, and what was written is dropped."""
    answer = site.get("/quiet/")
    assert answer.status == 500
    for text in (b"the reason</b>", b"before", b"Traceback", b"ValueError"):
        assert text not in answer.body
    assert "x-kept" not in answer.fields
    assert "PythonHandler failing: ValueError: <b>the reason</b>" in site.logged()


def test_the_server_goes_on(site: Site) -> None:
    """After all that, pages are served."""
    for _ in range(20):
        site.get("/access/exits")
        assert site.get("/access/free").body == b"the secret content"
