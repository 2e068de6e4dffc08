"""mod_brotli: compressing responses with Brotli (RFC 7932), if the library is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.settings import Merge, setting
from olexd.errorlog import Level
from olexd.model.filters import FilterSource, OutputFilter, Transparent
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.filters.encoding import Coding, ContentEncoder, alter_etag, filter_note, number
from olexd.phases.hooks import Module

try:
    # The library brings no annotations.
    import brotli  # type: ignore[import-untyped]
except ImportError:
    brotli = None

NAME: Final = "brotli_compress"
MISSING: Final = "BROTLI_COMPRESS needs the Brotli library: pip install 'olexd[brotli]'"


@dataclass(frozen=True, slots=True)
class BrotliServer:
    """How responses of a host are compressed. A host that says anything of it starts from nothing."""

    quality: int = setting(5)
    window: int = setting(18)
    block: int = setting(0)
    etag: str = setting("addsuffix")
    notes: Mapping[str, str] = setting({}, Merge.OVERLAY)

    def merged_with(self, inner: BrotliServer) -> BrotliServer:
        """Return what holds for a virtual host."""
        return inner


class BrotliStream:
    """One body in Brotli's format."""

    def __init__(self, quality: int, window: int, block: int) -> None:
        self._stream = brotli.Compressor(quality=quality, lgwin=window, lgblock=block)

    def feed(self, data: bytes) -> bytes:
        """Take a block; return what is ready."""
        return bytes(self._stream.process(data))

    def flush(self) -> bytes:
        """Return the rest of what a reader needs for everything that was fed."""
        return bytes(self._stream.flush())

    def end(self) -> bytes:
        """Return the rest of the body."""
        return bytes(self._stream.finish())


def _refused(request: Request) -> bool:
    env = request.subprocess_env_table
    return env is not None and "no-brotli" in env


BROTLI: Final = Coding("br", _refused, lambda request: False)


def _filter(request: Request, name: str) -> OutputFilter | None:
    if name != NAME:
        return None
    if brotli is None:
        log_request(request, MISSING, Level.ERR, "brotli")
        return Transparent()
    conf = request.host.server[BrotliServer]
    start = partial(BrotliStream, conf.quality, conf.window, conf.block)
    return ContentEncoder(BROTLI, start, conf.etag, conf.notes)


MODULE: Final = Module(
    ModuleSpec(
        "brotli",
        ("brotli_module", "mod_brotli.c"),
        server=(BrotliServer,),
        directives=(
            number(
                "BrotliCompressionQuality",
                "quality",
                0,
                11,
                "BrotliCompressionQuality must be between 0 and 11",
                "From 0, which is fast, to 11, which is small",
                BrotliServer,
            ),
            number(
                "BrotliCompressionWindow",
                "window",
                10,
                24,
                "BrotliCompressionWindow must be between 10 and 24",
                "How far back repetitions are looked for, as a power of two of bytes",
                BrotliServer,
            ),
            number(
                "BrotliCompressionMaxInputBlock",
                "block",
                16,
                24,
                "BrotliCompressionMaxInputBlock must be between 16 and 24",
                "How much is compressed at a time, as a power of two of bytes",
                BrotliServer,
            ),
            alter_etag(
                "BrotliAlterETag",
                "BrotliAlterETag accepts only 'AddSuffix', 'NoChange' and 'Remove'",
                BrotliServer,
            ),
            filter_note("BrotliFilterNote", "Unknown BrotliFilterNote type '{word}'", BrotliServer),
        ),
    ),
    filters=FilterSource(_filter, encodings=frozenset({NAME})),
)
