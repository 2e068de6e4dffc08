"""From URL to file: which sections a request is subject to, and what its path leads to.

Configuration spec 2.4 (order of merging) and 3.3 (directory walk).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.htaccess import HtaccessError
from olexd.config.sections import match_files, match_proxies
from olexd.config.server import Branches, HostConfig, Htaccess, Section, SectionKind, is_dynamic
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.status import FORBIDDEN, OK
from olexd.uri import settle_path

PROXY_PREFIX: Final = "proxy:"
"""What the file name of a proxied request begins with; its backend's URL follows."""
PROXYREQ_REVERSE: Final = 2
"""`proxyreq` of a request that another server answers in our name."""
DIRECTORY_HANDLER: Final = "httpd/unix-directory"
"""The handler of a directory to which nothing else was given."""
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR)


def location_walk(request: Request) -> None:
    """Put the settings of the Locations that match into force."""
    host = request.host
    _put_into_force(request, host.locations.match(request.uri), host.dynamic)


def leave_sections(request: Request) -> None:
    """Let the host's settings alone be in force, as where a walk came to no good end."""
    request.sections = ()
    request.conf = request.host.merged()


def is_proxied(request: Request) -> bool:
    """Return whether a backend is to answer the request."""
    return request.proxyreq != 0 and (request.filename or "").startswith(PROXY_PREFIX)


def proxy_walk(request: Request) -> None:
    """Put the sections for the backend's URL into force, then the Locations'; no files are involved."""
    host = request.host
    url = (request.filename or "").removeprefix(PROXY_PREFIX)
    sections = (*match_proxies(host.proxies, url), *host.locations.match(request.uri))
    _put_into_force(request, sections, host.dynamic)


def _put_into_force(request: Request, sections: tuple[Section, ...], dynamic: bool) -> None:
    """Merge sections; where they are `dynamic` also what only the request itself decides."""
    request.sections = sections
    request.conf = request.host.merged(sections)
    if dynamic:
        _note_groups(request)
        if_walk(request)


def if_walk(request: Request) -> None:
    """Add the `<If>` sections that hold: those outside of sections, those in sections, then nested ones."""
    provider = RequestVariables(request)
    waiting = [*request.host.ifs, *(branches for section in request.sections for branches in section.ifs)]
    chosen: list[Section] = []
    while waiting:
        found = [section for branches in waiting if (section := _branch(branches, provider))]
        waiting = [branches for section in found for branches in section.ifs]
        chosen += found
    if chosen:
        request.sections = (*request.sections, *chosen)
        request.conf = request.host.merged(request.sections)


def _branch(branches: Branches, provider: RequestVariables) -> Section | None:
    """Return the first of an `<If>` and its `<ElseIf>` and `<Else>` that applies."""
    return next(
        (section for section in branches if section.condition is None or provider.holds(section.condition)),
        None,
    )


def directory_walk(request: Request) -> int:
    """Find what `request.filename` leads to and put all matching sections into force.

    Sets `filename`, `path_info`, `stat`, `canonical_filename`. Blocks on the file system. Returns OK, or 403
    for what may not be looked at.
    """
    assert request.filename is not None
    mapped = _settled(request.filename)
    if mapped is None:
        log_request(request, f"AH00116: Cannot map {request.uri} to file", Level.ERR, "core")
        return FORBIDDEN
    try:
        _resolve(request, mapped)
    except OSError as error:
        log_request(request, f"access to {request.uri} denied ({error.strerror})", Level.ERR, "core")
        return FORBIDDEN
    try:
        own = _apply_sections(request)
    except HtaccessError as error:
        level = Level.CRIT if error.status == FORBIDDEN else Level.ALERT
        log_request(request, str(error), level, "core")
        return error.status
    if request.stat is not None and not _plain(request.stat):
        log_request(request, f"object is not a file or directory: {request.filename}", Level.ERR, "core")
        return FORBIDDEN
    return _check_links(request, own)


def _settled(mapped: str) -> str | None:
    """Return a mapped path as sections are compared with it, None for one that leaves the root.

    An Alias with a slash too many, or a handler, can put double slashes and dot segments into it.
    """
    if ("//" not in mapped and "/." not in mapped) or not mapped.startswith("/"):
        return mapped
    return settle_path(mapped)


def _resolve(request: Request, mapped: str) -> None:
    """Split the mapped path into the file it leads to and the path info behind it."""
    request.canonical_filename = mapped
    found = _stat(mapped)
    if found is not None:
        request.filename, request.path_info, request.stat = mapped, "", found
        return
    head, info = mapped, ""
    while True:
        parent, slash, name = head.rpartition("/")
        found = _stat(parent or "/")
        if found is None:
            head, info = parent, slash + name + info
            continue
        if stat.S_ISDIR(found.st_mode):
            if os.path.lexists(head):
                raise OSError(errno.ENOENT, "symbolic link that leads nowhere")
            request.filename, request.path_info, request.stat = head, info, None
        else:
            request.filename, request.path_info, request.stat = parent, slash + name + info, found
        request.canonical_filename = request.filename
        return


