"""A small guarded site, and who asks for it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from tests.unit.support import configure

SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
"""The hash of "secret"."""
BASIC = 'AuthType Basic\nAuthName "The \\"Realm\\""\n'
FILE = BASIC + "AuthUserFile USERS\n"
CHALLENGE = 'Basic realm="The \\"Realm\\""'


def credentials(name: str, password: str) -> str:
    """Return an Authorization value."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


JOE = credentials("joe", "secret")
JOE_WRONG = credentials("joe", "wrong")
ANN = credentials("ann", "secret")
EVE = credentials("eve", "secret")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A document root, a user file with joe and ann, a group file with joe as admin."""
    (tmp_path / "f.txt").write_text("content")
    (tmp_path / "users").write_text(f"# users\njoe:{SHA}\nann:{SHA}:ignored\njoe:x\ncarol:\n")
    (tmp_path / "groups").write_text("admin: joe\nstaff: ann\n")
    return tmp_path


def site(tree: Path, text: str, main: str = "") -> ServerConfig:
    """Return a server whose whole space has the lines of `text`, and its main server those of `main`."""
    config = f"ErrorLog {tree}/log\nDocumentRoot {tree}\n{main}\n<Location />\n{text}\n</Location>"
    return configure(config.replace("USERS", f"{tree}/users").replace("GROUPS", f"{tree}/groups"))
