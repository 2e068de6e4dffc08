"""The error log: levels, the shape of a line, and where lines go.

A line is `[date] [module:level] [pid P:tid T] [client A:P] message`, as httpd writes it (configuration spec
5.3). A log is shared by all threads: a line is one `write` to a descriptor opened for appending.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import syslog
import threading
import time
from collections.abc import Callable
from enum import IntEnum
from typing import Final, Protocol

MAX_MESSAGE: Final = 8192
"""Characters of a message that are kept, as httpd's buffer does."""


class Level(IntEnum):
    """How grave an entry is; the numbers are syslog's, the trace levels follow them."""

    EMERG = 0
    ALERT = 1
    CRIT = 2
    ERR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7
    TRACE1 = 8
    TRACE2 = 9
    TRACE3 = 10
    TRACE4 = 11
    TRACE5 = 12
    TRACE6 = 13
    TRACE7 = 14
    TRACE8 = 15


LEVELS: Final[dict[str, Level]] = {
    {Level.ERR: "error", Level.WARNING: "warn"}.get(level, level.name.lower()): level for level in Level
}
"""The levels by the names that LogLevel and the log use."""

_NAMES: Final = {level: name for name, level in LEVELS.items()}

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\\": "\\\\"}


def _escape_one(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def escape(message: str) -> str:
    """Return `message` on one line: control characters and backslashes as C escapes, cut to 8 KiB."""
    return _UNSAFE.sub(_escape_one, message[:MAX_MESSAGE])


def level_name(level: Level) -> str:
    """Return the name of a level as the log shows it."""
    return _NAMES[level]


def date(now: float, fraction: bool) -> str:
    """Return a moment (epoch seconds) as the log shows it, with microseconds if wanted."""
    at = time.localtime(now)
    # Not strftime: names of days and months must not change when a handler sets a locale.
    day = f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02d} {time.strftime('%H:%M:%S', at)}"
    return f"{day}{f'.{int(now % 1 * 1_000_000):06d}' if fraction else ''} {at.tm_year}"


def format_line(message: str, level: Level, module: str = "", client: str = "") -> str:
    """Return one line of the log without its end; `client` is `address:port` or empty."""
    whom = f" [client {client}]" if client else ""
    return (
        f"[{date(time.time(), True)}] [{module}:{_NAMES[level]}] "
        f"[pid {os.getpid()}:tid {threading.get_native_id()}]{whom} {escape(message)}"
    )


class Sink(Protocol):
    """Where the lines of a log go."""

    def write(self, data: bytes, level: Level) -> None:
        """Write whole lines; never raises for a failing target."""
        ...

    def reopen(self) -> None:
        """Open the target anew, after a rotation."""
        ...


class StandardError:
    """The process's standard error."""

    def write(self, data: bytes, level: Level) -> None:
        """Write to descriptor 2; a closed one loses the line, for there is nowhere left to tell."""
        try:
            os.write(2, data)
        except OSError:
            return

    def reopen(self) -> None:
        """Do nothing: standard error belongs to whoever started the process."""


_STREAMS: Final = {"/dev/stdout": 1, "/dev/stderr": 2}


class AppendedFile:
    """A file opened for appending; `path` absolute. Raises OSError when it cannot be opened.

    The process's own streams are written to as they are: opened by name, a redirected one would have a
    second position in its file and lose lines, and a socket cannot be opened at all.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = self._open()

    def _open(self) -> int:
        stream = _STREAMS.get(self.path)
        if stream is not None:
            return os.dup(stream)
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, data: bytes, level: Level = Level.ERR) -> None:
        """Append `data`; a full disk or the like is told on standard error once per write."""
        try:
            os.write(self._fd, data)
        except OSError as error:
            print(f"{self.path}: {error}", file=sys.stderr)

    def reopen(self) -> None:
        """Go on in a new file of the same name. The descriptor number stays, so writers never miss it."""
        fresh = self._open()
        os.dup2(fresh, self._fd, inheritable=False)
        os.close(fresh)


class PipedProgram:
    """A program that reads the log on its standard input; started anew when it died.

    `command` is what stood behind the bar of a `|program` target: `$` (and nothing) run it through the
    shell, `|` runs it directly.
    """

    def __init__(self, command: str) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._command.startswith("|"):
            return subprocess.Popen(self._command[1:].split(), stdin=subprocess.PIPE, bufsize=0)
        return subprocess.Popen(self._command.lstrip("$"), shell=True, stdin=subprocess.PIPE, bufsize=0)

    def write(self, data: bytes, level: Level = Level.ERR) -> None:
        """Hand `data` to the program; one that is gone is started again and gets it once more."""
        with self._lock:
            try:
                self._send(data)
            except OSError:
                self._stop()
                self._restart(data)

    def _send(self, data: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        view = memoryview(data)
        while view:
            view = view[stdin.write(view) :]

    def _restart(self, data: bytes) -> None:
        try:
            self._process = self._start()
            self._send(data)
        except OSError as error:
            print(f"piped log program {self._command!r} failed: {error}", file=sys.stderr)

    def _stop(self) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def reopen(self) -> None:
        """Do nothing: such programs rotate by themselves."""

    def close(self) -> None:
        """End the program's input and wait (5 seconds at most) until it has gone."""
        with self._lock:
            self._stop()


