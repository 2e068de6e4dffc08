"""mod_deflate and mod_brotli: streams, flushes, memory, the order of filters, values of directives."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Any

import brotli
import pytest

from olexd.model.conditions import accepts_coding
from olexd.model.filters import OutputChain, PassOn, Transparent
from olexd.model.request import Request
from olexd.modules.filters import brotli as mod_brotli
from olexd.modules.filters.brotli import BROTLI, BrotliServer, BrotliStream
from olexd.modules.filters.deflate import GZIP, DeflateServer, Gzip
from olexd.modules.filters.encoding import HELD, Coding, Compressor, ContentEncoder
from tests.unit.support import complaint, configure, get, make_request

LINES = b"0123456789abcde\n" * 400


def accepting(coding: str) -> Request:
    """Return a request of a client that accepts a coding."""
    return make_request(configure(""), headers=[("Accept-Encoding", coding)])


def encoder(coding: Coding = GZIP) -> ContentEncoder:
    def start() -> Compressor:
        return Gzip(6, 15, 9) if coding is GZIP else BrotliStream(5, 18, 0)

    return ContentEncoder(coding, start, "addsuffix", {})


def sent(request: Request, *blocks: tuple[bytes, bool], coding: Coding = GZIP) -> list[bytes]:
    """Return what a chain with one encoder hands on; each block is given with whether it is flushed."""
    chain = request.output_filters = OutputChain()
    chain.append(encoder(coding), encodes=True)
    out: list[bytes] = []
    for data, flush in blocks:
        chain.push(request, data, False, lambda data, last: out.append(data), flush)
    chain.push(request, b"", True, lambda data, last: out.append(data))
    return out


class TestStream:
    def test_whole(self) -> None:
        """A body in several blocks is one member that any reader takes."""
        out = sent(accepting("gzip"), (LINES, False), (LINES, False))
        assert gzip.decompress(b"".join(out)) == LINES * 2

    def test_flush(self) -> None:
        """What is flushed can be read before the rest comes."""
        out = sent(accepting("gzip"), (b"first ", True), (b"second", True))
        reader = zlib.decompressobj(31)
        assert [reader.decompress(data) for data in out[:2]] == [b"first ", b"second"]

    def test_flush_of_brotli(self) -> None:
        """Brotli's, too."""
        out = sent(accepting("br"), (b"first ", True), (b"second", True), coding=BROTLI)
        reader = brotli.Decompressor()
        assert [reader.process(data) for data in out[:2]] == [b"first ", b"second"]

    def test_unflushed_waits(self) -> None:
        """Small parts go out together."""
        assert len(sent(accepting("gzip"), *[(b"part", False)] * 100)) == 1

    def test_bounded(self) -> None:
        """A large block goes on in parts, as it is compressed."""
        noise = os.urandom(1_000_000)
        out = sent(accepting("gzip"), (noise, False))
        assert gzip.decompress(b"".join(out)) == noise
        assert max(map(len, out)) < 3 * 65536
        assert all(len(part) > HELD for part in out[:-1])

    def test_size_beyond_32_bits(self) -> None:
        """The size at the end is modulo 2**32, as RFC 1952 has it."""
        stream = Gzip(1, 15, 9)
        stream.feed(b"x")
        stream._size += 2**32
        assert stream.end()[-4:] == b"\1\0\0\0"

    def test_length(self) -> None:
        """A Content-Length that was set does not outlive the compression."""
        request = accepting("gzip")
        request.headers_out["Content-Length"] = str(len(LINES))
        sent(request, (LINES, False))
        assert "Content-Length" not in request.headers_out

    def test_length_of_what_is_not_compressed(self) -> None:
        """For others it stays."""
        request = accepting("br")
        request.headers_out["Content-Length"] = str(len(LINES))
        assert sent(request, (LINES, False))[0] == LINES
        assert request.headers_out["Content-Length"] == str(len(LINES))


