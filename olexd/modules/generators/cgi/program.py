"""A running CGI program: its input, its output, its complaints, and its end, whatever happens."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import IO, Final

BLOCK: Final = 65536
MAX_COMPLAINTS: Final = 65536
"""Bytes of standard error that are logged; a program must not fill the disk."""
LAST_BLOCKS: Final = 4
"""How many blocks of standard error are still taken after the program's end."""
GRACE: Final = 3.0
"""Seconds between asking a program to end and killing it."""
TICK: Final = 1.0
"""Seconds after which a program that says nothing is looked after."""


class ProgramTimeout(Exception):
    """The program did neither read nor write for too long."""


class Program:
    """A program in a process group of its own, fed with `receive(n)` (b"" at the end).

    `complain` is told each line of standard error, `check` is called at least every second and raises to give
    up. No shell has a part in it, and no descriptor of the server. At the end of the `with` block the whole
    group is gone, unless the program ended by itself. Raises OSError when it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        directory: str,
        environment: Mapping[bytes, bytes],
        receive: Callable[[int], bytes],
        complain: Callable[[str], None],
        check: Callable[[], None],
        timeout: float,
    ) -> None:
        self._receive = receive
        self._complain = complain
        self._check = check
        self._timeout = timeout
        self._errors = b""
        self._complaints = 0
        self._pending = b""
        self._ended = False
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        for stream, event in (
            (self._process.stdin, selectors.EVENT_WRITE),
            (self._process.stdout, selectors.EVENT_READ),
            (self._process.stderr, selectors.EVENT_READ),
        ):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, event)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._selector.close()
        process = self._process
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        if not self._ended or kind is not None or not self._wait(GRACE):
            self._kill()
        self._note_rest(process.stderr)
        process.stderr.close()

    def read(self, wait: float | None = None) -> bytes | None:
        """Return what the program writes next, b"" at the end; None when nothing came in `wait` seconds.

        Raises ProgramTimeout, and what `receive` and `check` raise.
        """
        deadline = time.monotonic() + (self._timeout if wait is None else wait)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                if wait is not None:
                    return None
                raise ProgramTimeout
            events = self._selector.select(min(left, TICK))
            self._check()
            for key, _ in events:
                found = self._serve(key.fileobj)  # type: ignore[arg-type]
                if found is not None:
                    return found
                if wait is None:
                    deadline = time.monotonic() + self._timeout

    def _serve(self, stream: IO[bytes]) -> bytes | None:
        process = self._process
        if stream is process.stdin:
            self._feed(stream)
            return None
        data = _read(stream)
        if data is None:
            return None
        if stream is process.stderr:
            self._note(data)
            if not data:
                self._selector.unregister(stream)
            return None
        if not data:
            self._ended = True
        return data

    def _feed(self, stream: IO[bytes]) -> None:
        """Hand on what the client sends, as much as the program takes."""
        if not self._pending:
            self._pending = self._receive(BLOCK)
        try:
            if self._pending:
                written = stream.write(self._pending) or 0
                self._pending = self._pending[written:]
                return
        except BlockingIOError:
            return
        except OSError:
            # It does not want to know all of it.
            self._pending = b""
        self._selector.unregister(stream)
        with contextlib.suppress(OSError):
            stream.close()

    def _note(self, data: bytes) -> None:
        lines = (self._errors + data).split(b"\n")
        self._errors = lines.pop() if data else b""
        for line in lines:
            if not line or self._complaints > MAX_COMPLAINTS:
                continue
            self._complaints += len(line)
            if self._complaints > MAX_COMPLAINTS:
                line = b"(more on standard error was left out)"
            self._complain(line.decode("utf-8", "backslashreplace"))
        if len(self._errors) > MAX_COMPLAINTS:
            self._errors = b""

    def _note_rest(self, stream: IO[bytes]) -> None:
        """Take what was still on its way; children of the program may hold the other end for long."""
        for _ in range(LAST_BLOCKS):
            if stream.closed or not (data := _read(stream)):
                break
            self._note(data)
        self._note(b"")

    def _wait(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _kill(self) -> None:
        """End the whole process group: politely, then for certain."""
        self._signal(signal.SIGTERM)
        self._wait(GRACE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _read(stream: IO[bytes]) -> bytes | None:
    """Return what is there, b"" at the end, None for nothing yet."""
    try:
        return os.read(stream.fileno(), BLOCK)
    except BlockingIOError:
        return None
