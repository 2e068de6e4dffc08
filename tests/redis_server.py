"""A Redis of the tests' own: on a socket in a directory, without a port, without files."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

DEADLINE = 15.0


def program() -> str | None:
    """Return the path of Redis's program, or None. Debian's redis-tools has it under another name."""
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


class RedisServer:
    """A running Redis; `url` is its address."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.client = redis.Redis.from_url(self.url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        nothing_kept = ["--save", "", "--appendonly", "no", "--dir", str(self.socket.parent)]
        # The program looks at the name it is called by.
        self._process = subprocess.Popen(
            ["redis-server", *arguments, *nothing_kept], executable=program(), stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + DEADLINE
        while not self.answers():
            assert time.monotonic() < deadline and self._process.poll() is None, "Redis did not start"
            time.sleep(0.01)

    def answers(self) -> bool:
        """Return whether it can be asked."""
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """Stop it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE)


@contextmanager
def running_redis(directory: Path) -> Iterator[RedisServer]:
    """Run a Redis in `directory`, whose path must be short enough for a socket."""
    server = RedisServer(directory)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.stop()
