"""What expressions may not look at where others than the administrator write them: .htaccess files, pages."""

from __future__ import annotations

from tests.parity.runner.case import Case, get

WITHHELD = {
    "file": "file('@ROOT@/f.txt') =~ /x/",
    "size": "filesize('@ROOT@/f.txt') -gt 0",
    "string": "-n '%{file:@ROOT@/f.txt}'",
}
"""Refused in .htaccess files and in pages."""

FILE_TESTS = {f"test-{letter}": f"-{letter} '@ROOT@/f.txt'" for letter in "defhsx"}
FILE_TESTS["test-link"] = "-L '@ROOT@/f.txt'"
"""Refused in pages alone."""

OTHERS = {"plain": "-n req('Host')", "environment": "osenv('PATH') =~ /bin/"}

CONDITIONS = {
    "if": '<If "EXPR">\nHeader set X-Held yes\n</If>\n',
    "setenvif": 'SetEnvIfExpr "EXPR" HELD\nHeader set X-Held yes env=HELD\n',
    "header": 'Header set X-Held yes "expr=EXPR"\n',
    "require": 'Require expr "EXPR"\n',
    "rewrite": 'RewriteEngine On\nRewriteCond expr "EXPR"\nRewriteRule .* - [F]\n',
}
"""Directives that take a condition."""

VALUES = {
    "error-document": 'ErrorDocument 404 "TEXT"\n',
    "header-value": 'Header set X-Held "expr=TEXT"\n',
    "require-user": 'Require user "TEXT"\n',
    "redirect": '<If "true">\nRedirect 302 "http://x.test/TEXT"\n</If>\n',
}
"""Directives that take text with expressions in it."""

FILES = {"f.txt": "xx", "a/f.txt": "content"}


def htaccess(name: str, lines: str) -> Case:
    """A case with a .htaccess file that may say everything."""
    return Case(
        f"restricted-htaccess-{name}",
        [get("/a/f.txt"), get("/a/none")],
        '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n',
        files=FILES | {"a/.htaccess": lines},
    )


def configured(name: str, lines: str) -> Case:
    """A case with the same lines in the configuration, where nothing is refused."""
    return Case(
        f"restricted-config-{name}",
        [get("/a/f.txt"), get("/a/none")],
        f'<Directory "@ROOT@/a">\n{lines}</Directory>\n',
        files=FILES,
    )


def page(name: str, expression: str) -> Case:
    """A case with a page that asks."""
    return Case(
        f"restricted-page-{name}",
        [get("/page.shtml")],
        '<Directory "@ROOT@">\nOptions +Includes\nAddOutputFilter INCLUDES .shtml\n</Directory>\n',
        files=FILES
        | {"page.shtml": f'<!--#if expr="{expression}" -->yes<!--#else -->no<!--#endif -->, the rest'},
    )


CASES = [
    *(
        htaccess(f"{directive}-{name}", lines.replace("EXPR", expression))
        for directive, lines in CONDITIONS.items()
        for name, expression in (WITHHELD | FILE_TESTS | OTHERS).items()
    ),
    *(
        htaccess(f"{directive}-{name}", lines.replace("TEXT", text))
        for directive, lines in VALUES.items()
        for name, text in {"file": "%{file:@ROOT@/f.txt}", "plain": "%{REQUEST_METHOD}"}.items()
    ),
    *(
        configured(f"{directive}-{name}", lines.replace("EXPR", expression))
        for directive, lines in CONDITIONS.items()
        for name, expression in WITHHELD.items()
    ),
    *(page(name, expression) for name, expression in (WITHHELD | FILE_TESTS | OTHERS).items()),
]
