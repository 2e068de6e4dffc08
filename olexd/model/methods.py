"""HTTP methods by Apache's numbers (`apache.M_*`)."""

from __future__ import annotations

from typing import Final

_NUMBERS: Final[dict[str, int]] = {
    name: number
    for number, name in enumerate(
        "GET PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK "  # noqa: SIM905
        "VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY "
        "BASELINE-CONTROL MERGE".split()
    )
}
"""The methods Apache knows, and those that RegisterHttpMethod adds for the process; HEAD counts as GET."""

SERVED: Final = frozenset({"GET", "POST", "OPTIONS"})
"""The methods that the server itself answers, for an Allow field."""
INVALID: Final = 26
MAX_REGISTERED: Final = 38
"""How many methods can be added, as in httpd, whose numbers end at 64."""


def register_method(name: str) -> None:
    """Make a method known. Raises ValueError when there are too many."""
    if not is_registered(name):
        if len(_NUMBERS) >= INVALID + MAX_REGISTERED:
            raise ValueError("too many methods")
        _NUMBERS[name] = len(_NUMBERS) + 1


def is_registered(name: str) -> bool:
    """Return whether a method is one of those that the server knows."""
    return method_number(name) != INVALID


def method_number(method: str) -> int:
    """Return the number of a method; `INVALID` for one that the server does not know."""
    return _NUMBERS.get("GET" if method == "HEAD" else method, INVALID)


def method_name(number: int) -> str:
    """Return the name of a method's number. Raises ValueError for a number that no method has."""
    for name, known in _NUMBERS.items():
        if known == number:
            return name
    raise ValueError(f"no method has the number {number}")
