"""What a response tells of guarded places, and whether one server tells more than the other."""

from __future__ import annotations

import re
from typing import Final

from tests.parity.runner.client import Response
from tests.parity.runner.compare import decoded

MARK: Final = re.compile(r"""SECRET-[a-z]+-(?!\[)[\w./]+|USER-(?!None)\w+|\bhref="[^"]*\"""")
"""Marks of places and users, and what a list of files leads to."""
VALIDATORS: Final = ("etag", "last-modified", "content-range")
ABOUT_CONTENT: Final = (304, 412, 416)
"""Answers that only those get who may have the content."""


def leaks(theirs: Response, ours: Response) -> list[str]:
    """Return what the second response tells that the first does not: marks, or of a file that is refused."""
    found = [] if theirs.status in ABOUT_CONTENT else sorted(marks(ours) - marks(theirs))
    if is_refusal(theirs):
        found += [name for name in VALIDATORS if ours.value(name) not in (None, theirs.value(name))]
        if not is_refusal(ours):
            found.append(f"status {ours.status} in place of {theirs.status}")
    if ours.trouble and not theirs.trouble:
        found.append(ours.trouble)
    return found


def marks(response: Response) -> set[str]:
    """Return the marks in a response, in what goes with it and in what follows."""
    body = decoded(response.body, response.value("content-encoding")).decode("utf-8", "backslashreplace")
    return set(MARK.findall(f"{response.raw.decode('latin-1')}\n{body}"))


def is_refusal(response: Response) -> bool:
    """Whether a response says nothing but no."""
    return response.status >= 400 and response.status not in ABOUT_CONTENT
