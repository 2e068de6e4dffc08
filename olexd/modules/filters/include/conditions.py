"""The expressions of `#if` and `#elif`: httpd's own language, or mod_include's old one.

Both are seams of `olexd.expr` and the page: `holds()` is all that the rest knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from olexd.expr import OF_PAGES, Condition, ExprError, condition
from olexd.model.variables import RequestVariables
from olexd.modules.filters.include.page import Page

Test = Callable[[Page], bool]

_VOCABULARY: Final = replace(OF_PAGES, functions=OF_PAGES.functions | {"v"})


class PageVariables(RequestVariables):
    """What expressions see of a page: its request, and its variables through `v("NAME")`."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.request, varies=False)
        self._page = page

    def function(self, name: str, argument: str) -> str:
        """Return what a function yields, "" for nothing."""
        if name != "v":
            return super().function(name, argument)
        return (self._page.variable(argument.encode()) or b"").decode("utf-8", "surrogateescape")


def holds(page: Page, expression: bytes, legacy: bool) -> bool:
    """Return whether a condition holds. Raises IncludeError when it cannot be read."""
    text = expression.decode("utf-8", "surrogateescape")
    try:
        if legacy:
            return _legacy(text)(page)
        return PageVariables(page).holds(_compiled(text))
    except ExprError as error:
        raise page.error(f'AH01337: Could not parse expr "{text}"', " in ", f": {error}") from None


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Condition:
    return condition(text, _VOCABULARY)


@lru_cache(maxsize=1024)
def _legacy(text: str) -> Test:
    return _Legacy(text).condition()


# The old language: words and 'strings' with $variables, /patterns/, = != < <= > >= && || ! ( )

_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<sign>&&|\|\||!=|<=|>=|==|[()!<>=])
          | '(?P<single>(?:\\.|[^'\\])*)' | "(?P<double>(?:\\.|[^"\\])*)"
          | /(?P<pattern>(?:\\.|[^/\\])*)/ | (?P<word>(?:\\.|[^\s()=!<>&|'"/]|[&|/](?![&|]))+) )""",
    re.VERBOSE | re.DOTALL,
)
_ORDERS: Final[dict[str, Callable[[bytes, bytes], bool]]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class _Legacy:
    """A reader of one old expression."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ExprError(f"unexpected '{text[at:].strip()[:20]}'")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind]))
            at = found.end()

    def condition(self) -> Test:
        """Return what the whole expression tests; an empty one never holds."""
        if not self._tokens:
            return lambda page: False
        test = self._joined()
        if self._tokens:
            raise ExprError(f"unexpected '{self._tokens[0][1]}'")
        return test

    def _is_next(self, *signs: str) -> bool:
        return bool(self._tokens) and self._tokens[0][0] == "sign" and self._tokens[0][1] in signs

    def _accept(self, *signs: str) -> str:
        return self._tokens.pop(0)[1] if self._is_next(*signs) else ""

    def _joined(self) -> Test:
        """Read what && and || join: the whole rest is their right side, neither binds more tightly."""
        left = self._comparison()
        if self._accept("&&"):
            return _both(left, self._joined())
        if self._accept("||"):
            return _either(left, self._joined())
        return left

    def _comparison(self) -> Test:
        if self._is_next("!", "("):
            return self._operand()
        left = self._words()
        order = self._accept(*_ORDERS)
        if not order:
            return _filled(left)
        if self._tokens and self._tokens[0][0] == "pattern":
            return _matching(left, self._tokens.pop(0)[1], order)
        right = self._words()
        compare = _ORDERS[order]
        return lambda page: compare(page.expand(left), page.expand(right))

    def _operand(self) -> Test:
        """Read what an exclamation mark may stand before: a string or a pair of parentheses."""
        if self._accept("!"):
            test = self._operand()
            return lambda page: not test(page)
        if self._accept("("):
            test = self._joined()
            if not self._accept(")"):
                raise ExprError("unmatched '('")
            return test
        return _filled(self._words())

    def _words(self) -> bytes:
        """Return a string: words that follow each other belong together."""
        words = []
        while self._tokens and self._tokens[0][0] in ("word", "single", "double"):
            words.append(self._tokens.pop(0)[1])
        if not words:
            raise ExprError("a string is missing")
        return " ".join(words).encode("utf-8", "surrogateescape")


def _filled(text: bytes) -> Test:
    return lambda page: bool(page.expand(text))


def _either(left: Test, right: Test) -> Test:
    return lambda page: left(page) or right(page)


def _both(left: Test, right: Test) -> Test:
    return lambda page: left(page) and right(page)


def _matching(left: bytes, pattern: str, order: str) -> Test:
    if order not in ("=", "==", "!="):
        raise ExprError("a pattern can only be compared with = and !=")
    try:
        compiled = re.compile(pattern.encode("utf-8", "surrogateescape"))
    except re.error as error:
        raise ExprError(f"/{pattern}/ is no regular expression: {error}") from None

    def test(page: Page) -> bool:
        found = compiled.search(page.expand(left))
        if found is not None:
            page.captures = (found[0], *(group or b"" for group in found.groups()))
        return (found is not None) is (order != "!=")

    return test
