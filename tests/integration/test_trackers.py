"""Trac and Roundup, unmodified, by their own mod_python handlers and the configuration they document."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.integration.servers import ENVIRONMENT, Olexd, RunningServer, base_config, free_port
from tests.integration.wire import DEADLINE

UPLOAD = bytes(range(256)) * 400
TITLE = "Grüße, café ✓"

CONFIG = """
<Location /projects>
    SetHandler mod_python
    PythonInterpreter main_interpreter
    PythonHandler trac.web.modpython_frontend
    PythonOption TracEnvParentDir @DIR@/projects
    PythonOption TracUriRoot /projects
    Require all granted
</Location>
<LocationMatch "/projects/[^/]+/login">
    AuthType Basic
    AuthName "Trac"
    AuthBasicAuthoritative Off
    PythonAuthenHandler passwords
    PythonPath "sys.path + ['@DIR@']"
    Require valid-user
</LocationMatch>

PythonOptimize On
AliasMatch /roundup/(.+)/@@file/(.*) @DIR@/roundup/$1/html/$2
AliasMatch /roundup/([^/]+)/(?!@@file/)(.*) @DIR@/roundup/$1/dummy.py/$2
RedirectMatch permanent ^/roundup/([^/]+)$ /roundup/$1/
<Directory @DIR@/roundup/*>
    Order allow,deny
    Allow from all
    AllowOverride None
    Options None
    AddHandler python-program .py
    PythonHandler roundup.cgi.apache
</Directory>
<Directory @DIR@/roundup/support>
    PythonOption TrackerHome @DIR@/roundup/support
</Directory>
"""
PASSWORDS = """
from mod_python import apache


def authenhandler(req):
    good = req.get_basic_auth_pw() == "secret" and req.user == "alice"
    return apache.OK if good else apache.HTTP_UNAUTHORIZED
"""


def run(program: str, *arguments: object) -> None:
    """Run one of the trackers' administration programs, to its end."""
    command = [str(Path(sys.executable).with_name(program)), *map(str, arguments)]
    subprocess.run(
        command, check=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )


def make_trac(directory: Path) -> None:
    """Make a Trac environment at `directory`, with an administrator `alice`."""
    directory.parent.mkdir()
    run("trac-admin", directory, "initenv", "Café", "sqlite:db/trac.db")
    run("trac-admin", directory, "permission", "add", "alice", "TRAC_ADMIN")


def make_roundup(directory: Path, url: str) -> None:
    """Make a Roundup tracker at `directory`, whose administrator has the password `admin`."""
    directory.parent.mkdir()
    run("roundup-admin", "-i", directory, "install", "classic", "sqlite")
    settings = directory / "config.ini"
    text = re.sub(r"(?m)^#web = .*", f"web = {url}", settings.read_text())
    text = re.sub(r"(?m)^#domain = .*", "domain = tracker.test", text)
    settings.write_text(re.sub(r"(?m)^#?host = NO DEFAULT", "host = localhost", text))
    run("roundup-admin", "-i", directory, "initialise", "admin")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a Trac environment and a Roundup tracker."""
    directory = tmp_path_factory.mktemp("trackers")
    port = free_port()
    make_trac(directory / "projects" / "cafe")
    make_roundup(directory / "roundup" / "support", f"http://127.0.0.1:{port}/roundup/support/")
    (directory / "passwords.py").write_text(PASSWORDS)
    (directory / "docs").mkdir()
    text = base_config(directory, port, ["access_compat", "python"])
    text += f'DocumentRoot "{directory / "docs"}"\n' + CONFIG.replace("@DIR@", str(directory))
    with Olexd(text, directory, port) as server:
        yield server


class Browser:
    """A client that keeps cookies."""

    def __init__(self, server: RunningServer) -> None:
        assert isinstance(server.address, int)
        self.port = server.address
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.location = ""
        self.content = b""

    def get(self, path: str, **fields: str) -> str:
        """Return the text that a GET is answered with."""
        return self._ask("GET", path, None, fields)

    def post(self, path: str, **form: str) -> str:
        """Return the text that a form is answered with."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(form).encode(), kind)

    def upload(self, path: str, name: str, filename: str, form: dict[str, str]) -> str:
        """Return the text that a form with a file is answered with."""
        parts = [
            f'--B\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in form.items()
        ]
        head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts += [f"{head}Content-Type: application/octet-stream\r\n\r\n".encode(), UPLOAD, b"\r\n--B--\r\n"]
        return self._ask("POST", path, b"".join(parts), {"Content-Type": "multipart/form-data; boundary=B"})

    def follow(self) -> str:
        """Return what the last answer leads to."""
        target = urlsplit(self.location)
        return self.get(f"{target.path}?{target.query}")

    def _ask(self, method: str, path: str, body: bytes | None, fields: dict[str, str]) -> str:
        base = f"http://127.0.0.1:{self.port}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Origin": base, "Referer": base + path, "Cookie": cookies}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, body, own | fields)
            answer = connection.getresponse()
            self.content = answer.read()
        finally:
            connection.close()
        self.status, self.location = answer.status, answer.getheader("Location", "")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return self.content.decode("utf-8", "replace")


@pytest.fixture
def browser(server: RunningServer) -> Browser:
    """A client without cookies."""
    return Browser(server)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    inputs = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = [(re.search(r'name="([^"]*)"', text), re.search(r'value="([^"]*)"', text)) for text in inputs]
    return {unescape(name[1]): unescape(value[1]) for name, value in pairs if name and value}


class TestTrac:
    BASE = "/projects/cafe"

    def log_in(self, browser: Browser) -> str:
        """Log in and return the form token."""
        account = b64encode(b"alice:secret").decode()
        browser.get(f"{self.BASE}/login", Authorization=f"Basic {account}")
        assert browser.status == 302
        assert "logged in as" in browser.follow()
        return browser.cookies["trac_form_token"]

    def test_pages(self, browser: Browser) -> None:
        """The index of projects, a front page, chrome, and what is not there."""
        assert "Café" in browser.get("/projects")
        assert "Welcome to Trac" in browser.get(f"{self.BASE}/wiki") and browser.status == 200
        assert "body" in browser.get(f"{self.BASE}/chrome/common/css/trac.css") and browser.status == 200
        assert "No handler matched request" in browser.get(f"{self.BASE}/nope") and browser.status == 404

    def test_log_in(self, browser: Browser) -> None:
        """A PythonAuthenHandler stands before Trac's own log-in."""
        browser.get(f"{self.BASE}/login")
        assert browser.status == 401
        browser.get(f"{self.BASE}/login", Authorization="Basic " + b64encode(b"alice:guess").decode())
        assert browser.status == 401
        self.log_in(browser)

    def test_ticket(self, browser: Browser) -> None:
        """A ticket is made with a token and refused without; its attachment comes back as it was."""
        token = self.log_in(browser)
        form = {"field_summary": TITLE, "submit": "Create ticket"}
        browser.post(f"{self.BASE}/newticket", **form)
        assert browser.status == 400
        browser.post(f"{self.BASE}/newticket", __FORM_TOKEN=token, **form)
        assert browser.status == 303
        assert TITLE in browser.follow()
        ticket = browser.get(f"{self.BASE}/search?q=caf%C3%A9&ticket=on")
        assert TITLE in ticket
        form = {"__FORM_TOKEN": token, "action": "new", "realm": "ticket", "id": "1"}
        browser.upload(f"{self.BASE}/attachment/ticket/1/?action=new", "attachment", "a.bin", form)
        assert browser.status == 303
        browser.get(f"{self.BASE}/raw-attachment/ticket/1/a.bin")
        assert browser.content == UPLOAD


class TestRoundup:
    BASE = "/roundup/support"

    def log_in(self, browser: Browser, password: str = "admin") -> str:
        """Log in and return the page after that."""
        form = hidden(browser.get(f"{self.BASE}/"))
        form |= {"@action": "login", "__login_name": "admin", "__login_password": password}
        return browser.post(f"{self.BASE}/", **form)

    def test_pages(self, browser: Browser) -> None:
        """The slash is added, the tracker's pages are its own, its static files the server's."""
        browser.get(self.BASE)
        assert (browser.status, urlsplit(browser.location).path) == (301, f"{self.BASE}/")
        assert "List of issues" in browser.get(f"{self.BASE}/") and browser.status == 200
        assert "body" in browser.get(f"{self.BASE}/@@file/style.css") and browser.status == 200
        browser.get(f"{self.BASE}/issue99")
        assert browser.status == 404

    def test_log_in(self, browser: Browser) -> None:
        """The tracker knows its users by a form and a cookie."""
        self.log_in(browser, "guess")
        assert "Invalid login" in browser.follow()
        self.log_in(browser)
        assert browser.status == 302
        assert "Logout" in browser.follow()

    def test_issue(self, browser: Browser) -> None:
        """An issue with a file is made by a form with a nonce, and the file comes back as it was."""
        self.log_in(browser)
        form = hidden(browser.get(f"{self.BASE}/issue?@template=item"))
        form |= {"title": TITLE, "priority": "1", "@note": "ä" * 5000}
        browser.upload(f"{self.BASE}/issue", "@file", "a.bin", form)
        assert browser.status == 302, browser.content
        assert TITLE in browser.follow()
        assert TITLE in browser.get(f"{self.BASE}/issue?@columns=id,title")
        browser.get(f"{self.BASE}/file1/a.bin")
        assert browser.content == UPLOAD


def test_nothing_went_wrong(server: RunningServer) -> None:
    """Whatever the tests above asked for, no handler failed."""
    assert "Traceback" not in server.error_log()
