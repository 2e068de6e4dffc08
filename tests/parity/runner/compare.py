"""Responses as text in which everything that may differ between two correct servers is masked."""

from __future__ import annotations

import difflib
import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import brotli

from tests.parity.runner.case import Case, Expect
from tests.parity.runner.client import Response

BUILT_IN_PAGE = re.compile(
    r"<!DOCTYPE HTML[^>]*>\s*<html[^>]*>\s*<head>\s*(?:<meta[^>]*>\s*)?"
    r"<title>(\d{3} [^<]*)</title>.*?</html>\s*",
    re.S | re.I,
)
FRAME = re.compile(r'  File (?:&quot;|")(?P<file>.*?)(?:&quot;|"), line \d+, in .*\n(?:    .*\n)*\n?')
MASKS = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "SESSION-ID"),
    (re.compile(r" at 0x[0-9a-f]+"), " at 0xADDRESS"),
    (re.compile(r"(expires=)\w+, \d+[- ]\w+[- ]\d+ [\d:]+ GMT", re.I), r"\1SOME-DATE"),
)
DECODERS = {"gzip": gzip.decompress, "br": brotli.decompress}
FRAMING = ("content-length", "transfer-encoding")
"""How a built-in page is framed is not compared: its text and so its length are each server's own."""
MASKED_HEADERS = {"date": "A-DATE", "server": "A-SERVER", "expires": "A-DATE"}


class View:
    """How responses of one server are read: its port and directories, and the case's own masks."""

    def __init__(self, case: Case, port: int, site: Path, places: Sequence[tuple[Path, str]]) -> None:
        self.case = case
        self.site = str(site)
        self.fixed = [(str(path), name) for path, name in places]
        self.port = re.compile(rf"\b{port}\b")

    def text(self, text: str) -> str:
        """Return `text` with pages, framework frames, paths, ports, addresses and ids masked."""
        text = BUILT_IN_PAGE.sub(r"[built-in page \1]\n", text)
        text = FRAME.sub(lambda found: found[0] if found["file"].startswith(self.site) else "", text)
        for path, name in self.fixed:
            text = text.replace(path, name)
        text = self.port.sub("PORT", text)
        for pattern, replacement in MASKS:
            text = pattern.sub(replacement, text)
        for own, replacement in self.case.masks:
            text = re.sub(own, replacement, text)
        return text

    def render(self, response: Response) -> str:
        """Return a response as lines: status, sorted headers, body."""
        coding = response.value("content-encoding")
        original = decoded(response.body, coding).decode("utf-8", "backslashreplace")
        body = self.text(original)
        lines = [*response.interim, response.status_line or "(no status line)"]
        headers = [
            self.header(name, value, body == original and coding not in DECODERS)
            for name, value in response.headers
            if not ("[built-in page" in body and name.lower() in FRAMING)
        ]
        lines += sorted(headers, key=self.text)
        if response.trouble:
            lines.append(f"(on the wire: {response.trouble})")
        if not response.new_connection:
            lines.append("(on the same connection)")
        return (
            self.text("\n".join(lines)) + "\n\n" + body + ("\n" if body and not body.endswith("\n") else "")
        )

    def header(self, name: str, value: str, body_is_exact: bool) -> str:
        """Return one header line; a length counts when the body is compared as it is, Allow is a set."""
        if name.lower() == "content-length" and not body_is_exact:
            value = "SOME-LENGTH"
        if name.lower() == "allow":
            value = ",".join(sorted(value.split(",")))
        return f"{name}: {MASKED_HEADERS.get(name.lower(), value)}"


def decoded(body: bytes, coding: str | None) -> bytes:
    """Return a body without its content coding: how small it is packed is each server's own."""
    try:
        return DECODERS[coding or ""](body) if body else body
    except (KeyError, OSError, EOFError, zlib.error, brotli.error):
        return body


def difference(ours: str, theirs: str, names: tuple[str, str]) -> str:
    """Return a unified diff of two texts, "" when they are equal."""
    lines = difflib.unified_diff(
        theirs.splitlines(), ours.splitlines(), names[0], names[1], lineterm="", n=30
    )
    return "\n".join(lines)


def unmet(expected: Expect, response: Response) -> list[str]:
    """Return what of the expectation the response does not fulfil."""
    found = []
    if response.status != expected.status:
        found.append(f"status {response.status} instead of {expected.status}")
    for name, pattern in expected.headers.items():
        value = response.value(name.lower())
        if (value is None) != (pattern is None) or (pattern and not re.fullmatch(pattern, value or "")):
            found.append(f"header {name}: {value!r} instead of {pattern!r}")
    body = response.body.decode("utf-8", "backslashreplace")
    if expected.body is not None and not re.fullmatch(expected.body, body, re.S):
        found.append(f"body {body!r} instead of {expected.body!r}")
    if response.trouble != expected.trouble:
        found.append(f"on the wire: {response.trouble or 'nothing wrong'}")
    return found
