"""A site whose sessions are in Redis."""

from __future__ import annotations

from pathlib import Path

from tests.redis_server import RedisServer


def redis_options(server: RedisServer, directory: Path) -> dict[str, str]:
    """Return the PythonOptions of the site; its key is in `directory`."""
    key = directory / "key"
    if not key.exists():
        key.write_bytes(b"a key for the tests of sessions in Redis")
        key.chmod(0o600)
    return {"mod_python.redis_session.url": server.url, "mod_python.redis_session.secret_file": str(key)}
