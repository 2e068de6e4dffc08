"""ErrorLogFormat: items, fields that are left out, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from olexd.errorlog import Level
from olexd.model.errorformat import Entry, compile_error_format
from olexd.model.logging import log_connection, log_request, log_server
from tests.unit.python_support import make_record
from tests.unit.support import complaint


def line(text: str, message: str = "message") -> str:
    """Return an entry of a request in a format."""
    record = make_record(headers=[(b"X-A", b"value\n")])
    record.log_id = "ID"
    record.subprocess_env["VAR"] = "env"
    record.notes["NOTE"] = "note"
    entry = Entry(message, Level.WARNING, "core", record.host, record.connection, record)
    return compile_error_format(text)(entry)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%+{X-A}i %M", "value\\n message"),
        ("a %M %+{NONE}i", ""),
        ("[%l] %m %M", "[warn] core message"),
        ("%a %{c}a %A", "192.0.2.7:4711 192.0.2.7:4711 192.0.2.1:80"),
        ("%v %V %L", "app.test app.test ID"),
        ("%{X-A}i %{VAR}e %{NOTE}n", "value\\n env note"),
        ("a [%{NONE}i] b", "a b"),
        ("a [%-{NONE}i] b", "a [-] b"),
        ("a\\ [%{NONE}i] b", "b"),
        ("a% [%{NONE}i]% b", "ab"),
        ("100%% %M", "100% message"),
        ("%E %F %k %{c}L x", "0 x"),
        ("%M,\\ referer\\ %{Referer}i", ""),
    ],
)
def test_items(text: str, expected: str) -> None:
    """Each item shows what it stands for; a field without it goes with its blank."""
    assert line(text) == expected


def test_times_and_process() -> None:
    """Times have httpd's shapes."""
    shown = line("%t|%{u}t|%{cu}t|%P|%T|%{g}T".replace("|", "% |% "))
    parts = shown.split("|")
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}", parts[0])
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}", parts[1])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", parts[2])
    assert all(part.isdigit() for part in parts[3:])


def test_nothing_forges_a_line() -> None:
    """Line breaks in a message stay inside its line."""
    assert line("%M", "one\ntwo") == "one\\ntwo"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ErrorLogFormat "%Z"', "Unrecognized error log format directive %Z"),
        ('ErrorLogFormat "%{x}M"', "Unrecognized error log format directive %M"),
        ('ErrorLogFormat "%t %%M"', "main ErrorLogFormat must contain message format string '%M'"),
        ('ErrorLogFormat "abc%"', "Ran off end of error log format"),
        ('ErrorLogFormat page "%M"', "ErrorLogFormat type must be one of request, connection"),
        (
            'ErrorLogFormat request "%L %-M"',
            "%M cannot be used in once-per-request or once-per-connection formats",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    """What is unknown stops the start."""
    assert complaint(text) == message


def test_in_use(tmp_path: Path) -> None:
    """The log is written in the format of its host; a request's first entry gives it an id."""
    path = tmp_path / "error.log"
    record = make_record(f'ErrorLog {path}\nErrorLogFormat "[%l] [%L] %M [%{{Referer}}i]"')
    record.headers_in["Referer"] = "there"
    log_request(record, "first", Level.ERR, "core")
    log_request(record, "second", Level.ERR, "core")
    log_server(record.host, "third")
    first, second, third = path.read_text().splitlines()
    assert first == f"[error] [{record.log_id}] first [there]"
    assert second == f"[error] [{record.log_id}] second [there]"
    assert third == "[error] third"


def test_introductions(tmp_path: Path) -> None:
    """A connection and a request are introduced once, before their first entries; a line may be left out."""
    path = tmp_path / "error.log"
    record = make_record(
        f'ErrorLog {path}\nErrorLogFormat "%M %{{c}}L"\n'
        'ErrorLogFormat connection "conn %{C}L of %a"\nErrorLogFormat Request "req %L %+{Referer}i"\n'
        'ErrorLogFormat request "req %L %m%%M"'
    )
    log_connection(record.connection, "zeroth")
    log_request(record, "first", Level.ERR, "core")
    log_request(record, "second", Level.ERR, "core")
    conn = record.connection.log_id
    assert path.read_text().splitlines() == [
        f"conn {conn} of 192.0.2.7:4711",
        f"zeroth {conn}",
        f"req {record.log_id} core%M",
        f"first {conn}",
        f"second {conn}",
    ]
