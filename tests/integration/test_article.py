"""The example site as visitors meet it: on olexd, and all but the coroutine guard unchanged on Apache."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.integration.servers import (
    REPOSITORY,
    Apache,
    Olexd,
    RunningServer,
    base_config,
    free_port,
    missing,
)

BASE = "/mod_python_article"
GUARDED = "/svn/repos"
API = "/api/1/account/verify_credentials.json"
GOOD = ("olex", "mod_python")
TIMEOUT = 20.0


@contextmanager
def site_directory() -> Iterator[Path]:
    """A copy of the handlers that Apache, too, may read once it has dropped its privileges."""
    with tempfile.TemporaryDirectory(prefix="olexd-article-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        shutil.copytree(REPOSITORY / "handlers", directory / "handlers")
        yield directory


def site_config(directory: Path, port: int, changes: dict[str, str] | None = None) -> str:
    """Return olexd.conf on a port of its own, with logs and sessions in `directory`, and `changes` made."""
    text = (REPOSITORY / "olexd.conf").read_text()
    edits = {
        "/dev/stderr": f"{directory}/error.log",
        "/dev/stdout": f"{directory}/access.log",
        **(changes or {}),
        "127.0.0.1:8080": f"127.0.0.1:{port}",
    }
    for old, new in edits.items():
        assert old in text, f"olexd.conf no longer says {old}"
        text = text.replace(old, new)
    sessions = f"PythonOption mod_python.session.database_directory {directory}/sessions\n"
    return f'ServerRoot "{directory}"\n{sessions}{text}'


def olexd(directory: Path, changes: dict[str, str] | None = None) -> RunningServer:
    """Return olexd with the example site, to be used in a `with`."""
    (directory / "sessions").mkdir(mode=0o700, exist_ok=True)
    port = free_port()
    return Olexd(site_config(directory, port, changes), directory, port)


def apache(directory: Path) -> RunningServer:
    """Return Apache with the example site, to be used in a `with`; its own head has loaded and listens."""
    port = free_port()
    there = {"LoadModule python_module modules/mod_python.so\n": "", f"Listen 127.0.0.1:{port}\n": ""}
    site = site_config(directory, port)
    for line, nothing in there.items():
        site = site.replace(line, nothing)
    return Apache(base_config(directory, port, ["python"]) + site, directory, port)


class Visitor:
    """A browser of the simplest kind: it keeps cookies and follows nothing by itself."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self.headers = http.client.HTTPMessage()

    def send(
        self, method: str, path: str, body: str | None = None, user: tuple[str, str] | None = None
    ) -> tuple[int, str]:
        """Send a request; return the status and the body. `body` is a form, `user` name and password."""
        headers = {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if user is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
        assert isinstance(self.server.address, int)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.address, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        self.headers = response.headers
        self.take_cookies()
        return response.status, text

    def get(self, path: str, user: tuple[str, str] | None = None) -> tuple[int, str]:
        """GET a path."""
        return self.send("GET", path, user=user)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        """POST a form."""
        return self.send("POST", path, urlencode(form))

    def take_cookies(self) -> None:
        """Keep what the last response set; drop what it let expire."""
        for line in self.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "expires=Thu, 01-Jan-1970" in line:
                del self.cookies[name]


def fact(page: str, label: str) -> str:
    """Return what the session page says under a label, as text."""
    found = re.search(rf"<dt>{label}</dt><dd>(.*?)</dd>", page)
    assert found is not None, page
    return re.sub(r"<[^>]*>", "", found.group(1))


@pytest.fixture(scope="module", params=["olexd", "apache"])
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """The site on one server and on the other."""
    if request.param == "apache" and (reason := missing()):
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(reason)
    build = {"olexd": olexd, "apache": apache}[request.param]
    with site_directory() as directory, build(directory) as server:
        yield server


@pytest.fixture
def visitor(server: RunningServer) -> Visitor:
    """Somebody who was never here before."""
    return Visitor(server)


def test_the_front_page_leads_to_every_example(visitor: Visitor) -> None:
    """Each link of the front page is answered, the guarded one with the request for a password."""
    status, page = visitor.get("/")
    assert (status, visitor.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    links = re.findall(r'href="(/[^"]*)"', page)
    assert {BASE, f"{BASE}/hello", f"{BASE}/greeting", GUARDED, API, "/olex.css"} <= set(links)
    answers = {link: visitor.get(link)[0] for link in links}
    assert answers == {link: 401 if link in (GUARDED, API) else 200 for link in links}


def test_hello_is_plain_text(visitor: Visitor) -> None:
    """The smallest handler writes its line as text and leaves no cookie."""
    assert visitor.get(f"{BASE}/hello") == (200, "Hello from mod_python!")
    assert visitor.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert not visitor.cookies


def test_the_greeting_knows_who_was_here_before(visitor: Visitor) -> None:
    """For the first time on the first visit, again on every later one."""
    first, second, third = (visitor.get(f"{BASE}/greeting")[1] for _ in range(3))
    assert first == "Hello, for the first time, from mod_python!"
    assert second == third == "Hello, again, from mod_python!"


def test_the_first_visit_asks_for_a_name(visitor: Visitor) -> None:
    """A visitor without a named session gets the form, and is known from then on."""
    status, page = visitor.get(BASE)
    assert (status, visitor.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert "Hello, for the first time, from mod_python!" in page
    assert 'name="session_name"' in page and 'role="alert"' not in page
    assert "Hello, again, from mod_python!" in visitor.get(BASE)[1]


def test_a_named_session_has_its_page(visitor: Visitor) -> None:
    """The name is taken, the visitor sent on, and the page tells all that the server remembers."""
    visitor.get(BASE)
    status, _ = visitor.post(BASE, session_name="tea")
    assert (status, visitor.headers["Location"]) == (302, f"{BASE}/session")
    status, page = visitor.get(f"{BASE}/session")
    assert status == 200
    assert fact(page, "Name") == "tea"
    assert fact(page, "Id") == visitor.cookies["pysid"]
    assert fact(page, "Timeout") == "1800 seconds"
    assert fact(page, "Visits to this page") == "1"
    moment = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
    assert moment.fullmatch(fact(page, "Created")) and moment.fullmatch(fact(page, "Last accessed"))
    assert fact(visitor.get(f"{BASE}/session")[1], "Visits to this page") == "2"


def test_a_name_comes_with_a_new_id(visitor: Visitor) -> None:
    """An id that somebody knew, or planted, before the session got its name opens nothing afterwards."""
    if visitor.server.name == "apache":
        pytest.skip("mod_python cannot change a session's id")
    visitor.get(BASE)
    old = dict(visitor.cookies)
    visitor.post(BASE, session_name="tea")
    assert visitor.cookies["pysid"] != old["pysid"]
    assert fact(visitor.get(f"{BASE}/session")[1], "Name") == "tea"
    visitor.cookies = old
    assert visitor.get(f"{BASE}/session")[0] == 302


def test_a_named_session_is_not_asked_again(visitor: Visitor) -> None:
    """The form's address leads those who have a name to their page, and others back to the form."""
    assert visitor.get(f"{BASE}/session")[0] == 302
    assert visitor.headers["Location"] == BASE
    visitor.post(BASE, session_name="tea")
    assert visitor.get(BASE)[0] == 302
    assert visitor.headers["Location"] == f"{BASE}/session"


def test_a_name_is_escaped(visitor: Visitor) -> None:
    """What a visitor typed is text in the page, never markup."""
    name = """<script>alert("1")</script> & 'Zoë'"""
    visitor.post(BASE, session_name=name)
    page = visitor.get(f"{BASE}/session")[1]
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#x27;Zoë&#x27;" in page


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 65, '"><b>' * 20, "bell\x07", "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
def test_a_bad_name_is_refused(visitor: Visitor, name: str) -> None:
    """An empty, long or unprintable name comes back with the reason, and names nothing."""
    status, page = visitor.post(BASE, session_name=name)
    assert status == 200
    assert 'role="alert"' in page and 'aria-invalid="true"' in page
    assert "><b>" not in page and "\x07" not in page
    assert visitor.get(f"{BASE}/session")[0] == 302


def test_a_name_that_is_no_utf8_is_no_server_error(visitor: Visitor) -> None:
    """Bytes that are not UTF-8 are a bad or a mended name, not a failure."""
    status, _ = visitor.send("POST", BASE, "session_name=%ff%fe")
    assert status in (200, 302) or (status == 500 and visitor.server.name == "apache")


def test_logging_out_forgets_the_visitor(visitor: Visitor) -> None:
    """After logging out the cookie is gone and the old session id opens nothing."""
    visitor.post(BASE, session_name="tea")
    old = dict(visitor.cookies)
    assert visitor.post(f"{BASE}/logout")[0] == 302
    assert visitor.headers["Location"] == BASE
    assert not visitor.cookies
    visitor.cookies = dict(old)
    assert visitor.get(f"{BASE}/session")[0] == 302
    assert visitor.cookies["pysid"] != old["pysid"]


def test_a_link_cannot_log_out(visitor: Visitor) -> None:
    """Only a POST ends a session."""
    visitor.post(BASE, session_name="tea")
    assert visitor.get(f"{BASE}/logout")[0] == 405
    assert "POST" in visitor.headers["Allow"]
    assert visitor.get(f"{BASE}/session")[0] == 200


def test_other_addresses_lead_to_the_not_found_page(visitor: Visitor) -> None:
    """Inside the application and outside of it, a wrong address gets the site's own 404 page."""
    for path in (f"{BASE}/nothing", "/nothing"):
        status, page = visitor.get(path)
        assert status == 404
        assert "There is no page here." in page


def test_the_stand_in_api_knows_one_user(visitor: Visitor) -> None:
    """The right credentials get the user, wrong or broken ones a 401."""
    status, text = visitor.get(API, user=GOOD)
    assert (status, json.loads(text)) == (200, {"screen_name": "olex"})
    for user in (("olex", "wrong"), ("joe", "mod_python"), ("", "")):
        assert visitor.get(API, user=user)[0] == 401


@pytest.fixture(scope="module")
def guard() -> Iterator[RunningServer]:
    """olexd with one thread for handlers: a guard that kept it waiting would wait for ever."""
    with (
        site_directory() as directory,
        olexd(directory, {"ThreadsPerChild 16": "ThreadsPerChild 1"}) as server,
    ):
        yield server


def test_the_guard_lets_in_whom_the_api_knows(guard: RunningServer) -> None:
    """The API says yes, served by the very process that asks it, and the page names the guest."""
    status, page = Visitor(guard).get(GUARDED, user=GOOD)
    assert status == 200
    assert "<strong>olex</strong>" in page


def test_the_guard_asks_for_a_password(guard: RunningServer) -> None:
    """Without credentials, and with wrong ones, the answer is 401 with the realm."""
    for user in (None, ("olex", "wrong"), ("nobody", "mod_python"), ("Zoë", "ü")):
        visitor = Visitor(guard)
        status, page = visitor.get(GUARDED, user=user)
        assert status == 401
        assert visitor.headers["WWW-Authenticate"] == 'Basic realm="Subversion Repository"'
        assert "Welcome" not in page


def refusals(url: str) -> tuple[int, str]:
    """Return what the guard answers to good credentials when its API is at `url`, and the error log."""
    changes = {"http://127.0.0.1:8080/api": f"{url}\n    PythonOption twitter_authn.timeout 0.3"}
    with site_directory() as directory, olexd(directory, changes) as server:
        status, page = Visitor(server).get(GUARDED, user=GOOD)
        assert "Welcome" not in page
        return status, server.printed()


def test_the_guard_stays_closed_when_the_api_is_down() -> None:
    """Nobody answers at the API's address: 500, a reason in the log, and no password there."""
    status, log = refusals(f"http://127.0.0.1:{free_port()}")
    assert status == 500
    assert "Could not ask the API" in log
    assert GOOD[1] not in log.replace("mod_python.", "")


def test_the_guard_stays_closed_when_the_api_hangs() -> None:
    """An API that takes the question and never answers is given up after the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        status, log = refusals(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert status == 500
    assert "Could not ask the API" in log


def test_the_guard_stays_closed_when_the_api_is_another_page() -> None:
    """An address that answers 404 is no API: 500, not a wrong password."""
    status, log = refusals("http://127.0.0.1:8080/elsewhere")
    assert status == 500
    assert "answered with status 404" in log
