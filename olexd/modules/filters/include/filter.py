"""The INCLUDES filter: a page goes through it block by block, and its elements are carried out on the way.

Elements that include other URLs wait for them, so blocks that come on the reactor's thread are kept until the
response goes on on a pool thread, at its end at the latest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from olexd.config.core import CoreDir
from olexd.errorlog import Level
from olexd.model.filters import FilterSource, OutputFilter, PassOn
from olexd.model.includes import IncludeError, Place
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.filters.include.conditions import holds
from olexd.modules.filters.include.elements import ELEMENTS
from olexd.modules.filters.include.page import Page
from olexd.modules.filters.include.parser import Attributes, Element, Scanner, decode_entities
from olexd.modules.filters.include.settings import IncludeDir, IncludeServer

NAME: Final = "includes"
_OF: Final = " of parsed document "


class Includes:
    """The filter of one page."""

    def __init__(self, keeps_time: bool) -> None:
        self._keeps_time = keeps_time
        self._started = False
        self._page: Page | None = None
        self._scanner = Scanner()
        self._held: list[bytes] = []
        self._out: list[bytes] = []
        self._pass_on: PassOn = _nowhere

    def changes_length(self, request: Request) -> bool:
        """Whether pages are parsed here."""
        return is_allowed(request)

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Carry out the elements that the block completes."""
        if not self._started:
            self._started = True
            _forget_validators(request, self._keeps_time)
        if not is_allowed(request):
            pass_on(data, last)
            return
        if request.on_reactor:
            self._held.append(data)
            return
        if self._page is None:
            self._scanner = self._new_scanner(request)
            self._page = Page(request)
        self._pass_on = pass_on
        self._work(self._page, b"".join([*self._held, data]), last)
        self._held = []

    def _new_scanner(self, request: Request) -> Scanner:
        server = request.host.server[IncludeServer]
        return Scanner(server.start_tag.encode(), server.end_tag.encode())

    def _work(self, page: Page, data: bytes, last: bool) -> None:
        for piece in self._pieces(page, data):
            if isinstance(piece, Element):
                self._flush()
                self._carry_out(page, piece)
            elif page.printing:
                self._out.append(piece)
        if last:
            self._finish(page)
        elif self._out:
            self._flush()

    def _pieces(self, page: Page, data: bytes) -> list[bytes | Element]:
        try:
            return self._scanner.feed(data)
        except ValueError as error:
            self._fail(page, page.error(str(error)))
            self._scanner = self._new_scanner(page.request)
            return []

    def _finish(self, page: Page) -> None:
        rest, unfinished = self._scanner.finish()
        if page.printing:
            self._out.append(rest)
        else:
            page.log(f"AH01373: missing closing endif directive in parsed document {page.request.filename}")
        if unfinished:
            self._flush()
            self._fail(page, page.error("AH01372: SSI directive was not properly finished at the end", _OF))
        self._pass_on(b"".join(self._out), True)

    def _flush(self) -> None:
        """Hand on what there is: what comes next may take its time."""
        out, self._out = self._out, []
        self._pass_on(b"".join(out), False)

    def _write(self, data: bytes) -> None:
        self._out.append(data)

    def _stream(self, data: bytes) -> None:
        """Hand on a part of what is included."""
        self._out.append(data)
        self._flush()

    def _carry_out(self, page: Page, element: Element) -> None:
        condition = CONDITIONS.get(element.name)
        try:
            if condition is not None:
                condition(page, element.attributes)
            else:
                self._write_element(page, element)
        except IncludeError as error:
            self._fail(page, error)
            if element.name in ("if", "elif"):
                # Which branch was meant is unknown: none is taken.
                page.printing, page.taken = False, True

    def _write_element(self, page: Page, element: Element) -> None:
        own = ELEMENTS.get(element.name)
        added = page.request.phases.elements.get(element.name)
        if own is None and added is None:
            if not element.name:
                raise page.error("AH01368: missing directive name in parsed document", " ")
            raise page.error(f'AH01371: unknown directive "{element.name}" in parsed doc', " ")
        if not page.printing:
            return
        if added is not None:
            decoded = [(name, value and decode_entities(value)) for name, value in element.attributes]
            added(Place(page.request, self._write, self._flush, page.no_exec), decoded)
        elif own is not None:
            own(page, element.attributes, self._stream if element.name == "include" else self._write)

    def _fail(self, page: Page, error: IncludeError) -> None:
        if str(error):
            page.log(str(error))
        if page.printing:
            self._out.append(page.error_message)


def _nowhere(data: bytes, last: bool) -> None:
    """Stand for the next filter before there is one."""


def is_allowed(request: Request) -> bool:
    """Return whether Options let pages be parsed for this request."""
    return bool(request.conf[CoreDir].options & {"includes", "includesnoexec"})


def _forget_validators(request: Request, keeps_time: bool) -> None:
    conf = request.conf[IncludeDir]
    if not conf.etag:
        del request.headers_out["ETag"]
    if is_allowed(request):
        if not (keeps_time or conf.last_modified):
            del request.headers_out["Last-Modified"]
    else:
        log_request(
            request,
            "AH01374: mod_include: Options +Includes (or IncludesNoExec) wasn't set, "
            f"INCLUDES filter removed: {request.uri}",
            Level.WARNING,
            "include",
        )


# Conditions


def _holds(page: Page, attributes: Attributes, element: str) -> bool:
    name, value = attributes[0] if attributes else ("", None)
    if len(attributes) > 1:
        raise page.error(f"AH01352: too many arguments for {element} element")
    if not attributes:
        raise page.error(f"AH01353: missing expr argument for {element} element")
    if name != "expr":
        raise page.error(f'AH01354: unknown parameter "{name}" to tag {element}')
    if value is None:
        raise page.error(f"AH01355: missing expr value for {element} element")
    return holds(page, value, page.request.conf[IncludeDir].legacy_expressions)


def _if(page: Page, attributes: Attributes) -> None:
    if not page.printing:
        page.skipped += 1
        return
    page.printing = page.taken = _holds(page, attributes, "if")


def _elif(page: Page, attributes: Attributes) -> None:
    if page.skipped:
        return
    if page.taken:
        page.printing = False
        return
    # If it cannot be read, the page says so in its place.
    page.printing = True
    page.printing = page.taken = _holds(page, attributes, "elif")


def _else(page: Page, attributes: Attributes) -> None:
    if page.skipped:
        return
    if attributes:
        raise page.error("AH01360: else directive does not take tags")
    page.printing = not page.taken
    page.taken = True


def _endif(page: Page, attributes: Attributes) -> None:
    if attributes:
        raise page.error("AH01361: endif directive does not take tags")
    if page.skipped:
        page.skipped -= 1
    else:
        page.printing = page.taken = True


CONDITIONS: Final[dict[str, Callable[[Page, Attributes], None]]] = {
    "if": _if,
    "elif": _elif,
    "else": _else,
    "endif": _endif,
}


def _find(request: Request, name: str) -> OutputFilter | None:
    if name != NAME:
        return None
    # What a page includes may have changed although its own file has not.
    keeps_time = keeps_modification_time(request)
    request.no_local_copy = request.no_local_copy or not keeps_time
    return Includes(keeps_time)


def keeps_modification_time(request: Request) -> bool:
    """Return whether XBitHack lets the file's time of change stand for the page: group execute says so."""
    found = request.stat
    full = request.conf[IncludeDir].xbit_hack == "full"
    return full and found is not None and bool(found.st_mode & 0o010)


FILTERS: Final = FilterSource(_find)
