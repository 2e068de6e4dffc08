"""Publishing pages without a server."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mod_python import publisher
from olexd.errors import ServerReturn
from olexd.model.mp_request import mp_request
from olexd.status import OK
from tests.unit.python_support import make_request, sent


def credentials(user: str, passwd: str) -> bytes:
    """Return the value of an Authorization header."""
    return b"Basic " + b64encode(f"{user}:{passwd}".encode())


def ask(tmp_path: Path, path: str, **details: Any) -> mp_request:
    """Publish `/page[/path]`; return the request that was answered."""
    name, slash, rest = path.partition("/")
    req = make_request(uri=quote(f"/{path}"), **details)
    req.filename = os.path.join(tmp_path, name)
    req._record.path_info = slash + rest
    assert publisher.handler(req) == OK
    return req


def text(tmp_path: Path, path: str, **details: Any) -> str:
    """Return what a published object answers with."""
    return sent(ask(tmp_path, path, **details)._record).decode()


def status(tmp_path: Path, path: str, **details: Any) -> int:
    """Return the status that publishing ends with."""
    with pytest.raises(ServerReturn) as caught:
        ask(tmp_path, path, **details)
    return int(caught.value.args[0])


def page(tmp_path: Path, source: str, name: str = "page.py") -> None:
    """Write a page."""
    (tmp_path / name).write_text(source)