def _stat(path: str) -> os.stat_result | None:
    """Return what `path` is, None when it does not exist; raise OSError when it may not be known."""
    try:
        return os.stat(path)
    except OSError as error:
        if error.errno in _MISSING:
            return None
        raise
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None


def _plain(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)


def _apply_sections(request: Request) -> Sequence[tuple[int, Section]]:
    """Merge Directory, Files and Location sections, in this order; return what .htaccess files added."""
    host = request.host
    filename = request.filename or ""
    # Sections for directories that do not exist never apply: a missing last component is left out.
    walked = filename if request.stat is not None else filename.rpartition("/")[0] + "/"
    own = () if host.htaccess is None else _htaccess(request, host.htaccess, walked)
    directories = host.directories.match(walked, own, filename)
    files = host.files
    for section in directories:
        if section.files:
            files = (*files, *section.files)
    named = match_files(files, filename.rpartition("/")[2]) if files else ()
    located = host.locations.match(request.uri)
    sections = (*directories, *named, *located) if directories or named else located
    dynamic = host.dynamic or (bool(own) and any(is_dynamic(section) for _, section in own))
    _put_into_force(request, sections, dynamic)
    return own


def _note_groups(request: Request) -> None:
    """Put what named groups of the sections' patterns caught into the environment, as MATCH_NAME."""
    for section in request.sections:
        if section.regex is None or not section.regex.groupindex:
            continue
        match = section.regex.search(_subject(request, section.kind))
        for name, value in match.groupdict().items() if match is not None else ():
            if value is not None:
                request.subprocess_env[f"MATCH_{name.upper()}"] = value.encode("utf-8", "surrogateescape")


def _subject(request: Request, kind: SectionKind) -> str:
    if kind is SectionKind.LOCATION_MATCH:
        return request.uri
    if kind is SectionKind.DIRECTORY_MATCH:
        return request.filename or ""
    if kind is SectionKind.PROXY_MATCH:
        return (request.filename or "").removeprefix(PROXY_PREFIX)
    return (request.filename or "").rpartition("/")[2]


def _htaccess(request: Request, files: Htaccess, walked: str) -> list[tuple[int, Section]]:
    """Return what the .htaccess files on the way to a file or directory say."""
    directory = _directory(request, walked)
    return files.find(directory, lambda message: log_request(request, message, Level.WARNING, "core"))


def _directory(request: Request, path: str) -> str:
    """Return the directory that the request's `path` is, or is in, with a slash at the end."""
    if path.endswith("/"):
        return path
    found = request.stat
    is_directory = found is not None and stat.S_ISDIR(found.st_mode)
    return path + "/" if is_directory else path[: path.rfind("/") + 1]


def _check_links(request: Request, own: Sequence[tuple[int, Section]]) -> int:
    """Refuse symbolic links that the Options of the directory they stand in do not let be followed.

    `own` is what the .htaccess files on the way say.
    """
    host = request.host
    if not _minds_links(host) and not (own and any(_forbids_links(section.settings) for _, section in own)):
        return OK
    root = host.server[CoreServer].document_root
    path = request.filename or ""
    start = len(root) if path.startswith(root) else 0
    directory = _directory(request, path)
    for end in [i for i, char in enumerate(path) if char == "/" and i > start] + [len(path)]:
        part = path[:end]
        # What a section says of the link's own target must not decide whether it is reached.
        holder = part[: part.rfind("/")] + "/"
        if host.htaccess is None or holder == directory:
            found = own
        else:
            found = host.htaccess.find(holder, lambda message: None)
        core = host.merged(host.directories.match(holder, found))[CoreDir]
        if core.follows_symlinks:
            continue
        if not _is_link(part):
            request.checked_name = part
        elif not (core.follows_own_symlinks and _same_owner(part)):
            log_request(request, f"symbolic link not allowed: {part}", Level.ERR, "core")
            return FORBIDDEN
    return OK


@lru_cache(1024)
def _minds_links(host: HostConfig) -> bool:
    """Return whether links are not followed somewhere on a host; mostly they are everywhere."""
    return _forbids_links(host.base) or any(
        _forbids_links(section.settings) for section in host.directories.sections
    )


def _forbids_links(told: Settings) -> bool:
    flags = told[CoreDir].option_flags if CoreDir in told else None
    return isinstance(flags, Mapping) and flags.get("followsymlinks") is False


def _is_link(path: str) -> bool:
    """Return whether a path is a symbolic link, or may be one for all that can be known."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError as error:
        return error.errno not in _MISSING


def _same_owner(path: str) -> bool:
    """Return whether who owns a link owns what it leads to, too."""
    try:
        return os.lstat(path).st_uid == os.stat(path).st_uid
    except OSError:
        return False
