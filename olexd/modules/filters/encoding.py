"""Compressing responses for clients that accept it: what mod_deflate and mod_brotli have in common.

Configuration spec 3.12; RFC 9110 sections 8.4 and 12.5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive
from olexd.model.conditions import accepts_coding
from olexd.model.filters import BLOCK, PassOn, forget_length
from olexd.model.request import Request
from olexd.modules.words import lenient_int, overlay, store_as, store_choice
from olexd.status import NOT_MODIFIED

HELD: Final = 8096
"""Compressed bytes that wait for more, unless the client is to have them at once."""
_PLAIN: Final = frozenset({"", "identity", "7bit", "8bit", "binary"})
"""Content codings that leave the content as it is."""
_NO_CONTENT: Final = 204


class Compressor(Protocol):
    """Compresses one body, block by block."""

    def feed(self, data: bytes) -> bytes:
        """Take a block; return what is ready."""
        ...

    def flush(self) -> bytes:
        """Return the rest of what a reader needs for everything that was fed."""
        ...

    def end(self) -> bytes:
        """Return the rest of the body."""
        ...


@dataclass(frozen=True, slots=True)
class Coding:
    """One way to compress: `token` is its name in header fields and the suffix of entity tags.

    `refused(request)` tells whether the environment forbids it, `forced(request)` whether the client is not
    even asked. Bodies that are known to have at most `small` bytes stay as they are. `frame` bytes around the
    compressed ones do not count in the notes.
    """

    token: str
    refused: Callable[[Request], bool]
    forced: Callable[[Request], bool]
    small: int = -1
    frame: int = 0


class ContentEncoder:
    """Compresses the body of one response, or lets it through as it is: the first block decides."""

    def __init__(
        self, coding: Coding, start: Callable[[], Compressor], etag: str, notes: Mapping[str, str]
    ) -> None:
        self._coding = coding
        self._start = start
        self._etag = etag
        self._notes = notes
        self._compressor: Compressor | None = None
        self._decided = False
        self._held: list[bytes] = []
        self._size = self._taken = self._given = 0

    def changes_length(self, request: Request) -> bool:
        """Not known before the first block."""
        return False

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Compress a block; what is ready is handed on when it is much, flushed or the last."""
        if not self._decided:
            self._decided = True
            self._decide(request, data, last)
        if self._compressor is None or (request.header_only and request.output.committed):
            pass_on(data, last)
        else:
            self._compress(self._compressor, request, data, last, pass_on)

    def _decide(self, request: Request, data: bytes, last: bool) -> None:
        if request.status == NOT_MODIFIED:
            if (request.headers_out.get("ETag") or "").endswith(f'-{self._coding.token}"'):
                _vary(request)
            return
        if (last and len(data) <= self._coding.small) or not self._fits(request):
            return
        _vary(request)
        if not self._coding.forced(request):
            accepted = request.headers_in.get("Accept-Encoding")
            if accepted is None or not accepts_coding(accepted, self._coding.token):
                return
        self._announce(request)
        self._compressor = self._start()

    def _fits(self, request: Request) -> bool:
        """Whether the response is one to be compressed, whoever asks."""
        return not (
            request.main is not None
            or request.status == _NO_CONTENT
            or "Content-Range" in request.headers_out
            or self._coding.refused(request)
            or _is_encoded(request)
        )

    def _announce(self, request: Request) -> None:
        headers = request.headers_out
        request.content_encoding = None
        headers["Content-Encoding"] = self._coding.token
        forget_length(request)
        del headers["Content-MD5"]
        tag = headers.get("ETag")
        if tag and self._etag == "remove":
            del headers["ETag"]
        elif tag and self._etag == "addsuffix" and tag.endswith('"'):
            headers["ETag"] = f'{tag[:-1]}-{self._coding.token}"'

    def _compress(
        self, compressor: Compressor, request: Request, data: bytes, last: bool, pass_on: PassOn
    ) -> None:
        self._taken += len(data)
        for start in range(0, len(data), BLOCK):
            self._hold(compressor.feed(data[start : start + BLOCK]))
            if self._size > HELD:
                pass_on(self._release(), False)
        if last:
            self._hold(compressor.end())
            self._note(request)
            pass_on(self._release(), True)
        elif request.output_filters is not None and request.output_filters.flushing:
            self._hold(compressor.flush())
            pass_on(self._release(), False)

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        self._given += len(data)

    def _release(self) -> bytes:
        data = b"".join(self._held)
        self._held.clear()
        self._size = 0
        return data

    def _note(self, request: Request) -> None:
        given = self._given - self._coding.frame
        ratio = str(given * 100 // self._taken) if self._taken else "-"
        values = {"input": str(self._taken), "output": str(given), "ratio": ratio}
        for kind, name in self._notes.items():
            request.notes[name] = values[kind]


def _vary(request: Request) -> None:
    """Say that the response depends on what the client accepts, unless that is said already."""
    present = request.headers_out.get("Vary")
    fields = [] if present is None else [field.strip() for field in present.split(",")]
    if "accept-encoding" not in map(str.lower, fields):
        request.headers_out["Vary"] = ", ".join([*fields, "Accept-Encoding"])


def _is_encoded(request: Request) -> bool:
    stated = (
        request.content_encoding,
        request.headers_out.get("Content-Encoding"),
        request.err_headers_out.get("Content-Encoding"),
    )
    codings = ",".join(filter(None, stated)).lower().split(",")
    return any(coding.strip() not in _PLAIN for coding in codings)


# Directives


def number(
    name: str, field: str, least: int, most: int, message: str, help: str, target: type[Any]
) -> Directive:
    """Return the row of a directive that takes a number within bounds."""

    def convert(word: str) -> int:
        value = lenient_int(word)
        if not least <= value <= most:
            raise ValueError
        return value

    return Directive(name, Context.SV, Arity.ONE, target, store_as(field, convert, message), help)


def alter_etag(name: str, message: str, target: type[Any]) -> Directive:
    """Return the row that says what becomes of entity tags."""
    choices = {"addsuffix": "addsuffix", "nochange": "nochange", "remove": "remove"}
    apply = store_choice("etag", choices, message)
    help = "What becomes of the entity tag of a compressed response: AddSuffix, NoChange or Remove"
    return Directive(name, Context.SV, Arity.ONE, target, apply, help, "AddSuffix")


def filter_note(name: str, message: str, target: type[Any]) -> Directive:
    """Return the row that names a note of the request about what compressing did."""

    def entry(args: Args) -> dict[str, str]:
        kind = args.words[0].lower() if len(args.words) == 2 else "ratio"
        if kind not in ("input", "output", "ratio"):
            raise DirectiveError(message.format(word=args.words[0]))
        return {kind: args.words[-1]}

    help = "A note, for logs, of a response's size before (Input) and after (Output), or the Ratio in percent"
    return Directive(name, Context.SV, Arity.ONE_OR_TWO, target, overlay("notes", entry), help)