FACILITIES: Final[dict[str, int]] = {
    name[4:].lower(): getattr(syslog, name)
    for name in dir(syslog)
    if name.startswith("LOG_")
    and name[4:]
    in {"AUTH", "CRON", "DAEMON", "KERN", "LPR", "MAIL", "NEWS", "SYSLOG", "USER", "UUCP"}
    | {f"LOCAL{n}" for n in range(8)}
}
"""The facility names of `ErrorLog syslog:facility`."""


class SystemLog:
    """The system's log, for targets `syslog[:facility[:tag]]`. Raises ValueError on an unknown facility."""

    def __init__(self, target: str) -> None:
        _, _, rest = target.partition(":")
        facility, _, tag = rest.partition(":")
        if facility and facility.lower() not in FACILITIES:
            raise ValueError(f"unknown syslog facility {facility!r}")
        self._facility = FACILITIES.get(facility.lower(), syslog.LOG_LOCAL7)
        syslog.openlog(tag or "olexd", syslog.LOG_PID, self._facility)

    def write(self, data: bytes, level: Level) -> None:
        """Send the lines, trace levels as debug."""
        for line in data.decode("utf-8", "replace").splitlines():
            syslog.syslog(self._facility | min(level, Level.DEBUG), line)

    def reopen(self) -> None:
        """Do nothing: the system's log has no file of ours."""


class ErrorLog:
    """One error log. `target` is a path, `|program`, `syslog…`, or empty or `-` for standard error."""

    def __init__(self, target: str, sink: Sink) -> None:
        self.target = target
        self._sink = sink

    def log(self, message: str, level: Level = Level.ERR, module: str = "", client: str = "") -> None:
        """Write one entry, whatever its level; thresholds are the business of `model.logging`."""
        self.write_raw(format_line(message, level, module, client) + "\n", level)

    def write_raw(self, text: str, level: Level = Level.ERR) -> None:
        """Write `text` as it stands, without prefix or escapes (what a program wrote on `sys.stderr`)."""
        self._sink.write(text.encode("utf-8", "backslashreplace"), level)

    def reopen(self) -> None:
        """Open the target anew, after a rotation."""
        self._sink.reopen()


def _sink(target: str) -> Sink:
    makers: list[tuple[Callable[[str], bool], Callable[[str], Sink]]] = [
        (lambda word: word in ("", "-"), lambda word: StandardError()),
        (lambda word: word.startswith("|"), lambda word: PipedProgram(word[1:])),
        (lambda word: word.partition(":")[0] == "syslog", SystemLog),
        (lambda word: True, AppendedFile),
    ]
    return next(make(target) for fits, make in makers if fits(target))


_logs: dict[str, ErrorLog] = {}
_logs_lock = threading.Lock()


def error_log(target: str) -> ErrorLog:
    """Return the log for `target`, the same object for the same target.

    One that cannot be opened is told on standard error, which then stands in for it.
    """
    found = _logs.get(target)
    if found is not None:
        return found
    with _logs_lock:
        if target not in _logs:
            _logs[target] = _open(target)
        return _logs[target]


def redirect(target: str, sink: Sink | None) -> None:
    """Have what is logged to `target` go to `sink` from now on; None: to where `target` itself says."""
    with _logs_lock:
        _logs.pop(target, None)
        if sink is not None:
            _logs[target] = ErrorLog(target, sink)


def _open(target: str) -> ErrorLog:
    try:
        return ErrorLog(target, _sink(target))
    except (OSError, ValueError) as error:
        log = ErrorLog(target, StandardError())
        log.log(f"AH00091: could not open error log file {target}: {error}", Level.ALERT, "core")
        return log


def reopen_all() -> None:
    """Open every error log anew, after a rotation. One that cannot be goes on as it is, and says so."""
    for log in list(_logs.values()):
        try:
            log.reopen()
        except OSError as error:
            log.log(f"could not open {log.target} anew: {error.strerror}", Level.ALERT, "core")
