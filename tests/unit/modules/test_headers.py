"""Header, SetEnvIf, Expires: what is refused, and what no parity case can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.modules.metadata.expires import Expiry, read_expiry
from olexd.phases.run import serve
from tests.unit.support import complaint, configure, drive, get, make_request


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Header nope X-A b",
            "first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', "
            "'edit', or 'edit*'.",
        ),
        ("Header set X-A", "Header requires three arguments"),
        ("Header", "first argument must be"),
        ("Header set", "Header requires two arguments"),
        ("Header set X-A b c d", "Unknown parameter: c"),
        ("Header unset X-A b", "Header unset takes two arguments"),
        ("Header set X-A %q", "Unrecognized header format %q"),
        ("Header set X-A 100%z", "Unrecognized header format %z"),
        ("Header set X-A %{A}t", "Unrecognized header format %t"),
        ("Header edit X-A ( b", "Header edit regex could not be compiled"),
        ("Header edit X-A b", "Header edit requires a match and a substitution"),
        ("RequestHeader echo X-A", "Header echo only valid on Header directives"),
        ("Header set X-A expr=%{NOPE}", "Can't parse value expression : Variable 'NOPE' does not exist"),
        ("Header set X-A b expr=nope", "Can't parse envclause/expression: syntax error"),
        ("Header set X-A b env=", "error: missing environment variable name"),
        ("SetEnvIf", "Missing header-field name for SetEnvIf"),
        ("SetEnvIf Host", "Missing regular expression for SetEnvIf"),
        ("SetEnvIf Host a", "Missing envariable expression for SetEnvIf"),
        ("SetEnvIf Host ( a", "SetEnvIf regex could not be compiled."),
        ("SetEnvIf ^( a b", "Header name regex could not be compiled."),
        ("SetEnvIfExpr nope a", "Could not parse expression 'nope': syntax error"),
        ("SetEnvIfExpr", "Missing expression for SetEnvIfExpr"),
        ("BrowserMatch", "Missing regular expression for BrowserMatch"),
        ("BrowserMatchNoCase a", "Missing envariable expression for BrowserMatchNoCase"),
        ("ExpiresDefault never", "'ExpiresDefault never': bad expires code, unrecognised <base> 'never'"),
        ('ExpiresDefault "access plus x days"', "numeric value expected"),
        ('ExpiresDefault "access plus 1"', "bad expires code, missing <type>"),
        ('ExpiresByType a/b "now 1 fortnight"', "unrecognised <type>'fortnight'"),
        ("ExpiresActive maybe", "ExpiresActive must be On or Off"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """A directive that cannot be understood stops the start, in httpd's words."""
    assert message in complaint(text)


@pytest.mark.parametrize(
    ("code", "expiry"),
    [
        ("A60", Expiry(60)),
        ("m5", Expiry(5, True)),
        ("access plus 1 month", Expiry(2592000)),
        ("now 1 year 2 days", Expiry(31536000 + 172800)),
        ("modification plus 3 hours 4 minutes 5 seconds", Expiry(11045, True)),
        ("access plus -1 week", Expiry(-604800)),
        ("access plus", Expiry(0)),
    ],
)
def test_expiry(code: str, expiry: Expiry) -> None:
    """A code is a base and seconds."""
    assert read_expiry(code) == expiry


def test_percent_sign_at_the_end() -> None:
    """It stands for itself, as in httpd."""
    assert get(configure("Header always set X-A 100%")).fields["x-a"] == "100%"


def test_a_header_cannot_be_split(tmp_path: Path) -> None:
    """Line breaks that a client or a variable brings in never reach the wire."""
    config = configure(
        f"DocumentRoot {tmp_path}\n"
        '<Location />\nSetEnvIf Request_URI "/x(.*)" T=$1\n</Location>\n'
        'Header always set X-A "%{T}e"\nHeader always set X-B "expr=%{unescape:a%0d%0aX-C: c}"'
    )
    answer = get(config, "/x%0d%0aX-Evil:%20yes")
    assert answer.fields["x-a"] == " X-Evil: yes"
    assert answer.fields["x-b"] == "a X-C: c"
    assert "x-evil" not in answer.fields
    assert "x-c" not in answer.fields


def test_early_refusals_have_the_fields_too() -> None:
    """What is refused before anything else was asked still gets what `always` promises."""
    request = make_request(configure("Header always set X-A yes\nHeader set X-B no"))
    drive(request, serve(request, 400))
    head = request.output._writer.data.partition(b"\r\n\r\n")[0]
    assert b"X-A: yes" in head
    assert b"X-B" not in head


def test_times() -> None:
    """%t, %D and %l have httpd's shape."""
    fields = get(configure('Header always set X-A "%t %D %l %%"')).fields
    first, second, third, percent = fields["x-a"].split(" ")
    assert first.startswith("t=1") or first[2:].isdigit()
    assert second.startswith("D=")
    assert third.startswith("l=") and third.count("/") == 2
    assert percent == "%"


def test_notes_and_repeated_fields() -> None:
    """`note` keeps a field's value for others; edit changes each of several fields."""
    fields = get(
        configure(
            "Header always set X-A one\nHeader always note X-A kept\n"
            'Header always set X-B "expr=%{note:kept}"\nHeader always edit X-A o(n)e $1'
        )
    ).fields
    assert fields["x-b"] == "one"
    assert fields["x-a"] == "n"
