"""Pages that are large, deep, or in odd encodings."""

from __future__ import annotations

from tests.parity.cases.pages import CONFIG, page, pages


def nested(statement: str, depth: int) -> str:
    """Return a page whose text is inside that many compound statements."""
    lines = (f"\n{' ' * n}{statement.replace('N', str(n))}:" for n in range(depth))
    return f"<%{''.join(lines)}\n%>inside<%\n%>end"


CHARSETS = ("text/html; charset=utf-8", "text/html; charset=iso-8859-1", "TEXT/PLAIN; CHARSET=latin-1",
            'text/html; charset="utf-16"', "text/plain", "")  # fmt: skip

CASES = [
    page("deep-loops", nested("for iN in range(1)", 18)),
    page("deep-branches", nested("if True", 95)),
    page("too-deep", nested("if True", 105), log=["too many levels of indentation"]),
    page("long-expression", f"<%= {' + '.join(['1'] * 900)} %>"),
    page("deep-expression", f"<%= {'(' * 150}1{')' * 150} %>"),
    page("too-deep-expression", f"<%= {'(' * 250}1{')' * 250} %>", log=["too many nested parentheses"]),
    page("much-text", 'a line of "text" \\n and more \u00e4\n' * 40_000),
    page("one-line", "x" * 1_000_000),
    page("many-expressions", "<%= 1 %>\n" * 5_000),
    page("many-blocks", "<%\nfor i in range(2):\n%><%= i %><%\n%>\n" * 1_000),
    pages(
        "bytes",
        {
            "latin.psp": b"\xe4",
            "mark.psp": b"\xef\xbb\xbftext \xc3\xa4",
            "mark-and-code.psp": b"\xef\xbb\xbf<%= 1 %>",
            "utf-16.psp": "a".encode("utf-16"),
            "declared.psp": b"<%\n# -*- coding: latin-1 -*-\n%>\xc3\xa4<%= '\xc3\xa4' %>",
            "surrogate.psp": b"\xed\xa0\x80",
            "returns.psp": b"a\rb\r<%\rx=1\r%>c<%= x %>",
            "feeds.psp": b"a\x0cb\x0b<%\n\x0cx=1\n%>c",
            "nul.psp": b"a\0b",
        },
        log=["UnicodeDecodeError"],
    ),
    pages(
        "charsets",
        {
            f"{n}.psp": f"<% req.content_type = {kind!r} %>\u00e4<%= '\\u00e4' %><%= '\\u20ac' %>"
            for n, kind in enumerate(CHARSETS)
        },
    ),
    page("charset-by-default", "\u00e4", config=f"{CONFIG}AddDefaultCharset utf-8\n"),
    page("bytes-written", "<% req.write('\u00e4'); req.write(b'\\xff'); req.write('x', 0) %>"),
    page("str-of-a-value", "<%\nclass Own(str):\n    def __str__(self): return 'own'\n\n%><%= Own('x') %>"),
    page(
        "str-that-fails",
        "<%\nclass Own:\n    def __str__(self): raise LookupError('in str')\n\n%><%= Own() %>",
        log=["LookupError: in str"],
    ),
    page("lone-surrogate", "<%= '\\udcff' %>", log=["UnicodeEncodeError"]),
]
