"""httpd's expression language: of `<If>`, `Require expr`, `Header ... expr=`, SSI and others.

`condition()` and `string()` compile an expression once; what they return is asked for each request. Reading
knows only a `Vocabulary` of names, evaluating only a `Provider` that gives them values: SSI adds its `v()`
by a vocabulary and a provider of its own. There is no default vocabulary: whoever reads an expression says
what its author may look at. Source: httpd manual, "Expressions in Apache HTTP Server".
"""

from __future__ import annotations

from olexd.expr.lexer import string_parts
from olexd.expr.parser import Evaluation, Parser, Test, Value, string_value
from olexd.expr.vocabulary import (
    OF_HTACCESS,
    OF_PAGES,
    REQUEST,
    EvaluationError,
    ExprError,
    Provider,
    Vocabulary,
)

__all__ = [
    "OF_HTACCESS",
    "OF_PAGES",
    "REQUEST",
    "Condition",
    "EvaluationError",
    "ExprError",
    "Provider",
    "String",
    "Vocabulary",
    "condition",
    "string",
]


class Condition:
    """A compiled expression that holds or does not. `names` are those of its variables, in upper case."""

    __slots__ = ("_test", "names", "text")

    def __init__(self, text: str, test: Test, names: frozenset[str]) -> None:
        self.text = text
        self.names = names
        self._test = test

    def holds(self, provider: Provider) -> bool:
        """Return whether it holds. Raises EvaluationError, which a caller is to take for False."""
        return self._test(Evaluation(provider))

    def match(self, provider: Provider) -> tuple[str, ...] | None:
        """Return what the last regular expression caught if it holds, else None. Raises EvaluationError."""
        run = Evaluation(provider)
        return run.captures if self._test(run) else None

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


class String:
    """A compiled string expression: text in which `%{...}` is replaced.

    `fixed` is what it always yields, None when that depends on whom it is asked for.
    """

    __slots__ = ("_value", "fixed", "text")

    def __init__(self, text: str, value: Value, fixed: str | None) -> None:
        self.text = text
        self.fixed = fixed
        self._value = value

    def evaluate(self, provider: Provider) -> str:
        """Return the text. Raises EvaluationError."""
        return self._value(Evaluation(provider))

    def __repr__(self) -> str:
        return f"String({self.text!r})"


def condition(text: str, vocabulary: Vocabulary) -> Condition:
    """Return a condition compiled. Raises ExprError."""
    parser = Parser(text, vocabulary)
    test = parser.condition()
    return Condition(text, test, frozenset(parser.names))


def string(text: str, vocabulary: Vocabulary) -> String:
    """Return a string expression compiled. Raises ExprError."""
    parts, _ = string_parts(text, 0, "")
    fixed = "".join([part for part in parts if isinstance(part, str)])
    is_fixed = all(isinstance(part, str) for part in parts)
    return String(text, string_value(parts, vocabulary), fixed if is_fixed else None)
