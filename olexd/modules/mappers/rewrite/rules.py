"""Rules and conditions, made from the words of RewriteRule and RewriteCond (configuration spec 3.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.expr import Condition as Expression
from olexd.expr import ExprError, Vocabulary
from olexd.expr import condition as expression
from olexd.modules.mappers.rewrite.flags import ConditionFlags, RuleFlags, condition_flags, rule_flags
from olexd.modules.mappers.rewrite.text import Text, parse_text
from olexd.regex import RegexError, compile_regex

_WORD: Final = re.compile(
    r"""\s*(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<plain>(?:\\.|[^\s\\]|\\$)+))""",
    re.DOTALL,
)
_NUMERIC: Final = re.compile(r"-(lt|le|eq|ge|gt|ne)(.+)", re.DOTALL)
_STRING: Final = re.compile(r"([<>]=?|=)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`=text`, `<text`, ..., or `-eq5`, ...: an operator and what to compare with."""

    operator: str
    text: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class FileTest:
    """`-d`, `-f`, `-s`, `-l`, `-L`, `-h`, `-x`, or `-F` and `-U`, which ask by a subrequest."""

    operator: str


@dataclass(frozen=True, slots=True, repr=False)
class Condition:
    """One RewriteCond. `subject` is what is tested; an expression tests by itself."""

    subject: Text
    test: re.Pattern[str] | Comparison | FileTest | Expression
    negated: bool
    flags: ConditionFlags
    source: str

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Rule:
    """One RewriteRule with its conditions; `target` None (`-`) changes nothing."""

    pattern: re.Pattern[str]
    negated: bool
    target: Text | None
    flags: RuleFlags
    conditions: tuple[Condition, ...]
    source: str

    def __repr__(self) -> str:
        return f"Rule({self.source!r}, {list(self.conditions)})"


def _split(directive: str, raw: str) -> tuple[str, str, str]:
    """Return the two or three words of a line; a backslash stays, it belongs to the pattern."""
    words: list[str] = []
    position = 0
    while len(words) < 3 and (match := _WORD.match(raw, position)):
        quote = {"double": '"', "single": "'"}.get(match.lastgroup or "")
        word = match[match.lastgroup or "plain"]
        words.append(word.replace("\\" + quote, quote) if quote else word.replace("\\ ", " "))
        position = match.end()
    if len(words) < 2:
        raise DirectiveError(f"{directive}: bad argument line '{raw}'")
    return words[0], words[1], words[2] if len(words) == 3 else ""


def _compiled(directive: str, pattern: str, nocase: bool) -> re.Pattern[str]:
    try:
        return compile_regex(pattern, re.IGNORECASE if nocase else 0)
    except RegexError as error:
        raise DirectiveError(
            f"{directive}: cannot compile regular expression '{pattern}'", str(error)
        ) from None


def parse_rule(raw: str, conditions: tuple[Condition, ...]) -> Rule:
    """Return the rule of a RewriteRule line. Raises DirectiveError."""
    pattern, target, flags_text = _split("RewriteRule", raw)
    flags = rule_flags(flags_text) if flags_text else RuleFlags()
    negated = pattern.startswith("!")
    regex = _compiled("RewriteRule", pattern[1:] if negated else pattern, flags.nocase)
    text = None if target == "-" or flags.answer else parse_text(target)
    return Rule(regex, negated, text, flags, conditions, raw)


def parse_condition(raw: str, vocabulary: Vocabulary) -> Condition:
    """Return the condition of a RewriteCond line. Raises DirectiveError."""
    subject, pattern, flags_text = _split("RewriteCond", raw)
    flags = condition_flags(flags_text) if flags_text else ConditionFlags()
    negated = pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    if subject.lower() == "expr":
        # A mark before an expression negates all of it, not its first part.
        return Condition(parse_text(""), _expression(pattern, vocabulary), negated, flags, raw)
    return Condition(parse_text(subject), _test(pattern, flags.nocase), negated, flags, raw)


def _expression(text: str, vocabulary: Vocabulary) -> Expression:
    try:
        return expression(text, vocabulary)
    except ExprError as error:
        raise DirectiveError(f'RewriteCond: cannot compile expression "{text}": {error}') from None


def _test(pattern: str, nocase: bool) -> re.Pattern[str] | Comparison | FileTest:
    if len(pattern) == 2 and pattern[0] == "-" and pattern[1] in "dfslLhxFU":
        return FileTest(pattern[1])
    if numeric := _NUMERIC.fullmatch(pattern):
        return Comparison(numeric[1], numeric[2].strip(), True)
    if compared := _STRING.fullmatch(pattern):
        text = compared[2]
        return Comparison(compared[1], "" if text == '""' else text)
    return _compiled("RewriteCond", pattern, nocase)