class TestOrder:
    def test_encoders_stay_last(self) -> None:
        """A filter that comes later sees the content, not what is compressed."""

        class Upper(Transparent):
            def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
                pass_on(data.upper(), last)

        request = accepting("gzip")
        chain = request.output_filters = OutputChain()
        chain.append(encoder(), encodes=True)
        chain.append(Upper())
        out: list[bytes] = []
        chain.push(request, b"abc" * 100, True, lambda data, last: out.append(data))
        assert gzip.decompress(b"".join(out)) == b"ABC" * 100
        assert chain.encodes

    def test_none(self) -> None:
        """A chain without encoders, or without anything, does not encode."""
        chain = OutputChain()
        assert not chain.encodes
        chain.append(Transparent())
        assert not chain.encodes


@pytest.mark.parametrize(
    ("value", "expected"),
    [("gzip", True), ("br, GZip", True), ("gzip;q=0.5", True), ("gzip;level=1;q=0", False),
     ("gzip;q=0.000", False), ("gzip ; q=0", False), ("*", False), ("x-gzip", False), ("", False),
     (";,", False)],
)  # fmt: skip
def test_accepts_coding(value: str, expected: bool) -> None:
    """Only the coding's own name counts, and not with a weight of nothing."""
    assert accepts_coding(value, "gzip") is expected


def test_vary_is_not_repeated() -> None:
    """What is said already is not said again."""
    request = accepting("gzip")
    request.headers_out["Vary"] = "Cookie, accept-encoding"
    sent(request, (LINES, False))
    assert request.headers_out["Vary"] == "Cookie, accept-encoding"


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Responses go out as they are, and the log says what is missing."""
    monkeypatch.setattr(mod_brotli, "brotli", None)
    (tmp_path / "f.txt").write_bytes(LINES)
    log = tmp_path / "error.log"
    site = configure(f"ErrorLog {log}\nDocumentRoot {tmp_path}\nSetOutputFilter BROTLI_COMPRESS")
    assert get(site, "/f.txt", accept_encoding="br").body == LINES
    assert "pip install" in log.read_text()


def test_a_host_of_its_own() -> None:
    """A virtual host that says anything of it takes nothing from the main server."""
    site = configure(
        "DeflateAlterETag Remove\nBrotliAlterETag Remove\nListen 80\n"
        "<VirtualHost *>\nDeflateCompressionLevel 1\nBrotliCompressionQuality 1\n</VirtualHost>\n"
        "<VirtualHost *>\n</VirtualHost>"
    )
    found = [(host.server[DeflateServer].etag, host.server[BrotliServer].etag) for host in site.hosts]
    assert found == [("remove", "remove"), ("addsuffix", "addsuffix"), ("remove", "remove")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("DeflateCompressionLevel 0", "Compression Level must be between 1 and 9"),
        ("DeflateCompressionLevel 10", "Compression Level must be between 1 and 9"),
        ("DeflateWindowSize 16", "DeflateWindowSize must be between 1 and 15"),
        ("DeflateMemLevel x", "DeflateMemLevel must be between 1 and 9"),
        ("DeflateFilterNote Sum x", "Unknown note type Sum"),
        ("DeflateAlterETag maybe", "DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'"),
        ("BrotliCompressionQuality 12", "BrotliCompressionQuality must be between 0 and 11"),
        ("BrotliCompressionWindow 9", "BrotliCompressionWindow must be between 10 and 24"),
        ("BrotliFilterNote Sum x", "Unknown BrotliFilterNote type 'Sum'"),
    ],
)
def test_bad_values(line: str, message: str) -> None:
    """Values out of bounds are refused as httpd refuses them."""
    assert message in complaint(line)


@pytest.mark.parametrize("window", range(1, 16))
def test_every_window(window: int) -> None:
    """The smallest windows that the directive takes work as well."""
    stream: Any = Gzip(9, window, 1)
    assert gzip.decompress(stream.feed(LINES) + stream.end()) == LINES
