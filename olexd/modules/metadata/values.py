"""The values of mod_headers' directives: text in which `%` items stand for what a request holds."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.expr import ExprError, Vocabulary, string
from olexd.model.request import Request
from olexd.model.variables import RequestVariables

Value = Callable[[Request], str]

MISSING: Final = "(null)"
"""What stands for a variable that there is not."""

_ESCAPES: Final = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE: Final = re.compile(r"\\([\\nrt])")
_ITEM: Final = re.compile(r"%(?:\{([^}]*)\})?(.)", re.DOTALL)


def read_value(text: str, vocabulary: Vocabulary) -> Value:
    """Return what yields the value for a request. Raises DirectiveError.

    Expressions in it may use `vocabulary`.
    """
    if text.startswith("expr="):
        return _expression(text[5:], vocabulary)
    parts: list[Value] = []
    position = 0
    # A percent sign at the very end stands for itself.
    while 0 <= (at := text.find("%", position)) < len(text) - 1:
        if at > position:
            parts.append(_literal(text[position:at]))
        match = _ITEM.match(text, at)
        if match is None:
            raise DirectiveError("Unrecognized header format %")
        parts.append(_item(match[1], match[2]))
        position = match.end()
    if position < len(text):
        parts.append(_literal(text[position:]))
    return lambda request: "".join([part(request) for part in parts])


def _expression(text: str, vocabulary: Vocabulary) -> Value:
    try:
        compiled = string(text, vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Can't parse value expression : {error}") from None
    return lambda request: RequestVariables(request, varies=False).text(compiled)


def _literal(text: str) -> Value:
    plain = _ESCAPE.sub(lambda match: _ESCAPES[match[1]], text)
    return lambda request: plain


def _item(argument: str | None, letter: str) -> Value:
    if argument is not None and letter == "e":
        return lambda request: _environment(request, argument)
    if argument is not None and letter == "s":
        return lambda request: _tls(request, argument)
    plain = _PLAIN.get(letter) if argument is None else None
    if plain is None:
        raise DirectiveError(f"Unrecognized header format %{letter}")
    return plain


def _environment(request: Request, name: str) -> str:
    env = request.subprocess_env_table
    value: str | None = None if env is None else env.get(name)
    return MISSING if value is None else value


def _tls(request: Request, name: str) -> str:
    return RequestVariables(request, varies=False).variable(name.upper()) or MISSING


def _load(request: Request) -> str:
    return "l={:.2f}/{:.2f}/{:.2f}".format(*os.getloadavg())


_PLAIN: Final[dict[str, Value]] = {
    "%": lambda request: "%",
    "t": lambda request: f"t={int(request.request_time * 1_000_000)}",
    "D": lambda request: f"D={int((time.monotonic() - request.started) * 1_000_000)}",
    "l": _load,
}
