"""What patterns caught, put into values: `$1`, backslashes, escapes; what functions of expressions escape."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.parity.runner.case import Case, Expect, get

VALUES = (
    r"$0",
    r"$1",
    r"$2",
    r"a&b",
    r"a\&b",
    r"\$1",
    r"\\$1",
    r"$$",
    r"$1$0&",
    r"$9",
    r"\x",
    r"$&",
    r"a\b",
    "\\",
)
CONDITIONS = {
    "caught": "%{REQUEST_URI} =~ m#^/(a)(.)#",
    "caught-in-part": "%{REQUEST_URI} =~ m#^/(a)(z)?#",
    "caught-later": "%{REQUEST_URI} =~ m#^/(a)# && 'xyz' =~ /y(z)/",
    "caught-and-denied": "!('xyz' =~ /y(z)/) || true",
    "not-caught": "'xyz' !~ /a(b)/",
    "not-caught-later": "%{REQUEST_URI} =~ m#^/(a)(.)# && !('b' =~ /(c)/)",
    "caught-before-a-plain-match": "%{REQUEST_URI} =~ m#^/(a)(.)# && 'b' =~ /b/",
}
NEGATED = (
    "! false && false",
    "!true || true",
    "!(false) && false",
    "! %{REQUEST_URI} =~ m#^/(a)# && true",
    "!not true || true",
    "'a' =~ /(a)/ && 'b' =~ /b/ && $0 == 'a'",
    "'a' =~ /(a)/ && !('b' =~ /(c)/) && $1 == 'a'",
)
FUNCTIONS = ("escape", "ldap", "base64", "unbase64", "tolower", "md5")
BYTES = [
    f"%{number:02x}"
    for number in (*range(1, 47), *range(58, 65), *range(91, 97), *range(123, 130), 0xE9, 0xFF)
]
TARGETS = (
    "http://h.test/$1",
    "/to/%41$1?a=%20b#c",
    r"http://h.test/\x\\y\$1$1",
    "http://h.test/é$1",
    "https:$1",
)


def lines(template: str, values: Sequence[str]) -> str:
    """Return `template` for each value: VALUE stands for it, within quotes, and N for its number."""
    return "".join(
        template.replace("N", str(number)).replace("VALUE", value.replace("\\", "\\\\").replace('"', '\\"'))
        for number, value in enumerate(values)
    )


CASES = [
    *(
        Case(
            f"substitute-{name}",
            [get("/ab")],
            lines(f'SetEnvIfExpr "{condition}" "eN=VALUE"\nHeader always set X-N "[%{{eN}}e]"\n', VALUES),
        )
        for name, condition in CONDITIONS.items()
    ),
    Case(
        "substitute-pattern",
        [get("/ab")],
        lines('SetEnvIf Request_URI "^/(a)(.)" "eN=VALUE"\nHeader always set X-N "[%{eN}e]"\n', VALUES),
    ),
    Case(
        "substitute-edit",
        [get("/ab")],
        lines(
            'Header always set X-N aab\nHeader always edit X-N "(a)(b)" "VALUE"\n',
            [*VALUES, r"\\\\$1", r"\t\q"],
        ),
    ),
    Case(
        "substitute-alias",
        [get("/xab"), get("/yab"), get("/zab")],
        lines('AliasMatch ^/(x)(.)(.) "@ROOT@/VALUE"\n', [r"d\ir/$2"])
        + lines('AliasMatch ^/(y)(.)(.) "@ROOT@/VALUE"\n', [r"\dir\\/$2"])
        + lines('AliasMatch ^/(z)(.)(.) "@ROOT@/VALUE"\n', [r"dir/\$2"]),
        files={"dir/a": "in dir", "dir\\/a": "behind a backslash", "dir/$2": "a dollar"},
    ),
    *(
        Case(
            f"substitute-redirect-{number}",
            [
                get(f"/q{path}")
                for path in ("ab", "a%20b", "%c3%a9", "%25", "%2541", "~!$&'()*+,;=", "", "a?z=1")
            ],
            lines('RedirectMatch ^/q(.*) "VALUE"\n', [target]),
        )
        for number, target in enumerate(TARGETS)
    ),
    Case(
        "substitute-redirect-in-its-place",
        [get("/q%3fa%23b%20c?z"), get("/r%3fa%23b%20c?z"), get("/r%0aX:")],
        "RedirectMatch ^/q(.*) http://h.test/$1\nRedirectMatch ^/r(.*) http://h.test/?x=$1\n",
        differs="what a client sent stays in its part of the address",
        olexd=[
            Expect(302, {"location": re.escape("http://h.test/%3fa%23b%20c?z")}),
            Expect(302, {"location": re.escape("http://h.test/?x=%3fa%23b%20c")}),
            Expect(302, {"location": re.escape("http://h.test/?x=%0aX:")}),
        ],
    ),
    Case(
        "header-value-escapes",
        [get("/")],
        lines(
            'Header always set X-N "VALUE"\n',
            [r"a\tb", r"a\\\\b", r"a\qb", "a\\", r"\%%", r"\\\\%%", r"expr=a\\\\b"],
        ),
    ),
    Case(
        "rewrite-expr-negated",
        [get("/ab")],
        "RewriteEngine On\n"
        + lines(
            'RewriteCond expr "VALUE"\nRewriteRule ^ - [E=eN:yes]\nHeader always set X-N "%{eN}e"\n', NEGATED
        ),
    ),
    *(
        Case(
            f"expr-{function}-of-bytes",
            [get(f"/?{before}{byte}b") for byte in BYTES for before in ("", "a")],
            f'SetEnvIfExpr "base64({function}(unescape(%{{QUERY_STRING}}))) =~ /(.*)/" FOUND=$1\n'
            'Header always set X-Found "%{FOUND}e"\n',
        )
        for function in FUNCTIONS
    ),
    Case(
        "expr-unbase64-unpadded",
        [
            get(f"/?{text}")
            for text in ("YWI=", "YWI", "YWJj", "YWJjZ", "Y", "YW I=", "=", "", "YWI=YWI=", "-_")
        ],
        'SetEnvIfExpr "base64(unbase64(%{QUERY_STRING})) =~ /(.*)/" FOUND=$1\n'
        'Header always set X-Found "%{FOUND}e"\n',
    ),
]
