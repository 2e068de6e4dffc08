"""Access logs: formats, conditions, batching."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.loggers.fields import escape
from olexd.modules.loggers.formats import compile_format
from olexd.modules.loggers.logfile import BATCH, LogFile, flush_all, open_log, reopen_all
from tests.unit.support import answer, complaint, configure, get, make_request

COMBINED = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'


def logged(form: str, request: Request | None = None) -> str:
    """Return what a format makes of a request, without the line's end."""
    return compile_format(form)(request or sample()).removesuffix("\n")


def sample() -> Request:
    """Return an answered request with most things set."""
    headers = [("Host", "localhost"), ("Cookie", "a=1; b=2"), ("X-Odd", 'q"\\é')]
    request = make_request(configure("ErrorLog -\nServerName main.example"), "/a%20b?x=1", headers=headers)
    request.subprocess_env["VAR"] = "value"
    request.notes["note"] = "noted"
    answer(request)
    return request


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%%", "%"),
        ("100%% %m", "100% GET"),
        ("%a %{c}a %h %A", "127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1"),
        ("%l %u %L", "- - -"),
        ("%m %H %U %q", "GET HTTP/1.1 /a b ?x=1"),
        ('"%r"', '"GET /a%20b?x=1 HTTP/1.1"'),
        ("%s %>s %<s", "404 404 404"),
        ("%{a}C %{b}C %{c}C", "1 2 -"),
        ("%{VAR}e %{NONE}e", "value -"),
        ("%{note}n %{none}n", "noted -"),
        ("%{X-Odd}i", 'q\\"\\\\\\xc3\\xa9'),
        ("%{None}i", "-"),
        ("%{Content-Type}o", "text/html"),
        ("%v %V", "main.example localhost"),
        ("%f %R", "- -"),
        ("%k %X", "0 +"),
        ("%{remote}p %{local}p", "40000 80"),
        ("%404{Host}i %200{Host}i %!404{Host}i %!200,304{Host}i", "localhost - - localhost"),
        ("%{x}^ti %^FB", "- -"),
        ("%{other}P", "other"),
        (r"a\tb\\c\qd", "a\tb\\c\\qd"),
    ],
)
def test_items(form: str, text: str) -> None:
    """Each directive yields what httpd's does."""
    assert logged(form) == text


def test_sizes() -> None:
    """Sizes count the body, the whole response, the whole request."""
    request = sample()
    body, out, into, both = map(int, logged("%B %O %I %S", request).split())
    assert body == request.output.bytes_sent and out > body
    head = b'GET /a%20b?x=1 HTTP/1.1\r\nHost: localhost\r\nCookie: a=1; b=2\r\nX-Odd: q"\\\xc3\xa9\r\n\r\n'
    assert into == len(head) and both == into + out


def test_times() -> None:
    """Times are those of the request, durations whole units."""
    request = sample()
    request.request_time = 1577836800.25
    request.started = time.monotonic() - 2.5
    assert re.fullmatch(r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]", logged("%t", request))
    assert (
        logged("%{sec}t %{msec}t %{msec_frac}t %{usec_frac}t", request)
        == "1577836800 1577836800250 250 250000"
    )
    assert logged("%{%Y}t", request) in ("2019", "2020")
    assert logged("%{begin:sec}t", request) == "1577836800"
    assert int(logged("%{end:sec}t", request)) > 1577836800
    assert logged("%T %{s}T", request) == "2 2"
    assert 2500 <= int(logged("%{ms}T", request)) < 60000
    assert int(logged("%D", request)) >= 2_500_000


def test_user() -> None:
    """An unknown user is a dash, an empty one a pair of quotes, an odd one is escaped."""
    request = sample()
    for user, text in ((None, "-"), ("", '""'), ("joe", "joe"), ('j"\n', 'j\\"\\n')):
        request.user = user
        assert logged("%u", request) == text


def test_line_cannot_be_forged() -> None:
    """Nothing a client sends ends a line or a quoted field."""
    assert escape('a"b\\c\r\n\t\x00\x7fé') == 'a\\"b\\\\c\\r\\n\\t\\x00\\x7f\\xc3\\xa9'
    request = sample()
    request.the_request_bytes = b'GET /"\n\xff HTTP/1.1'
    assert logged('"%r"', request) == '"GET /\\"\\n\\xff HTTP/1.1"'


