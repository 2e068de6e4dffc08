"""What tests in several packages share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redis_server import RedisServer, program, running_redis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis, one for all tests."""
    if program() is None:
        pytest.skip("no Redis here (Debian: redis-tools)")
    with (
        tempfile.TemporaryDirectory(prefix="olexd-redis-") as directory,
        running_redis(Path(directory)) as server,
    ):
        yield server


@pytest.fixture
def empty_redis(redis_server: RedisServer) -> RedisServer:
    """The same, with nothing in it."""
    redis_server.client.flushall()
    return redis_server
