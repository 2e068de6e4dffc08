"""Tokens to functions: a recursive-descent parser whose result is a tree of closures.

Precedence: not, then and, then or. Nothing is evaluated but the closures made here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from olexd.expr.functions import BINARY, COMPARISONS, FUNCTIONS, TESTS
from olexd.expr.lexer import Capture, Kind, Part, Token, Variable, tokens
from olexd.expr.vocabulary import ExprError, Provider, Vocabulary
from olexd.regex import RegexError, compile_regex

MAX_DEPTH: Final = 50
"""How deep parentheses and negations may be nested."""

_INTEGER: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_STRING: Final = frozenset({"==", "=", "!=", "<", "<=", ">", ">="})


@dataclass(slots=True)
class Evaluation:
    """One evaluation: who answers, and what was caught when a pattern with groups was last tried."""

    provider: Provider
    captures: tuple[str, ...] = field(default=())

    def capture(self, number: int) -> str:
        """Return what a group caught, "" when there was no such group or match."""
        return self.captures[number] if number < len(self.captures) else ""


Test = Callable[[Evaluation], bool]
Value = Callable[[Evaluation], str]


class Parser:
    """Reads one expression. `names` collects those of its variables, in upper case."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.names: set[str] = set()
        self._tokens: Iterator[Token] = tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def condition(self) -> Test:
        """Return the whole expression as a test. Raises ExprError."""
        test = self._or()
        if self._token.kind is not Kind.END:
            raise self._unexpected()
        return test

    # Tokens

    def _advance(self) -> Token:
        token = self._token
        if token.kind is not Kind.END:
            self._token = next(self._tokens)
        return token

    def _accept(self, *texts: str) -> bool:
        if self._token.kind in (Kind.SIGN, Kind.WORD) and self._token.text in texts:
            self._advance()
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._unexpected(f"'{sign}'")

    def _unexpected(self, wanted: str = "") -> ExprError:
        token = self._token
        shown = f"'{token.text}'" if token.text else f"{token.kind.value}"
        return ExprError(f"syntax error, unexpected {shown}{f', expecting {wanted}' if wanted else ''}")

    # Conditions

    def _or(self) -> Test:
        tests = [self._and()]
        while self._accept("||", "or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda run: any(test(run) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._accept("&&", "and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda run: all(test(run) for test in tests)

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExprError(f"expression nested more than {MAX_DEPTH} deep")
        try:
            if self._accept("!", "not"):
                test = self._not()
                return lambda run: not test(run)
            return self._primary()
        finally:
            self._depth -= 1

    def _primary(self) -> Test:
        if self._accept("("):
            inner = self._or()
            self._expect(")")
            return inner
        if self._accept("true"):
            return lambda run: True
        if self._accept("false"):
            return lambda run: False
        if self._token.kind is Kind.UNARY:
            return self._unary(self._advance().text)
        return self._comparison(self._word())

    def _unary(self, operator: str) -> Test:
        word = self._word()
        if operator in TESTS:
            check = TESTS[operator]
            return lambda run: check(word(run))
        if operator not in self._vocabulary.tests:
            raise ExprError(f"Unary operator '-{operator}' does not exist")
        self._vocabulary.check_access(operator, f"-{operator}")
        return lambda run: run.provider.test(operator, word(run))

    def _comparison(self, left: Value) -> Test:
        token = self._advance()
        name = token.text
        if token.kind is Kind.SIGN and name in _STRING:
            return self._compare(left, "==" if name == "=" else name)
        if token.kind in (Kind.WORD, Kind.BINARY) and name in _INTEGER:
            return self._compare(left, name)
        if token.kind in (Kind.WORD, Kind.BINARY) and name == "in":
            return self._in_list(left)
        if token.kind is Kind.SIGN and name in ("=~", "!~"):
            return self._match(left, name == "!~")
        if token.kind is Kind.BINARY:
            return self._binary(left, name)
        self._token = token
        raise self._unexpected()

    def _compare(self, left: Value, operator: str) -> Test:
        compare, right = COMPARISONS[operator], self._word()
        return lambda run: compare(left(run), right(run))

    def _binary(self, left: Value, operator: str) -> Test:
        compare = BINARY.get(operator)
        if compare is None:
            raise ExprError(f"Binary operator '-{operator}' does not exist")
        right = self._word()
        return lambda run: compare(left(run), right(run))

    def _in_list(self, left: Value) -> Test:
        if self._token.kind is Kind.WORD:
            raise ExprError(f"Function '{self._token.text}' does not exist")
        self._expect("{")
        words = [self._word()]
        while self._accept(","):
            words.append(self._word())
        self._expect("}")

        def listed(run: Evaluation) -> bool:
            value = left(run)
            return any(value == word(run) for word in words)

        return listed

    def _match(self, left: Value, negated: bool) -> Test:
        if self._token.kind is not Kind.REGEX:
            raise self._unexpected("regular expression")
        token = self._advance()
        try:
            regex = compile_regex(token.text, re.IGNORECASE if token.flags else 0)
        except RegexError as error:
            raise ExprError(f"Regular expression '{token.text}' could not be compiled: {error}") from None

        def matches(run: Evaluation) -> bool:
            found = regex.search(left(run))
            if regex.groups:
                groups = () if found is None else (found[0], *found.groups())
                run.captures = tuple(group or "" for group in groups)
            return (found is not None) is not negated

        return matches

    # Words

    def _word(self) -> Value:
        words = [self._simple_word()]
        while self._accept("."):
            words.append(self._simple_word())
        return words[0] if len(words) == 1 else lambda run: "".join([word(run) for word in words])

    def _simple_word(self) -> Value:
        token = self._token
        if token.kind in (Kind.STRING, Kind.VARIABLE, Kind.CAPTURE):
            self._advance()
            self.names |= {part.name.upper() for part in token.parts if isinstance(part, Variable)}
            return string_value(token.parts, self._vocabulary)
        if token.kind is Kind.NUMBER:
            self._advance()
            return lambda run: token.text
        if token.kind is not Kind.WORD:
            raise self._unexpected()
        self._advance()
        self._expect("(")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExprError(f"expression nested more than {MAX_DEPTH} deep")
        argument = self._word()
        self._depth -= 1
        self._expect(")")
        return _call(token.text, argument, self._vocabulary)


def string_value(parts: tuple[Part, ...], vocabulary: Vocabulary) -> Value:
    """Return what a string of these parts yields. Raises ExprError for unknown names."""
    values = [_part_value(part, vocabulary) for part in parts]
    if len(values) == 1:
        return values[0]
    return lambda run: "".join([value(run) for value in values])


def _part_value(part: Part, vocabulary: Vocabulary) -> Value:
    if isinstance(part, str):
        return lambda run: part
    if isinstance(part, Capture):
        return lambda run: run.capture(part.number)
    return _variable_value(part, vocabulary)


def _variable_value(variable: Variable, vocabulary: Vocabulary) -> Value:
    argument = variable.argument
    if argument is not None:
        return _call(variable.name, lambda run: argument, vocabulary)
    name = variable.name.upper()
    if not vocabulary.has_variable(name):
        raise ExprError(f"Variable '{variable.name}' does not exist")
    return lambda run: run.provider.variable(name)


def _call(name: str, argument: Value, vocabulary: Vocabulary) -> Value:
    key = name.lower()
    own = FUNCTIONS.get(key)
    if own is not None:
        return lambda run: own(argument(run))
    if key not in vocabulary.functions:
        raise ExprError(f"Function '{name}' does not exist")
    vocabulary.check_access(key, name)
    return lambda run: run.provider.function(key, argument(run))
