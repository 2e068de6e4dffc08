"""mod_autoindex: a list of what is in a directory that has no index file (configuration spec 3.15).

Nobody sees a name here whose file would be refused.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import AsyncIterator
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from olexd.config.core import CoreDir
from olexd.config.module import ModuleSpec
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.generators.autoindex.listing import Entry, Wish, sort_entries, wish_of
from olexd.modules.generators.autoindex.settings import DIRECTIVES, IndexDir
from olexd.modules.sizes import short_size
from olexd.phases.hooks import Answer, Hook, Module, Phase
from olexd.phases.respond import signature
from olexd.phases.sides import to_pool
from olexd.phases.subrequest import lookup_file, lookup_uri
from olexd.phases.walk import DIRECTORY_HANDLER
from olexd.status import DECLINED, FORBIDDEN, OK, UNAUTHORIZED
from olexd.uri import decode_text, escape_path

MAX_TEXT: Final = 1024 * 1024
"""Bytes of a header or readme file that are shown."""
_PAGE: Final = (
    Environment(loader=PackageLoader("olexd", "templates"), autoescape=select_autoescape(["html"]))
    .get_template("index.html")
)  # fmt: skip
_COLUMNS: Final = (
    ("N", "Name", ""),
    ("M", "Last modified", "suppresslastmodified"),
    ("S", "Size", "suppresssize"),
    ("D", "Description", "suppressdescription"),
)


def handle(request: Request) -> Answer:
    """Answer with the list of a directory, where the Options allow it."""
    found = request.stat
    if found is None or not stat.S_ISDIR(found.st_mode) or request.method not in ("GET", "HEAD"):
        return DECLINED
    loaded = request.connection.config.loaded
    if request.handler not in (None, DIRECTORY_HANDLER) or (loaded and "autoindex" not in loaded):
        return DECLINED
    return _list(request)


async def _list(request: Request) -> int:
    conf = request.conf[IndexDir]
    await to_pool(request)
    wish = wish_of(request.args, conf)
    try:
        entries = [entry async for entry in _entries(request, conf, wish)]
    except OSError as error:
        message = f"AH01275: Can't open directory for index: {request.filename} ({error.strerror})"
        log_request(request, message, Level.ERR, "autoindex")
        return FORBIDDEN
    header = await _text(request, conf.header)
    page = _PAGE.render(
        path=request.uri.rstrip("/") or "/",
        fancy=conf.has("fancyindexing") if wish.fancy is None else wish.fancy > 0,
        columns=_columns(conf, wish),
        rows=[_row(entry, conf) for entry in sort_entries(entries, wish, conf)],
        parent=_parent(request, conf),
        header=header,
        readme=await _text(request, conf.readme),
        preamble=not (conf.has("suppresshtmlpreamble") and header is not None and header.whole),
        style_sheet=conf.style_sheet,
        head_insert=Markup(conf.head_insert),
        signature=signature(request),
        charset=conf.value("charset", "ISO-8859-1"),
    )
    _send(request, conf, page)
    return OK


def _send(request: Request, conf: IndexDir, page: str) -> None:
    charset = conf.value("charset", "ISO-8859-1")
    request.content_type = f"{conf.value('type', 'text/html')};charset={charset}"
    try:
        body = page.encode(charset, "xmlcharrefreplace")
    except LookupError:
        body = page.encode("ascii", "xmlcharrefreplace")
    if not request.header_only:
        request.output.write(body, False)


def _parent(request: Request, conf: IndexDir) -> str:
    """Return the URL path of the directory above, "" where there is none to show."""
    if request.uri == "/" or _is_ignored(conf, ".."):
        return ""
    return escape_path(request.uri[: request.uri.rstrip("/").rfind("/") + 1])


# Entries


def _is_ignored(conf: IndexDir, name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in conf.ignored)


async def _entries(request: Request, conf: IndexDir, wish: Wish) -> AsyncIterator[Entry]:
    directory = (request.filename or "").rstrip("/") + "/"
    for name in os.listdir(directory):
        if _is_ignored(conf, name) or not _is_text(name):
            continue
        if wish.pattern is not None and not wish.pattern.fullmatch(name):
            continue
        found = await _visible(request, conf, directory + name)
        if found is not None:
            yield _entry(conf, directory, name, found)


def _is_text(name: str) -> bool:
    """Return whether a name can be asked for: not one that is not UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _visible(request: Request, conf: IndexDir, path: str) -> os.stat_result | None:
    """Return what a file is if the client may have it, else None."""
    try:
        found = await lookup_file(request, path)
    except BadRequest:
        return None
    allowed = found.status == 200 or (conf.has("showforbidden") and found.status in (UNAUTHORIZED, FORBIDDEN))
    return found.stat if allowed else None