def test_redirected_request(tmp_path: Path) -> None:
    """Of a redirected request, path and first status are the client's, the rest the final one's."""
    (tmp_path / "error.html").write_text("sorry")
    config = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nErrorDocument 404 /error.html?a=b")
    request = make_request(config, "/missing")
    answer(request)
    assert logged("%U %>U %q %B %>s", request) == "/missing /error.html ?a=b 5 404"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('LogFormat "%Z"', "Unrecognized LogFormat directive %Z"),
        ('LogFormat "%^xx"', "Unrecognized LogFormat directive %^"),
        ('LogFormat "%{x"', "Ran off end of LogFormat parsing args to some directive"),
        ('LogFormat "%"', "Ran off end of LogFormat parsing args to some directive"),
        ('CustomLog log "%Z"', "Unrecognized LogFormat directive %Z"),
        ('CustomLog log "%h" foo', "error in condition clause"),
        ('CustomLog log "%h" env=', "missing environment variable name"),
        (
            'CustomLog log "%h" expr=%{NOPE}',
            "error in condition clause: Variable 'NOPE' does not exist",
        ),
        (
            "CustomLog /nonexist/x common",
            "AH02297: Cannot access directory '/nonexist/' for log file '/nonexist/x' defined at <text>:1",
        ),
    ],
)
def test_refused(line: str, message: str) -> None:
    """Bad formats, clauses and places are found by the configuration check."""
    assert complaint(line) == message


def test_logs_of_a_host(tmp_path: Path) -> None:
    """Each log gets its line in its format; env= chooses; a name may be defined after its use."""
    config = configure(
        'ErrorLog -\nCustomLog named.log short\nLogFormat "%m %U" short\nCustomLog text.log "%>s"\n'
        'CustomLog set.log "%U" env=marked\nCustomLog unset.log "%U" env=!marked\nTransferLog plain.log\n'
        "<Location /marked>\nSetEnv marked 1\n</Location>\n<Location />\nRequire all granted\n</Location>",
        tmp_path,
    )
    get(config, "/marked")
    get(config, "/other")
    flush_all()
    texts = {path.stem: path.read_text() for path in tmp_path.glob("*.log")}
    assert texts["named"] == "GET /marked\nGET /other\n"
    assert texts["text"] == "404\n404\n"
    assert (texts["set"], texts["unset"]) == ("", "/marked\n/other\n")
    assert texts["plain"].startswith("127.0.0.1 - - [")


def test_lines_are_written_together(tmp_path: Path) -> None:
    """Lines wait for company, but not forever and not when told to flush."""
    path = tmp_path / "a.log"
    log = LogFile(str(path))
    log.append("1\n")
    assert path.read_text() == ""
    log.flush()
    assert path.read_text() == "1\n"
    for _ in range(BATCH):
        log.append("x\n")
    assert path.read_text().count("x") == BATCH
    log.append("2\n")
    log._oldest -= 1
    log.append("3\n")
    assert path.read_text().endswith("2\n3\n")


def test_rotation(tmp_path: Path) -> None:
    """After a reopen lines go into the new file, what waited into the old one."""
    path = tmp_path / "a.log"
    log = open_log(str(path))
    assert open_log(str(path)) is log
    log.append("old\n")
    path.rename(tmp_path / "a.log.1")
    reopen_all(pytest.fail)
    log.append("new\n")
    log.flush()
    assert (tmp_path / "a.log.1").read_text() == "old\n"
    assert path.read_text() == "new\n"


def test_piped_log(tmp_path: Path) -> None:
    """A program gets the lines on its standard input and is started anew when it died."""
    log = LogFile(f"|exec cat >> {tmp_path}/piped.log")
    log.append("one\n")
    log.flush()
    sink = log._sink
    process = sink._process  # type: ignore[attr-defined]
    process.kill()
    process.wait(timeout=5)
    log.append("two\n")
    log.flush()
    log.append("three\n")
    log.flush()
    sink.close()  # type: ignore[attr-defined]
    text = (tmp_path / "piped.log").read_text()
    assert text.endswith("three\n") and "two\n" in text


def test_expression_chooses(tmp_path: Path) -> None:
    """`expr=` looks at the final response."""
    (tmp_path / "page.html").write_text("page")
    config = configure(
        f"ErrorLog -\nDocumentRoot {tmp_path}\nErrorDocument 404 /page.html\n"
        f'CustomLog {tmp_path}/bad.log "%U %>s" "expr=%{{REQUEST_STATUS}} -ge 400"\n'
        f'CustomLog {tmp_path}/all.log "%U %>s"'
    )
    for target in ("/page.html", "/missing"):
        get(config, target)
    flush_all()
    assert (tmp_path / "bad.log").read_text() == "/missing 404\n"
    assert (tmp_path / "all.log").read_text() == "/page.html 200\n/missing 404\n"


def test_log_id_and_first_byte(tmp_path: Path) -> None:
    """%L names what the error log named; %^FB is there where it is tracked."""
    request = make_request(configure(f"ErrorLog {tmp_path}/error.log\nLogIOTrackTTFB On"), "/missing")
    answer(request)
    log_request(request, "something")
    assert request.log_id
    assert logged("%L", request) == request.log_id
    assert logged("%^FB", request).isdigit()
