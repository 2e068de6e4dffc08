"""mod_deflate: compressing responses with gzip (configuration spec 3.12)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.settings import Merge, setting
from olexd.model.filters import FilterSource
from olexd.model.request import Request
from olexd.modules.filters.encoding import Coding, ContentEncoder, alter_etag, filter_note, number
from olexd.phases.hooks import Module

NAME: Final = "deflate"
_HEADER: Final = bytes([0x1F, 0x8B, zlib.DEFLATED, 0, 0, 0, 0, 0, 0, 3])
"""RFC 1952: no name, no time, made on Unix."""


@dataclass(frozen=True, slots=True)
class DeflateServer:
    """How responses of a host are compressed. A host that says anything of it starts from nothing."""

    level: int = setting(zlib.Z_DEFAULT_COMPRESSION)
    window: int = setting(15)
    memory: int = setting(9)
    etag: str = setting("addsuffix")
    notes: Mapping[str, str] = setting({}, Merge.OVERLAY)

    def merged_with(self, inner: DeflateServer) -> DeflateServer:
        """Return what holds for a virtual host."""
        return inner


class Gzip:
    """One body in gzip's format (RFC 1952)."""

    def __init__(self, level: int, window: int, memory: int) -> None:
        # zlib has no raw stream with the smallest window.
        self._stream = zlib.compressobj(level, zlib.DEFLATED, -max(window, 9), memory)
        self._check = 0
        self._size = 0
        self._header = _HEADER

    def feed(self, data: bytes) -> bytes:
        """Take a block; return what is ready."""
        self._check = zlib.crc32(data, self._check)
        self._size += len(data)
        return self._begin() + self._stream.compress(data)

    def flush(self) -> bytes:
        """Return the rest of what a reader needs for everything that was fed."""
        return self._begin() + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """Return the rest of the body, with its check sum and size."""
        rest = self._begin() + self._stream.flush()
        return rest + struct.pack("<LL", self._check, self._size & 0xFFFFFFFF)

    def _begin(self) -> bytes:
        header, self._header = self._header, b""
        return header


def _refused(request: Request) -> bool:
    env = request.subprocess_env_table
    if env is None:
        return False
    if "no-gzip" in env:
        return True
    is_page = (request.content_type or "").startswith("text/html")
    return not is_page and env.get("gzip-only-text/html") == "1"


def _forced(request: Request) -> bool:
    env = request.subprocess_env_table
    return env is not None and "force-gzip" in env


# A body has to outweigh gzip's own 18 bytes and what compressing adds to the head.
GZIP: Final = Coding("gzip", _refused, _forced, small=68, frame=18)


def _filter(request: Request, name: str) -> ContentEncoder | None:
    if name != NAME:
        return None
    conf = request.host.server[DeflateServer]
    start = partial(Gzip, conf.level, conf.window, conf.memory)
    return ContentEncoder(GZIP, start, conf.etag, conf.notes)


MODULE: Final = Module(
    ModuleSpec(
        "deflate",
        ("deflate_module", "mod_deflate.c"),
        server=(DeflateServer,),
        directives=(
            number(
                "DeflateCompressionLevel",
                "level",
                1,
                9,
                "Compression Level must be between 1 and 9",
                "From 1, which is fast, to 9, which is small",
                DeflateServer,
            ),
            number(
                "DeflateMemLevel",
                "memory",
                1,
                9,
                "DeflateMemLevel must be between 1 and 9",
                "How much memory compressing a response takes, 1 to 9",
                DeflateServer,
            ),
            number(
                "DeflateWindowSize",
                "window",
                1,
                15,
                "DeflateWindowSize must be between 1 and 15",
                "How far back repetitions are looked for, as a power of two of bytes",
                DeflateServer,
            ),
            alter_etag(
                "DeflateAlterETag",
                "DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'",
                DeflateServer,
            ),
            filter_note("DeflateFilterNote", "Unknown note type {word}", DeflateServer),
        ),
    ),
    filters=FilterSource(_filter, encodings=frozenset({NAME})),
)
