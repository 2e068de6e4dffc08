"""Order, Allow, Deny and Satisfy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.modules.aaa.support import FILE, JOE, JOE_WRONG, site
from tests.unit.support import complaint, get


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("Order allow,deny", 403),
        ("Order deny,allow", 200),
        ("Deny from all", 403),
        ("Order deny,allow\nDeny from all\nAllow from 127.0.0.1", 200),
        ("Order deny,allow\nDeny from all\nAllow from 10.1", 403),
        ("Order allow,deny\nAllow from all", 200),
        ("Order allow,deny\nAllow from all\nDeny from 127", 403),
        ("Order mutual-failure\nAllow from all\nDeny from 127", 403),
        ("Order allow,deny\nAllow from 127.0.0.0/8", 200),
        ("Order allow,deny\nAllow from env=NOPE", 403),
        ("Order allow,deny\nAllow from env=!NOPE", 200),
        ("Order allow,deny\nAllow from nowhere.invalid", 403),
        ("<Limit POST>\nDeny from all\n</Limit>", 200),
        ("<Limit GET>\nDeny from all\n</Limit>", 403),
        ("Deny from all\nRequire all granted", 403),
        ("Order allow,deny\nAllow from all\nRequire all denied", 403),
        ("Satisfy Any\nDeny from all\nRequire all granted", 200),
        ("Satisfy Any\nDeny from all", 200),
        ("Satisfy Any\nDeny from all\nRequire all denied", 403),
        ("Satisfy Any\nAllow from all\nRequire all denied", 200),
    ],
)
def test_old_access_control(tree: Path, lines: str, status: int) -> None:
    """Order, Allow and Deny decide before Require; both must agree unless Satisfy Any says otherwise."""
    assert get(site(tree, lines), "/f.txt").status == status


def test_satisfy_any_with_users(tree: Path) -> None:
    """Under Satisfy Any a client that is denied by address may still log in."""
    config = site(tree, FILE + "Require valid-user\nSatisfy Any\nDeny from all")
    assert get(config, "/f.txt").status == 401
    assert get(config, "/f.txt", Authorization=JOE).status == 200
    assert get(config, "/f.txt", Authorization=JOE_WRONG).status == 401
    allowed = site(tree, FILE + "Require valid-user\nSatisfy Any\nAllow from all")
    assert get(allowed, "/f.txt").status == 200


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Order foo", "unknown order"),
        ("Allow to all", "allow and deny must be followed by 'from'"),
        ("Deny from 1.2.3.4/40", "The specified network mask is invalid."),
        ("Deny from 1.2.3.4.5", "The specified IP address is invalid."),
        ("Satisfy foo", "Satisfy either 'any' or 'all'."),
    ],
)
def test_old_access_control_refused(line: str, message: str) -> None:
    """Words of Order, Allow, Deny and Satisfy that make no sense are refused."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message
