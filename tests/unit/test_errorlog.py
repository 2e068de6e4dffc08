"""The error log: the shape of its lines, its targets, LogLevel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from olexd.errorlog import LEVELS, Level, error_log, escape, format_line, reopen_all
from olexd.model.logging import log_connection, log_process, log_request, log_server
from tests.unit.support import configure, make_request


def test_line() -> None:
    """A line has httpd's shape."""
    line = format_line("AH1: text", Level.WARNING, "core", "1.2.3.4:5")
    date = r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}\]"
    assert re.fullmatch(
        date + rf" \[core:warn\] \[pid {os.getpid()}:tid \d+\] \[client 1\.2\.3\.4:5\] AH1: text", line
    )
    assert " [:error] " in format_line("x", Level.ERR)


def test_messages_stay_on_their_line() -> None:
    """No message can begin another line or drive a terminal; very long ones are cut."""
    assert escape("a\nb\r\t\\\x1b[2J\x85\u2028é") == "a\\nb\\r\\t\\\\\\x1b[2J\\x85\\u2028é"
    assert escape("\udcff") == "\\udcff"
    assert len(escape("x" * 100_000)) == 8192


def test_levels() -> None:
    """Every level of LogLevel has its number."""
    assert LEVELS["emerg"] == 0 and LEVELS["error"] == 3 and LEVELS["debug"] == 7 and LEVELS["trace8"] == 15
    assert len(LEVELS) == 16


def test_targets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file is appended to and survives rotation; what cannot be opened goes to standard error."""
    path = tmp_path / "e.log"
    log = error_log(str(path))
    assert error_log(str(path)) is log
    log.log("one")
    path.rename(tmp_path / "e.log.1")
    reopen_all()
    log.log("two")
    log.write_raw("as it stands\n")
    assert "one" in (tmp_path / "e.log.1").read_text()
    assert path.read_text().endswith("two\nas it stands\n")
    error_log("/nonexistent/e.log").log("three")
    error_log("-").log("four")
    err = capfd.readouterr().err
    assert "could not open error log file /nonexistent/e.log" in err and "three" in err and "four" in err


def test_piped_target(tmp_path: Path) -> None:
    """A program gets the lines."""
    log = error_log(f"|cat > {tmp_path}/piped")
    log.log("to the program")
    log._sink.close()  # type: ignore[attr-defined]
    assert "to the program" in (tmp_path / "piped").read_text()


def test_log_level(tmp_path: Path) -> None:
    """LogLevel decides, per module and per section."""
    path = tmp_path / "e.log"
    config = configure(
        f"ErrorLog {path}\nLogLevel warn python:debug\n<Location /loud>\nLogLevel debug\n</Location>"
    )
    request = make_request(config, "/", headers=[("Referer", "http://x/\n")])
    log_request(request, "no info", Level.INFO)
    log_request(request, "python info", Level.INFO, "python")
    log_request(request, "warned", Level.WARNING)
    request.conf = request.host.merged(request.host.locations.match("/loud"))
    log_request(request, "loud info", Level.INFO)
    log_connection(request.connection, "connection error")
    log_server(request.host, "server info", Level.INFO)
    log_server(request.host, "server error")
    log_process(request.host, "process notice", Level.NOTICE)
    log_process(request.host, "process info", Level.INFO)
    text = path.read_text()
    assert "no info" not in text and "server info" not in text and "process info" not in text
    for part in ("python info", "loud info", "process notice", "] server error"):
        assert part in text
    assert "[client 127.0.0.1:40000] warned, referer: http://x/\\n\n" in text
    assert "[client 127.0.0.1:40000] connection error" in text


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr"])
def test_own_streams(name: str, tmp_path: Path) -> None:
    """What is logged to a stream and what the process prints there follow each other in a redirected file."""
    program = (
        "import os\n"
        "from olexd.errorlog import AppendedFile\n"
        f"log, number = AppendedFile({name!r}), {1 if name.endswith('out') else 2}\n"
        "for line in (b'one', b'two'):\n"
        "    os.write(number, line + b' printed\\n')\n"
        "    log.write(line + b' logged\\n')\n"
        "log.reopen()\n"
        "log.write(b'reopened\\n')\n"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, stderr=out, check=True, timeout=30)
    wanted = "one printed\none logged\ntwo printed\ntwo logged\nreopened\n"
    assert (tmp_path / "out").read_text() == wanted
