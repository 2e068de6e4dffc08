"""Media types as AddType takes them."""

from __future__ import annotations

import pytest

from olexd.config.build import load_text
from olexd.config.mime import MimeDir
from olexd.modules.metadata.mime import read_extensions
from olexd.modules.registry import SPECS


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("text/html;charset=UTF-8", "text/html; charset=utf-8"),
        ('"text/html; Charset=UTF-8; Foo=Bar"', "text/html; charset=utf-8; foo=bar"),
        ("TEXT/Plain", "text/plain"),
    ],
)
def test_types_are_written_in_one_way(written: str, sent: str) -> None:
    """Whatever the case and the blanks in the configuration, the type goes out as httpd sends it."""
    config = load_text(f"Listen 127.0.0.1:80\nServerName localhost\nAddType {written} .x\n", SPECS)
    assert read_extensions("x", config.main.merged()[MimeDir], {}).content_type == sent
