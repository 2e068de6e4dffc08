"""HTTP methods by Apache's numbers (`apache.M_*`)."""

from __future__ import annotations

from typing import Final

NUMBERS: Final[dict[str, int]] = {
    name: number
    for number, name in enumerate(
        "GET PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK "  # noqa: SIM905
        "VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY "
        "BASELINE-CONTROL MERGE".split()
    )
}
"""The methods Apache knows; HEAD counts as GET."""

REGISTERED: Final = frozenset({*NUMBERS, "HEAD"})
"""The names of the methods Apache knows."""

INVALID: Final = 26


def method_number(method: str) -> int:
    """Return the number of a method; `INVALID` for one that Apache does not know."""
    return NUMBERS.get("GET" if method == "HEAD" else method, INVALID)


def method_name(number: int) -> str:
    """Return the name of a method's number. Raises ValueError for a number that no method has."""
    for name, known in NUMBERS.items():
        if known == number:
            return name
    raise ValueError(f"no method has the number {number}")
