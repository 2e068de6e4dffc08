"""Guests: who counts as one, and what has to stand for the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.modules.aaa.support import JOE, credentials, site
from tests.unit.support import configure, get

ANON = "AuthType Basic\nAuthName x\nAuthBasicProvider anon\nRequire valid-user\n"


@pytest.mark.parametrize(
    ("lines", "name", "password", "status"),
    [
        ("", "joe", "x", 401),
        ("Anonymous guest Visitor", "GUEST", "x", 200),
        ("Anonymous guest Visitor", "visitor", "x", 200),
        ("Anonymous guest\nAnonymous other", "guest", "x", 200),
        ("Anonymous guest", "joe", "x", 401),
        ("Anonymous guest", "guest", "", 401),
        ("Anonymous guest\nAnonymous_MustGiveEmail Off", "guest", "", 200),
        ("Anonymous *", "joe", "x", 200),
        ("Anonymous *", "", "x", 401),
        ("Anonymous *suffix", "joe", "x", 401),
        ("Anonymous guest\nAnonymous_NoUserID On", "", "x", 200),
        ("Anonymous_NoUserID On", "", "x", 401),
        ("Anonymous *\nAnonymous_VerifyEmail On", "joe", "x", 401),
        ("Anonymous *\nAnonymous_VerifyEmail On", "joe", "a@b", 401),
        ("Anonymous *\nAnonymous_VerifyEmail On", "joe", "a@b.c", 200),
    ],
)
def test_guests(tree: Path, lines: str, name: str, password: str, status: int) -> None:
    """Only a named guest with what was asked for gets in."""
    response = get(site(tree, ANON + lines), "/f.txt", Authorization=credentials(name, password))
    assert response.status == status


def test_address_is_logged(tree: Path) -> None:
    """The address of a guest is logged at level info, unless that is off."""
    level = f"{ANON}LogLevel info\nAnonymous *\n"
    assert get(site(tree, level + "Anonymous_LogEmail Off"), "/f.txt", Authorization=JOE).status == 200
    assert not (tree / "log").exists() or "Passwd" not in (tree / "log").read_text()
    assert get(site(tree, level), "/f.txt", Authorization=JOE).status == 200
    assert "AH01673: Anonymous: Passwd <secret> Accepted" in (tree / "log").read_text()


def test_inner_section_starts_anew(tree: Path) -> None:
    """What an outer section lets in counts for nothing where an inner one says anything of guests."""
    config = configure(
        f"ErrorLog {tree}/log\nDocumentRoot {tree}\n<Location />\n{ANON}Anonymous *\n</Location>\n"
        "<Location /f.txt>\nAnonymous_MustGiveEmail Off\n</Location>"
    )
    assert get(config, "/f.txt", Authorization=JOE).status == 401
