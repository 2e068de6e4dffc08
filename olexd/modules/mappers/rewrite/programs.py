"""`RewriteMap prg:`: a program that is kept running and answers each key, a line, with a line."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import subprocess
import threading
import time
from typing import Final

from olexd.model import runtime

TIMEOUT: Final = 10.0
"""Seconds that a look-up takes at most, waiting for those before it included."""
MAX_ANSWER: Final = 65536
"""Bytes of an answer."""
PAUSE: Final = 1.0
"""Seconds between a program's failure and its next start."""
GRACE: Final = 3.0
"""Seconds between asking a program to end and killing it."""
_BLOCK: Final = 4096


class MapProgram:
    """A map whose values a program makes.

    It starts with the first look-up, as the server's own user, in its own directory, and with nothing of the
    server's environment but PATH. One look-up at a time; a program that dies, takes too long or says more
    than it was asked is started anew: its next line might be the answer to another request's key.
    """

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._registered = False

    def __repr__(self) -> str:
        return f"prg:{' '.join(self._command)}"

    def find(self, key: str) -> str | None:
        """Return the program's answer to `key`, None for `NULL`. Blocks; raises OSError for a failure."""
        if "\n" in key:
            return None
        deadline = time.monotonic() + TIMEOUT
        if not self._lock.acquire(timeout=TIMEOUT):
            raise TimeoutError(errno.ETIMEDOUT, "the program is busy with other requests")
        try:
            answer = self._ask(key.encode("utf-8", "surrogateescape") + b"\n", deadline)
        finally:
            self._lock.release()
        return None if answer.lower() == b"null" else answer.decode("utf-8", "surrogateescape")

    def stop(self) -> None:
        """End the program, and what it started."""
        with self._lock:
            self._end()

    def _ask(self, line: bytes, deadline: float) -> bytes:
        process = self._running()
        try:
            _write(process, line, deadline)
            return _read(process, deadline)
        except OSError:
            self._end()
            self._not_before = time.monotonic() + PAUSE
            raise

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is not None and process.poll() is None and not _speaks(process):
            return process
        self._end()
        if time.monotonic() < self._not_before:
            raise OSError(errno.EAGAIN, "the program failed a moment ago")
        if not self._registered:
            runtime.register_cleanup(lambda _: self.stop(), None)
            self._registered = True
        process = self._process = subprocess.Popen(
            self._command,
            cwd=os.path.dirname(self._command[0]),
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        _signal(process, signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _speaks(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a program says something, or has ended its output, before it was asked."""
    return _ready(process.stdout.fileno(), select.POLLIN, 0.0)  # type: ignore[union-attr]


def _ready(descriptor: int, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _wait(descriptor: int, event: int, deadline: float) -> None:
    if not _ready(descriptor, event, deadline - time.monotonic()):
        raise TimeoutError(errno.ETIMEDOUT, f"the program did not answer within {TIMEOUT:g} seconds")


def _write(process: subprocess.Popen[bytes], line: bytes, deadline: float) -> None:
    descriptor = process.stdin.fileno()  # type: ignore[union-attr]
    while line:
        _wait(descriptor, select.POLLOUT, deadline)
        with contextlib.suppress(BlockingIOError):
            line = line[os.write(descriptor, line) :]


def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Return one line without its end."""
    descriptor = process.stdout.fileno()  # type: ignore[union-attr]
    answer = b""
    while not answer.endswith(b"\n"):
        _wait(descriptor, select.POLLIN, deadline)
        data = os.read(descriptor, _BLOCK)
        answer += data
        if not data:
            raise OSError(errno.EPIPE, "the program ended without an answer")
        if b"\n" in answer[:-1]:
            raise OSError(errno.EPROTO, "the program answered with more than a line")
        if len(answer) > MAX_ANSWER:
            raise OSError(errno.EMSGSIZE, f"the program's answer is longer than {MAX_ANSWER} bytes")
    return answer[:-1].removesuffix(b"\r")
