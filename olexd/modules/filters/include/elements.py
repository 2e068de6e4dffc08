"""The elements of mod_include, but for conditions (configuration spec 3.14).

Each function carries out one element: it writes what stands in its place, or raises IncludeError.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from olexd.errors import BadRequest
from olexd.model.includes import IncludeError
from olexd.model.request import Request
from olexd.modules.filters.include.page import Page
from olexd.modules.filters.include.parser import Attributes, decode_entities
from olexd.modules.filters.include.values import DECODINGS, ENCODINGS, escape_html, format_size, format_time
from olexd.phases.subrequest import end_look_up, lookup_included, run_included
from olexd.status import OK
from olexd.uri import escape_path

Write = Callable[[bytes], None]
Codings = Mapping[str, Callable[[bytes], bytes]]

_PARSED: Final = " in parsed file "


def _given(page: Page, attributes: Attributes, element: str, code: str) -> list[tuple[str, bytes]]:
    """Return the attributes up to the first without a value. Raises IncludeError when there are none."""
    if not attributes:
        raise page.error(f"{code}: missing argument for {element} element")
    given: list[tuple[str, bytes]] = []
    for name, value in attributes:
        if value is None:
            break
        given.append((name, value))
    return given


def _coded(page: Page, value: bytes, names: bytes, known: Codings, where: str) -> bytes:
    for name in names.decode("latin-1").lower().split(","):
        if name.strip() not in known:
            raise page.error(f'AH01345: unknown value "{name}" to parameter {where}')
        value = known[name.strip()](value)
    return value


def echo(page: Page, attributes: Attributes, write: Write) -> None:
    """Write variables; `encoding` and `decoding` hold for those behind them."""
    encoding, decoding = b"entity", b"none"
    for name, value in _given(page, attributes, "echo", "AH01343"):
        if name == "var":
            found = page.variable(page.expand(decode_entities(value)))
            if found is None:
                write(page.undefined_echo)
                continue
            found = _coded(page, found, decoding, DECODINGS, '"decoding" of tag echo')
            write(_coded(page, found, encoding, ENCODINGS, '"encoding" of tag echo'))
        elif name == "encoding":
            _coded(page, b"", value, ENCODINGS, '"encoding" of tag echo')
            encoding = value
        elif name == "decoding":
            _coded(page, b"", value, DECODINGS, '"decoding" of tag echo')
            decoding = value
        else:
            raise page.error(f'AH01346: unknown parameter "{name}" in tag echo')


def set_variable(page: Page, attributes: Attributes, write: Write) -> None:
    """Set variables; `encoding` and `decoding` hold for those behind them."""
    if len(attributes) < 2:
        raise page.error("AH01362: missing argument for set element")
    variable: bytes | None = None
    encoding, decoding = b"none", b"none"
    for name, value in _given(page, attributes, "set", "AH01362"):
        if name == "var":
            variable = page.expand(value)
        elif name == "decoding":
            decoding = value
        elif name == "encoding":
            encoding = value
        elif name != "value":
            raise page.error("AH01366: Invalid tag for set directive")
        elif variable is None:
            raise page.error("AH01365: variable must precede value in set directive")
        else:
            expanded = _coded(page, page.expand(value), decoding, DECODINGS, '"decoding" of tag set')
            page.set(variable, _coded(page, expanded, encoding, ENCODINGS, '"encoding" of tag set'))


def print_environment(page: Page, attributes: Attributes, write: Write) -> None:
    """Write all variables, one to a line."""
    if attributes:
        raise page.error("AH01367: printenv directive does not take tags")
    for name, value in page.variables():
        write(escape_html(name) + b"=" + escape_html(value) + b"\n")


def configure(page: Page, attributes: Attributes, write: Write) -> None:
    """Change the messages and formats of the rest of the page."""
    for name, value in _given(page, attributes, "config", "AH01347"):
        if name == "errmsg":
            page.error_message = page.expand(value)
        elif name == "echomsg":
            page.undefined_echo = page.expand(value)
        elif name == "timefmt":
            page.time_format = _time_format(page, value)
        elif name != "sizefmt":
            raise page.error(f'AH01349: unknown parameter "{name}" to tag config')
        elif value.lower() in (b"bytes", b"abbrev"):
            page.abbreviates = value.lower() == b"abbrev"
        else:
            shown = value.decode("latin-1")
            raise page.error(f'AH01348: unknown value "{shown}" to parameter "sizefmt" of tag config')


def _time_format(page: Page, value: bytes) -> str:
    layout = page.expand(decode_entities(value)).decode("utf-8", "surrogateescape")
    try:
        format_time(layout, 0)
    except ValueError as error:
        raise page.error(f"unusable timefmt of tag config: {error}") from None
    return layout


def file_size(page: Page, attributes: Attributes, write: Write) -> None:
    """Write the sizes of files."""
    for found in _files(page, attributes, "fsize"):
        write(format_size(found.st_size, page.abbreviates))


def file_time(page: Page, attributes: Attributes, write: Write) -> None:
    """Write when files were last changed."""
    for found in _files(page, attributes, "flastmod"):
        write(format_time(page.time_format, found.st_mtime))


def _files(page: Page, attributes: Attributes, element: str) -> list[os.stat_result]:
    found: list[os.stat_result] = []
    for name, value in _given(page, attributes, element, "AH01350"):
        target = _target(page, name, value, element)
        request = _look_up(page, name, target, runs=False)
        if request is None or request.status != 200 or request.stat is None:
            shown = value.decode("utf-8", "replace")
            raise page.error(f'AH01339: unable to get information about "{shown}"', _PARSED)
        found.append(request.stat)
    return found


def include(page: Page, attributes: Attributes, write: Write) -> None:
    """Write what other URLs answer. An `onerror` stands in for the one before it, if that fails."""
    failed: IncludeError | None = None
    for name, value in _given(page, attributes, "include", "AH01341"):
        if name != "onerror":
            if failed is not None:
                break
            try:
                _include(page, name, value, write)
            except IncludeError as error:
                failed = error
        elif failed is not None:
            page.log(str(failed))
            failed = None
            _include(page, "virtual", value, write)
    if failed is not None:
        raise failed


def _include(page: Page, name: str, value: bytes, write: Write) -> None:
    target = _target(page, name, value, "include")
    shown = value.decode("utf-8", "replace")
    request = _look_up(page, name, target, runs=True)
    if request is None or request.status != 200:
        status = 400 if request is None else request.status
        raise page.error(f'unable to include "{shown}"', _PARSED, f", subrequest setup returned {status}")
    if page.no_exec and not (request.content_type or "text/").startswith("text/"):
        _wait_for(page, end_look_up(request))
        raise page.error(f'unable to include potential exec "{shown}"', _PARSED)
    status = OK

    async def run() -> None:
        nonlocal status
        status = await run_included(request, write)

    _wait_for(page, run())
    if status != OK:
        raise page.error(f'unable to include "{shown}"', _PARSED, f", subrequest returned {status}")


def _target(page: Page, name: str, value: bytes, element: str) -> str:
    """Return the URL path or file name that an attribute has.

    A `file` has to be below the page's own directory.
    """
    text = page.expand(decode_entities(value)).decode("utf-8", "surrogateescape")
    if name == "virtual":
        return text
    if name != "file":
        code = "AH01342" if element == "include" else "AH01340"
        raise page.error(f'{code}: unknown parameter "{name}" to tag {element}')
    if text.startswith("/") or posixpath.normpath(text).split("/")[0] == "..":
        verb = "include" if element == "include" else "access"
        raise page.error(f'unable to {verb} file "{text}"', _PARSED)
    return text


def _look_up(page: Page, name: str, target: str, runs: bool) -> Request | None:
    """Return the subrequest for a target, None for what cannot be one; it is over if nobody `runs` it.

    A `file` stands beside the page's file, wherever its URL would lead.
    """
    found: Request | None = None
    filename = None
    if name == "file":
        if page.request.filename is not None:
            filename = posixpath.join(posixpath.dirname(page.request.filename), target)
        target = escape_path(target)

    async def look_up() -> None:
        nonlocal found
        found = await lookup_included(page.request, target, filename)
        if not runs or found.status != 200:
            await end_look_up(found)

    try:
        _wait_for(page, look_up())
    except BadRequest:
        return None
    return found


def _wait_for(page: Page, coroutine: Coroutine[Any, Any, None]) -> None:
    redirector = page.request.connection.redirector
    assert redirector is not None, "pages with includes are made on behalf of a connection"
    redirector.complete(page.request, coroutine)


def comment(page: Page, attributes: Attributes, write: Write) -> None:
    """Write nothing."""


ELEMENTS: Final[dict[str, Callable[[Page, Attributes, Write], None]]] = {
    "comment": comment,
    "config": configure,
    "echo": echo,
    "flastmod": file_time,
    "fsize": file_size,
    "include": include,
    "printenv": print_environment,
    "set": set_variable,
}
