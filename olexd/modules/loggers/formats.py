"""Log formats: read once, then a function from a request to its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.model.request import Request
from olexd.modules.loggers import fields, json_lines
from olexd.modules.loggers.fields import Field

Formatter = Callable[[Request], str]
"""Returns a request's line with its end; takes the request as the client made it."""

RAN_OFF: Final = "Ran off end of LogFormat parsing args to some directive"
_DIRECTIVE: Final = re.compile(r"%([!<>,\d]*)(?:\{([^}]*)\})?([!<>,\d]*)(\^..|.)", re.DOTALL | re.ASCII)
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\t": "\t"}
_ESCAPE: Final = re.compile(r"\\[\\nt]")
_ORIGINAL: Final = frozenset("sUTDrRL")
"""The directives that look at the original request unless told otherwise."""

_PLAIN: Final[dict[str, Field]] = {
    "b": fields.body_bytes_or_dash,
    "B": fields.body_bytes,
    "A": fields.local_address,
    "D": fields.duration("us"),
    "f": fields.filename,
    "H": fields.protocol,
    "I": fields.bytes_in,
    "k": fields.keepalives,
    "l": fields.constant("-"),
    "L": fields.log_id,
    "m": fields.method,
    "O": fields.bytes_out,
    "q": fields.query,
    "r": fields.request_line,
    "R": fields.handler,
    "s": fields.status,
    "S": fields.bytes_both,
    "u": fields.user,
    "U": fields.url_path,
    "v": fields.configured_name,
    "V": fields.called_name,
    "X": fields.connection_state,
    "^FB": fields.first_byte,
    "^to": fields.constant("-"),
}

_WITH_ARGUMENT: Final[dict[str, Callable[[str], Field]]] = {
    "a": lambda kind: fields.peer if kind == "c" else fields.client,
    "h": lambda kind: fields.peer_name if kind == "c" else fields.client_name,
    "c": lambda name: fields.old_tls_variable(name) if name else fields.connection_state,
    "C": fields.cookie,
    "e": fields.environment,
    "i": fields.request_header,
    "n": fields.note,
    "o": fields.response_header,
    "p": fields.port,
    "P": fields.process,
    "t": lambda form: fields.formatted_time(form) if form else fields.begin_time,
    "T": fields.duration,
    "x": fields.tls_variable,
    "^ti": fields.request_trailer,
}


def _literal(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES[match.group()], text).replace("%", "%%")


def _field(name: str, argument: str) -> Field:
    plain = _PLAIN.get(name)
    if plain is not None:
        return plain
    maker = _WITH_ARGUMENT.get(name)
    if maker is None:
        raise DirectiveError(f"Unrecognized LogFormat directive %{name[0]}")
    return maker(argument)


def _conditional(field: Field, modifiers: str) -> Field:
    """Return `field` for the listed statuses only (with `!`: for all others), else `-`."""
    statuses = frozenset(int(word) for word in re.findall(r"\d+", modifiers))
    if not statuses:
        return field
    wanted = "!" not in modifiers
    return lambda request: field(request) if (request.status in statuses) is wanted else "-"


def _item(match: re.Match[str]) -> tuple[Field, bool]:
    """Return a directive's field and whether it looks at the original request."""
    modifiers = match.group(1) + match.group(3)
    name = match.group(4)
    original = name in _ORIGINAL
    for char in modifiers:
        if char in "<>":
            original = char == "<"
    return _conditional(_field(name, match.group(2) or ""), modifiers), original


def parse_format(text: str) -> tuple[str, tuple[tuple[Field, bool], ...]]:
    """Return a template for `%` and the fields that fill it. Raises DirectiveError."""
    template: list[str] = []
    items: list[tuple[Field, bool]] = []
    position = 0
    while (at := text.find("%", position)) >= 0:
        template.append(_literal(text[position:at]))
        match = _DIRECTIVE.match(text, at)
        if match is None:
            raise DirectiveError(RAN_OFF)
        position = match.end()
        if match.group(4) == "%":
            template.append("%%")
        elif match.group(4) == "{":
            raise DirectiveError(RAN_OFF)
        else:
            template.append("%s")
            items.append(_item(match))
    template.append(_literal(text[position:]))
    return "".join(template), tuple(items)


def compile_format(text: str) -> Formatter:
    """Return the function that writes a request's line. Raises DirectiveError."""
    if text == json_lines.FORMAT:
        return json_lines.json_line
    template, items = parse_format(text)
    template += "\n"
    plain = tuple(field for field, _ in items)

    def line(request: Request) -> str:
        if request.next is None:
            return template % tuple([field(request) for field in plain])
        final = request
        while final.next is not None:
            final = final.next
        return template % tuple([field(request if original else final) for field, original in items])

    return line
