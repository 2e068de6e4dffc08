"""The streams of a process whose log is Twisted's."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from twisted.logger import LogEvent, Logger, LoggingFile, LogPublisher

from olexd.process.streams import complete_streams


def completed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Complete both streams; return the lines that are logged from then on.

    Called by the tests themselves: between a fixture and its test pytest has streams of its own there.
    """
    logged: list[str] = []

    def observer(event: LogEvent) -> None:
        logged.append(event["log_io"])

    for name in ("stdout", "stderr"):
        log = LoggingFile(Logger(name, observer=LogPublisher(observer)))
        monkeypatch.setattr(sys, name, log)
    complete_streams()
    return logged


@pytest.mark.parametrize("name", ["stdout", "stderr"])
class TestStream:
    def test_text(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """Lines are logged as they are completed; what nobody can encode is escaped."""
        lines = completed(monkeypatch)
        stream = getattr(sys, name)
        assert stream.write("Grüße\nand ") == 10
        print("more", file=stream)
        print("\udcff", file=stream)
        assert lines == ["Grüße", "and more", "\\udcff"]

    def test_bytes(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """Bytes go the same way, wherever they are cut."""
        lines = completed(monkeypatch)
        stream = getattr(sys, name)
        for part in (b"Gr\xc3", b"\xbc\xc3\x9fe\n", b"\xff\n"):
            stream.buffer.write(part)
            stream.buffer.flush()
        assert lines == ["Grüße", "\\xff"]

    def test_what_else_streams_have(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """A descriptor, an encoding, a way to treat errors; no terminal."""
        completed(monkeypatch)
        stream = getattr(sys, name)
        assert stream.fileno() == {"stdout": 1, "stderr": 2}[name]
        assert (stream.encoding, stream.errors, stream.isatty(), stream.writable()) == (
            "utf-8", "backslashreplace", False, True,
        )  # fmt: skip


def test_other_streams_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever put a stream of his own there keeps it."""
    own = StringIO()
    monkeypatch.setattr(sys, "stdout", own)
    monkeypatch.setattr(sys, "stderr", own)
    complete_streams()
    assert (sys.stdout, sys.stderr) == (own, own)
