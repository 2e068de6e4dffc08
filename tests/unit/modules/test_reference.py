"""The directive reference is complete and up to date."""

from __future__ import annotations

from olexd.config.known import known_directives
from olexd.modules.reference import reference
from tests.integration.servers import REPOSITORY


def test_the_page_is_what_the_rows_say() -> None:
    """docs/directives.md is what `make reference` writes."""
    assert (REPOSITORY / "docs" / "directives.md").read_text() == reference()


def test_every_directive_is_on_it() -> None:
    """No directive of httpd is missing."""
    page = reference()
    assert not [known.name for known in known_directives().values() if f"`{known.name}`" not in page]
