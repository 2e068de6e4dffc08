"""Raw requests and what the wire answers to them: one table for the parser and for live servers.

Each case is the first thing a client sends on a connection. `status` None: the request is accepted (what
the server then answers is not the wire's business). The limits are httpd's defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Stage(Enum):
    """Which part of the request decides."""

    HEAD = "head"
    BODY = "body"
    """The head is accepted; the chunked body is refused (or accepted)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request: its bytes, the status it is refused with (None: accepted), and why.

    `apache` is what httpd 2.4 answers where that differs: a status, or None where it serves the request.
    """

    name: str
    raw: bytes
    status: int | None
    note: str
    stage: Stage = Stage.HEAD
    differs: bool = False
    apache: int | None = None


LINE_LIMIT: Final = 8190
FIELD_LIMIT: Final = 8190
FIELDS_LIMIT: Final = 100


def _head(line: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join((line, *fields, b"", b""))


def _get(*fields: bytes) -> bytes:
    return _head(b"GET / HTTP/1.1", b"Host: a.example", *fields)


def _target(target: bytes, method: bytes = b"GET") -> bytes:
    return _head(method + b" " + target + b" HTTP/1.1", b"Host: a.example")


def _version(version: bytes) -> bytes:
    return _head(b"GET / " + version, b"Host: a.example")


def _host(value: bytes) -> bytes:
    return _head(b"GET / HTTP/1.1", b"Host: " + value)


def _chunked(body: bytes) -> bytes:
    return _get(b"Transfer-Encoding: chunked") + body


REQUEST_LINES: Final = (
    Case("plain", _get(), None, "the plainest request"),
    Case("no-fields-1.0", b"GET / HTTP/1.0\r\n\r\n", None, "1.0 needs no Host"),
    Case("empty-lines-first", b"\r\n" * 10 + _get(), None, "empty lines before the request are skipped"),
    Case("endless-empty-lines", b"\r\n" * 11 + _get(), 400, "but not without end"),
    Case("bare-lf-empty-line", b"\n" + _get(), 400, "an empty line that is no CRLF"),
    Case("unknown-method", _target(b"/", b"BREW"), None, "any token is a method"),
    Case("odd-token-method", _target(b"/", b"a!#$%&'*+-.^_`|~9"), None, "all token characters"),
    Case("lower-case-method", _target(b"/", b"get"), None, "methods are case-sensitive tokens"),
    Case("method-at", _target(b"/", b"G@T"), 400, "no token"),
    Case("method-bracket", _target(b"/", b"G]T"), 400, "no token"),
    Case("method-nul", _target(b"/", b"G\0T"), 400, "a control character"),
    Case("method-high", _target(b"/", b"G\xe9T"), 400, "no token"),
    Case("method-missing", _head(b" / HTTP/1.1", b"Host: a"), 400, "the line starts with a blank"),
    Case("method-only", _head(b"GET", b"Host: a"), 400, "no target"),
    Case("two-blanks-target", _head(b"GET  / HTTP/1.1", b"Host: a"), 400, "exactly one blank"),
    Case("two-blanks-version", _head(b"GET /  HTTP/1.1", b"Host: a"), 400, "exactly one blank"),
    Case("tab-separator", _head(b"GET\t/ HTTP/1.1", b"Host: a"), 400, "a blank, not a tab"),
    Case("blank-after-version", _head(b"GET / HTTP/1.1 ", b"Host: a"), 400, "nothing after the version"),
    Case("junk-after-version", _head(b"GET / HTTP/1.1 x", b"Host: a"), 400, "nothing after the version"),
    Case("blank-in-target", _head(b"GET /a b HTTP/1.1", b"Host: a"), 400, "a blank ends the target"),
    Case("form-feed-separator", _head(b"GET / \x0cHTTP/1.1", b"Host: a"), 400, "no other white space"),
    Case("cr-in-line", _head(b"GET /\rHTTP/1.1", b"Host: a"), 400, "a bare CR"),
    Case("line-bare-lf", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "lines end with CRLF"),
    Case("all-bare-lf", b"GET / HTTP/1.1\nHost: a\n\n", 400, "lines end with CRLF"),
    Case("last-bare-lf", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "also the last one"),
    Case(
        "tls-hello",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(128)),
        400,
        "TLS on a plain port",
    ),
    Case(
        "http2-preface",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        505,
        "HTTP/2 is not spoken here",
        differs=True,
        apache=400,
    ),
    Case("line-at-limit", _target(b"/?" + b"a" * (LINE_LIMIT - 14)), None, "httpd allows one byte more"),
    Case("line-over-limit", _target(b"/?" + b"a" * (LINE_LIMIT - 13)), 414, "one byte too long"),
    Case(
        "line-endless",
        b"GET /" + b"a" * 9000,
        414,
        "refused before its end is seen (httpd waits for it, then closes)",
    ),
    Case(
        "line-endless-method", b"A" * 9000, 414, "even when no target ever comes (httpd waits, then closes)"
    ),
)

VERSIONS: Final = (
    Case("http-0.9-simple", b"GET /\r\n", 400, "no version, no fields", differs=True, apache=None),
    Case("http-0.9-fields", _head(b"GET /", b"Host: a"), 400, "no version", differs=True, apache=None),
    Case("http-0.9", _version(b"HTTP/0.9"), 400, "0.9 has no version in its line"),
    Case("http-1.2", _version(b"HTTP/1.2"), 505, "a version nobody knows", differs=True, apache=None),
    Case("http-1.9", _version(b"HTTP/1.9"), 505, "a version nobody knows", differs=True, apache=None),
    Case("http-2.0", _version(b"HTTP/2.0"), 505, "another protocol", differs=True, apache=None),
    Case("http-3.0", _version(b"HTTP/3.0"), 505, "another protocol", differs=True, apache=None),
    Case("http-11.1", _version(b"HTTP/11.1"), 400, "one digit"),
    Case("http-1.10", _version(b"HTTP/1.10"), 400, "one digit"),
    Case("http-1", _version(b"HTTP/1"), 400, "no minor number"),
    Case("http-1.", _version(b"HTTP/1."), 400, "no minor number"),
    Case("http-lower", _version(b"http/1.1"), 400, "upper case"),
    Case("http-negative", _version(b"HTTP/-1.1"), 400, "digits"),
    Case("http-blank", _version(b"HTTP /1.1"), 400, "one word"),
    Case("http-letters", _version(b"HTTP/1.x"), 400, "digits"),
    Case("other-protocol", _version(b"RTSP/1.0"), 400, "not HTTP"),
    Case("http-superscript", _version(b"HTTP/1.\xb2"), 400, "ASCII digits"),
)

TARGETS: Final = (
    Case("high-bytes", _target(b"/\xff\xc3\xa4"), None, "bytes from 0x80 pass"),
    Case("odd-bytes", _target(b'/a|b"c<d>{}^`\\'), None, "printable bytes pass"),
    Case("query", _target(b"/?a=b&c=/?"), None, "a query"),
    Case("hash", _target(b"/a#b"), 400, "a fragment never travels"),
    Case("nul-in-target", _target(b"/a\0b"), 400, "a control character"),
    Case("del-in-target", _target(b"/a\x7fb"), 400, "a control character"),
    Case("tab-in-target", _target(b"/a\tb"), 400, "a control character"),
    Case("esc-in-target", _target(b"/a\x1bb"), 400, "a control character"),
    Case("star-get", _target(b"*"), 400, "only OPTIONS asks for *"),
    Case("star-options", _target(b"*", b"OPTIONS"), None, "the server as a whole"),
    Case("star-junk", _target(b"*x", b"OPTIONS"), 400, "neither * nor a path"),
    Case("no-slash", _target(b"a"), 400, "no path"),
    Case("query-only", _target(b"?a"), 400, "no path", differs=True, apache=None),
    Case("dot", _target(b"./a"), 400, "no path"),
    Case("absolute", _target(b"http://b.example/x"), None, "absolute form"),
    Case("absolute-https", _target(b"https://b.example:8443/x?y"), None, "absolute form"),
    Case("absolute-upper", _target(b"HTTP://B.example/x"), None, "schemes have no case"),
    Case("absolute-no-path", _target(b"http://b.example"), None, "an empty path is /"),
    Case("absolute-query", _target(b"http://b.example?x"), None, "an empty path is /"),
    Case("absolute-no-host", _target(b"http:///x"), 400, "no authority", differs=True, apache=None),
    Case("absolute-empty-port", _target(b"http://b.example:/x"), None, "a port may be empty"),
    Case(
        "absolute-bad-port",
        _target(b"http://b.example:0/x"),
        400,
        "no port number",
        differs=True,
        apache=None,
    ),
    Case("absolute-bad-host", _target(b"http://b..example/x"), 400, "an empty label"),
    Case("absolute-user", _target(b"http://u:p@b.example/x"), 400, "no credentials in a target"),
    Case("absolute-ftp", _target(b"ftp://b.example/x"), 400, "not HTTP"),
    Case("absolute-opaque", _target(b"mailto:x@b.example"), 400, "not HTTP"),
    Case(
        "absolute-without-host",
        _head(b"GET http://b.example/ HTTP/1.1"),
        400,
        "1.1 needs a Host all the same",
    ),
    Case("connect", _target(b"b.example:443", b"CONNECT"), 405, "no tunnels"),
    Case("connect-path", _target(b"/", b"CONNECT"), 400, "no tunnels"),
    Case("authority-get", _target(b"b.example:443"), 400, "only CONNECT has that form"),
)

HOSTS: Final = (
    Case("host-missing", _head(b"GET / HTTP/1.1"), 400, "1.1 needs a Host"),
    Case("host-missing-other", _head(b"GET / HTTP/1.1", b"X: y"), 400, "1.1 needs a Host"),
    Case("host-twice", _get(b"Host: a.example"), 400, "two are two, even when equal"),
    Case("host-twice-case", _get(b"hOST: b.example"), 400, "names have no case"),
    Case("host-twice-1.0", _head(b"GET / HTTP/1.0", b"Host: a", b"Host: b"), 400, "in 1.0 too"),
    Case("host-bad-1.0", _head(b"GET / HTTP/1.0", b"Host: a/b"), 400, "in 1.0 too"),
    Case("host-empty", _host(b""), 400, "no name"),
    Case("host-blank", _host(b"  "), 400, "no name"),
    Case("host-empty-1.0", _head(b"GET / HTTP/1.0", b"Host:"), None, "for 1.0 as good as none"),
    Case("host-port", _host(b"a.example:8080"), None, "name and port"),
    Case("host-port-max", _host(b"a.example:65535"), None, "the largest port"),
    Case("host-port-leading-zeros", _host(b"a.example:00080"), None, "digits are digits"),
    Case("host-port-empty", _host(b"a.example:"), 400, "a colon promises a port"),
    Case("host-port-0", _host(b"a.example:0"), 400, "no such port"),
    Case("host-port-big", _host(b"a.example:65536"), 400, "no such port"),
    Case("host-port-huge", _host(b"a.example:99999999999999999999"), 400, "no such port"),
    Case("host-port-word", _host(b"a.example:http"), 400, "digits"),
    Case("host-port-sign", _host(b"a.example:+80"), 400, "digits"),
    Case("host-port-mixed", _host(b"a.example:80x"), 400, "digits"),
    Case("host-port-only", _host(b":80"), 400, "no name"),
    Case("host-two-colons", _host(b"a.example:80:80"), 400, "one port"),
    Case("host-blank-inside", _host(b"a b"), 400, "one word"),
    Case("host-comma", _host(b"a.example, b.example"), 400, "one name"),
    Case("host-comma-tight", _host(b"a.example,b.example"), 400, "one name"),
    Case("host-slash", _host(b"a/b"), 400, "no name character"),
    Case("host-backslash", _host(b"a\\b"), 400, "no name character"),
    Case("host-at", _host(b"u@a.example"), 400, "no name character"),
    Case("host-percent", _host(b"a%2eb"), 400, "no name character"),
    Case("host-star", _host(b"*.example"), 400, "no name character"),
    Case("host-angle", _host(b"<script>"), 400, "no name character"),
    Case("host-quote", _host(b'a"b'), 400, "no name character"),
    Case("host-high", _host(b"\xe4.example"), 400, "no name character"),
    Case("host-empty-label", _host(b"a..b"), 400, "labels are not empty"),
    Case("host-dot", _host(b"."), 400, "the root"),
    Case("host-dots", _host(b".."), 400, "labels are not empty"),
    Case("host-leading-dot", _host(b".a.example"), None, "as httpd"),
    Case("host-trailing-dot", _host(b"a.example."), None, "a full name"),
    Case("host-underscore", _host(b"a_b.example"), None, "as httpd"),
    Case("host-hyphen", _host(b"-a-.example"), None, "as httpd"),
    Case("host-digits", _host(b"123"), 400, "neither a name nor an address"),
    Case("host-digit-label", _host(b"1a.example"), None, "a label may start with a digit"),
    Case("host-numeric-tld", _host(b"a.example.1"), 400, "the last label is no number"),
    Case("host-digit-tld", _host(b"a.1b"), 400, "the last label starts with a letter"),
    Case("host-ipv4", _host(b"127.0.0.1:8080"), None, "an address"),
    Case("host-ipv4-short", _host(b"127.1"), 400, "four numbers"),
    Case("host-ipv4-long", _host(b"1.2.3.4.5"), 400, "four numbers"),
    Case("host-ipv4-big", _host(b"999.1.1.1"), None, "four numbers are four numbers"),
    Case("host-ipv4-dot", _host(b"127.0.0.1."), None, "as httpd"),
    Case("host-ipv6", _host(b"[::1]"), None, "an address in brackets"),
    Case("host-ipv6-port", _host(b"[2001:db8::1]:80"), None, "an address in brackets"),
    Case("host-ipv6-bare", _host(b"::1"), 400, "brackets are needed"),
    Case("host-ipv6-open", _host(b"[::1"), 400, "no closing bracket"),
    Case("host-ipv6-junk", _host(b"[::g]"), 400, "no address"),
    Case("host-ipv6-empty", _host(b"[]"), 400, "no address"),
    Case("host-ipv6-tail", _host(b"[::1]x"), 400, "only a port may follow"),
    Case("host-ipv6-bad-port", _host(b"[::1]:0"), 400, "no such port"),
    Case("host-ipv6-short", _host(b"[1:2]"), 400, "no address"),
    Case("host-ipv6-zone", _host(b"[fe80::1%25eth0]"), 400, "zones are local"),
    Case("host-trailing-blank", _host(b"a.example \t"), None, "blanks around a value do not count"),
)

FIELDS: Final = (
    Case("value-empty", _get(b"X:"), None, "a value may be empty"),
    Case("value-tight", _get(b"X:y"), None, "no blank is needed"),
    Case("value-blanks", _get(b"X: \t y z \t "), None, "blanks around a value do not count"),
    Case("value-high", _get(b"X: \xe4\xff"), None, "bytes from 0x80 pass"),
    Case("name-underscore", _get(b"X_Y: z"), None, "a token character"),
    Case("name-odd", _get(b"!#$%&'*+-.^_`|~9: z"), None, "all token characters"),
    Case("name-blank", _get(b"X : y"), 400, "blank before the colon"),
    Case("name-tab", _get(b"X\t: y"), 400, "blank before the colon"),
    Case("name-inner-blank", _get(b"X Y: z"), 400, "no token"),
    Case("name-empty", _get(b": y"), 400, "no name"),
    Case("name-at", _get(b"X@Y: z"), 400, "no token"),
    Case("name-bracket", _get(b"X]: z"), 400, "no token"),
    Case("name-paren", _get(b"X(: z"), 400, "no token"),
    Case("name-high", _get(b"X\xe4: z"), 400, "no token"),
    Case("name-nul", _get(b"X\0: z"), 400, "a control character"),
    Case("no-colon", _get(b"XY"), 400, "no colon"),
    Case("first-line-blank", _head(b"GET / HTTP/1.1", b" Host: a"), 400, "a continuation of nothing"),
    Case("obs-fold", _get(b"X: y", b" z"), 400, "continuation lines", differs=True, apache=None),
    Case("obs-fold-tab", _get(b"X: y", b"\tz"), 400, "continuation lines", differs=True, apache=None),
    Case(
        "obs-fold-host",
        _head(b"GET / HTTP/1.1", b"Host:", b" a"),
        400,
        "continuation lines",
        differs=True,
        apache=None,
    ),
    Case("obs-fold-empty", _get(b"X: y", b" "), 400, "continuation lines"),
    Case("value-nul", _get(b"X: a\0b"), 400, "a control character"),
    Case("value-cr", _get(b"X: a\rb"), 400, "a bare CR"),
    Case("value-cr-end", _get(b"X: a\r"), 400, "a bare CR"),
    Case("value-bell", _get(b"X: a\x07b"), 400, "a control character"),
    Case("value-esc", _get(b"X: a\x1bb"), 400, "a control character"),
    Case("value-del", _get(b"X: a\x7fb"), 400, "a control character"),
    Case("value-vt", _get(b"X: \x0bb"), 400, "a control character"),
    Case("value-bare-lf", _get(b"X: a\nY: b"), 400, "lines end with CRLF"),
    Case("field-at-limit", _get(b"X: " + b"a" * (FIELD_LIMIT - 2)), None, "httpd allows one byte more"),
    Case("field-over-limit", _get(b"X: " + b"a" * (FIELD_LIMIT - 1)), 400, "one byte too long"),
    Case(
        "field-endless",
        _get()[:-2] + b"X: " + b"a" * 9000,
        400,
        "refused before its end is seen",
        differs=True,
        apache=408,
    ),
    Case(
        "field-endless-name",
        _get()[:-2] + b"a" * 9000,
        400,
        "refused before its end is seen",
        differs=True,
        apache=408,
    ),
    Case("fields-at-limit", _get(*[b"X: y"] * (FIELDS_LIMIT - 1)), None, "as many as allowed"),
    Case("fields-over-limit", _get(*[b"X: y"] * FIELDS_LIMIT), 400, "one too many"),
    Case("fields-endless", _get(*[b"X: y"] * 200)[:-2], 400, "refused before their end is seen"),
    Case(
        "expect",
        _get(b"Expect: 100-continue", b"Content-Length: 1") + b"x",
        None,
        "the one expectation there is",
    ),
    Case("expect-case", _get(b"Expect: 100-Continue", b"Content-Length: 1") + b"x", None, "it has no case"),
    Case("expect-other", _get(b"Expect: 200-ok"), 417, "unknown expectation"),
    Case("expect-list", _get(b"Expect: 100-continue, x"), 417, "unknown expectation"),
    Case("expect-twice", _get(b"Expect: 100-continue", b"Expect: x"), 417, "unknown expectation"),
    Case("expect-empty", _get(b"Expect:"), None, "nothing is expected"),
    Case("expect-1.0", _head(b"GET / HTTP/1.0", b"Expect: x"), 417, "in 1.0 too"),
    Case("upgrade", _get(b"Connection: Upgrade", b"Upgrade: websocket"), None, "Upgrade is an offer"),
    Case(
        "upgrade-h2c",
        _get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
        None,
        "Upgrade is an offer",
    ),
)

FRAMING: Final = (
    Case("length", _get(b"Content-Length: 3") + b"abc", None, "a length"),
    Case("length-zero", _get(b"Content-Length: 0"), None, "an empty body"),
    Case("length-zeros", _get(b"Content-Length: 0003") + b"abc", None, "digits are digits"),
    Case("length-over-max", _get(b"Content-Length: 9223372036854775808"), 400, "more than 63 bits"),
    Case("length-huge", _get(b"Content-Length: " + b"9" * 400), 400, "more than 63 bits"),
    Case("length-twice", _get(b"Content-Length: 3", b"Content-Length: 4") + b"abc", 400, "two lengths"),
    Case("length-twice-equal", _get(b"Content-Length: 3", b"Content-Length: 3") + b"abc", 400, "two lengths"),
    Case("length-list", _get(b"Content-Length: 3, 3") + b"abc", 400, "one number"),
    Case("length-plus", _get(b"Content-Length: +3") + b"abc", 400, "digits"),
    Case("length-minus", _get(b"Content-Length: -1"), 400, "digits"),
    Case("length-blank", _get(b"Content-Length:  3 4") + b"abc", 400, "one number"),
    Case("length-empty", _get(b"Content-Length:"), 400, "no number"),
    Case("length-hex", _get(b"Content-Length: 0x3") + b"abc", 400, "digits"),
    Case("length-underscore", _get(b"Content-Length: 1_0"), 400, "digits"),
    Case("length-dot", _get(b"Content-Length: 3.0") + b"abc", 400, "digits"),
    Case("length-high", _get(b"Content-Length: \xb2"), 400, "ASCII digits"),
    Case("length-word", _get(b"Content-Length: three"), 400, "digits"),
    Case(
        "both",
        _get(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        400,
        "two framings",
        differs=True,
        apache=None,
    ),
    Case(
        "both-other-order",
        _get(b"Transfer-Encoding: chunked", b"Content-Length: 3") + b"0\r\n\r\n",
        400,
        "two framings",
        differs=True,
        apache=None,
    ),
    Case("chunked-case", _get(b"transfer-encoding: CHUNKED") + b"0\r\n\r\n", None, "codings have no case"),
    Case(
        "chunked-list",
        _get(b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
        400,
        "chunked once",
        differs=True,
        apache=None,
    ),
    Case(
        "chunked-twice",
        _get(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        400,
        "chunked once",
        differs=True,
        apache=None,
    ),
    Case(
        "chunked-comma",
        _get(b"Transfer-Encoding: , chunked") + b"0\r\n\r\n",
        400,
        "an empty list element",
        differs=True,
        apache=None,
    ),
    Case(
        "chunked-identity",
        _get(b"Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
        400,
        "chunked comes last",
    ),
    Case(
        "identity-chunked",
        _get(b"Transfer-Encoding: identity, chunked") + b"0\r\n\r\n",
        400,
        "no such coding",
        differs=True,
        apache=None,
    ),
    Case(
        "gzip-chunked",
        _get(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
        400,
        "a coding nobody decodes",
        differs=True,
        apache=None,
    ),
    Case("gzip", _get(b"Transfer-Encoding: gzip"), 400, "a coding nobody decodes"),
    Case("identity", _get(b"Transfer-Encoding: identity"), 400, "no such coding"),
    Case("te-empty", _get(b"Transfer-Encoding:"), 400, "no coding"),
    Case("te-xchunked", _get(b"Transfer-Encoding: xchunked"), 400, "no such coding"),
    Case("te-vt", _get(b"Transfer-Encoding: \x0bchunked"), 400, "a control character"),
    Case("te-quoted", _get(b'Transfer-Encoding: "chunked"'), 400, "no such coding"),
    Case("te-parameter", _get(b"Transfer-Encoding: chunked;q=1"), 400, "chunked has no parameters"),
    Case(
        "te-1.0",
        _head(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        400,
        "1.0 has no codings",
        differs=True,
        apache=None,
    ),
    Case("te-name-blank", _get(b"Transfer-Encoding : chunked"), 400, "blank before the colon"),
)


def _body(
    name: str, body: bytes, status: int | None, note: str, differs: bool = False, apache: int | None = None
) -> Case:
    return Case(name, _chunked(body), status, note, Stage.BODY, differs, apache)


BODIES: Final = (
    _body("chunk-none", b"0\r\n\r\n", None, "an empty body"),
    _body("chunk-one", b"3\r\nabc\r\n0\r\n\r\n", None, "one chunk"),
    _body("chunk-two", b"3\r\nabc\r\n00A\r\n0123456789\r\n000\r\n\r\n", None, "two chunks"),
    _body("chunk-extension", b"3;a\r\nabc\r\n0;b=c\r\n\r\n", None, "extensions are read and ignored"),
    _body("chunk-extension-quoted", b'3;a="b\\"c;d"\r\nabc\r\n0\r\n\r\n', None, "a quoted string"),
    _body("chunk-extension-blank", b"3 ;a=b\r\nabc\r\n0\r\n\r\n", None, "blanks before the semicolon"),
    _body("chunk-trailers", b"0\r\nX: y\r\nZ: \r\n\r\n", None, "trailers are read"),
    _body("chunk-word", b"zz\r\n", 400, "no number"),
    _body("chunk-size-empty", b"\r\nabc\r\n0\r\n\r\n", 400, "no number"),
    _body("chunk-size-0x", b"0x3\r\nabc\r\n0\r\n\r\n", 400, "no prefix"),
    _body("chunk-size-plus", b"+3\r\nabc\r\n0\r\n\r\n", 400, "no sign"),
    _body("chunk-size-minus", b"-3\r\nabc\r\n0\r\n\r\n", 400, "no sign"),
    _body("chunk-size-underscore", b"1_0\r\nabc\r\n0\r\n\r\n", 400, "hexadecimal digits"),
    _body("chunk-size-blank-before", b" 3\r\nabc\r\n0\r\n\r\n", 400, "no blank before the size"),
    _body("chunk-size-blank-inside", b"1 0\r\nabc\r\n0\r\n\r\n", 400, "one number"),
    _body(
        "chunk-size-blank-after",
        b"3 \r\nabc\r\n0\r\n\r\n",
        400,
        "no blank after the size",
        differs=True,
        apache=None,
    ),
    _body("chunk-size-high", b"\xb2\r\nabc\r\n0\r\n\r\n", 400, "hexadecimal digits"),
    _body("chunk-size-absurd", b"FFFFFFFFFFFFFFFF\r\n", 413, "no body is that long"),
    _body("chunk-size-more-absurd", b"FFFFFFFFFFFFFFFFF\r\n", 413, "no body is that long"),
    _body(
        "chunk-size-zeros",
        b"0" * 40 + b"3\r\nabc\r\n0\r\n\r\n",
        413,
        "zeros without end",
        differs=True,
        apache=None,
    ),
    _body("chunk-bare-lf", b"3\nabc\r\n0\r\n\r\n", 400, "lines end with CRLF"),
    _body("chunk-bare-cr", b"3\rabc\r\n0\r\n\r\n", 400, "lines end with CRLF"),
    _body("chunk-data-lf", b"3\r\nabc\n0\r\n\r\n", 400, "data end with CRLF"),
    _body("chunk-data-long", b"3\r\nabcde\r\n0\r\n\r\n", 400, "more data than promised"),
    _body("chunk-data-wrong-end", b"3\r\nabcXX0\r\n\r\n", 400, "the end is looked at"),
    _body("chunk-last-lf", b"0\n\r\n", 400, "lines end with CRLF"),
    _body("chunk-end-lf", b"0\r\n\n", 400, "lines end with CRLF"),
    _body("chunk-extension-nul", b"3;a=\0\r\nabc\r\n0\r\n\r\n", 400, "a control character"),
    _body("chunk-extension-cr", b"3;a\rb\r\nabc\r\n0\r\n\r\n", 400, "a bare CR"),
    _body("chunk-extension-lf", b"3;a\nabc\r\n0\r\n\r\n", 400, "a bare LF"),
    _body("chunk-extension-junk", b"3 a\r\nabc\r\n0\r\n\r\n", 400, "no semicolon"),
    _body(
        "chunk-extension-open-quote",
        b'3;a="b\r\nabc\r\n0\r\n\r\n',
        400,
        "a string without end",
        differs=True,
        apache=None,
    ),
    _body("chunk-extension-endless", b"3;" + b"a" * 9000, 413, "refused before its end is seen"),
    _body("chunk-trailer-no-colon", b"0\r\nXY\r\n\r\n", 400, "no colon"),
    _body("chunk-trailer-blank", b"0\r\nX : y\r\n\r\n", 400, "blank before the colon"),
    _body(
        "chunk-trailer-fold", b"0\r\nX: y\r\n z\r\n\r\n", 400, "continuation lines", differs=True, apache=None
    ),
    _body("chunk-trailer-nul", b"0\r\nX: \0\r\n\r\n", 400, "a control character"),
    _body("chunk-trailer-lf", b"0\r\nX: y\n\r\n", 400, "lines end with CRLF"),
    _body("chunk-trailer-long", b"0\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 400, "limited as fields are"),
    _body("chunk-trailers-many", b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n", 400, "limited as fields are"),
)

CASES: Final = REQUEST_LINES + VERSIONS + TARGETS + HOSTS + FIELDS + FRAMING + BODIES