def _entry(conf: IndexDir, directory: str, name: str, found: os.stat_result) -> Entry:
    is_directory = stat.S_ISDIR(found.st_mode)
    slash = "/" if is_directory else ""
    return Entry(
        name + slash,
        # A colon in the first segment would be read as the end of a scheme.
        ("./" if ":" in name else "") + escape_path(name) + slash,
        found.st_mtime,
        -1 if is_directory else found.st_size,
        _description(conf, directory, name),
    )


def _description(conf: IndexDir, directory: str, name: str) -> str:
    for known in conf.descriptions:
        if known.pattern.fullmatch(directory + name if known.whole else name):
            return known.text
    return ""


# The page


def _columns(conf: IndexDir, wish: Wish) -> list[dict[str, str]]:
    """Return the headings; each leads to the list sorted by it, the present one to the other direction."""
    sortable = not (conf.has("suppresscolumnsorting") or conf.has("ignoreclient"))
    columns = []
    for key, title, suppressed in _COLUMNS:
        if suppressed and conf.has(suppressed):
            continue
        direction = "D" if key == wish.key and wish.direction == "A" else "A"
        href = f"?C={key};O={direction}{wish.rest}" if sortable else ""
        columns.append({"key": key, "title": title, "href": href})
    return columns


def _row(entry: Entry, conf: IndexDir) -> dict[str, object]:
    width = conf.value("namewidth", "*")
    name = entry.name
    if width != "*" and len(name) > int(width):
        name = name[: int(width) - 3] + "..>"
    return {
        "href": entry.href,
        "title": entry.name,
        "is_directory": entry.is_directory,
        "N": name,
        "M": time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.modified)),
        "S": short_size(entry.size).strip(),
        "D": Markup(entry.description),
    }


class _Text(Markup):
    """A header or readme as it stands in the page; `whole` says that it is a page of its own."""

    whole = False


async def _text(request: Request, name: str) -> _Text | None:
    """Return a file's content for the page, if the client may have it and it is text."""
    if not name:
        return None
    path = name if name.startswith("/") else request.uri.rpartition("/")[0] + "/" + name
    try:
        found = await lookup_uri(request, escape_path(path))
    except BadRequest:
        return None
    kind = (found.content_type or "").partition(";")[0].lower()
    if found.status != 200 or found.stat is None or found.handler is not None or not kind.startswith("text/"):
        return None
    content = await _read(request, found)
    if content is None:
        return None
    text = _Text(content) if kind == "text/html" else _Text(Markup("<pre>{}</pre>").format(content))
    text.whole = kind == "text/html"
    return text


async def _read(request: Request, found: Request) -> str | None:
    await to_pool(request)
    try:
        if found.stat is None or not stat.S_ISREG(found.stat.st_mode):
            return None
        with open(found.filename or "", "rb") as file:
            data = file.read(MAX_TEXT)
    except OSError as error:
        log_request(request, f"cannot read {found.filename}: {error.strerror}", Level.ERR, "autoindex")
        return None
    return decode_text(data)


def _wanted(settings: Settings) -> bool:
    return "indexes" in settings[CoreDir].options


MODULE: Final = Module(
    ModuleSpec("autoindex", ("autoindex_module", "mod_autoindex.c"), (), (IndexDir,), DIRECTIVES),
    (Hook(Phase.HANDLER, handle, wanted=_wanted),),
)
