"""The pytest plugin: a fixture that makes test clients and closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from olexd.testing import Client


@pytest.fixture
def olexd_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Return `Client` itself, but for `path`, which is `tmp_path` unless it is given; closed in the end."""
    # Only who uses it pays for the import.
    from olexd.testing import Client

    opened: list[Client] = []

    def make(config: str | Path, path: str | Path = tmp_path, **options: Any) -> Client:
        opened.append(Client(config, path, **options))
        return opened[-1]

    yield make
    for client in opened:
        client.close()
