"""Whether the conditions of a rule hold."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Final

from olexd.errorlog import Level
from olexd.expr import Condition as Expression
from olexd.expr import EvaluationError
from olexd.expr.functions import COMPARISONS
from olexd.model.variables import RequestVariables
from olexd.modules.mappers.rewrite.references import References, groups_of
from olexd.modules.mappers.rewrite.rules import Comparison, Condition, FileTest, Rule
from olexd.phases.sides import to_pool

_FILE_TESTS: Final = {"l": "L"}
_BY_LENGTH: Final[dict[str, Callable[[tuple[int, str], tuple[int, str]], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""Orders of texts: as in httpd, the shorter one comes first."""


class Conditions(References):
    """A request that is asked whether conditions hold for it."""

    async def _conditions_hold(self, rule: Rule) -> bool:
        settled = False
        for condition in rule.conditions:
            if settled:
                # One of the alternatives held: the rest of them is passed over.
                settled = condition.flags.alternative
                continue
            holds = await self._holds(condition)
            if condition.flags.alternative:
                settled = holds
            elif not holds:
                return False
        return True

    async def _holds(self, condition: Condition) -> bool:
        if isinstance(condition.test, Expression):
            return self._expression_holds(condition, condition.test)
        before = len(self._asked)
        subject = await self._expand(condition.subject, vary=not condition.flags.novary)
        holds = await self._passes(condition, subject) is not condition.negated
        if self._traced:
            verdict = "matched" if holds else "not-matched"
            self._log(f"RewriteCond: input='{subject}' {condition.source} => {verdict}", Level.TRACE4)
        if not holds:
            del self._asked[before:]
        return holds

    def _expression_holds(self, condition: Condition, test: Expression) -> bool:
        try:
            caught = test.match(RequestVariables(self.request, not condition.flags.novary))
        except EvaluationError as error:
            self._log(f"AH03298: Evaluation of '{test.text}' failed: {error}")
            return False
        if caught and not condition.negated:
            self._caught = caught
        return (caught is not None) is not condition.negated

    async def _passes(self, condition: Condition, subject: str) -> bool:
        test = condition.test
        if isinstance(test, Comparison):
            return _compare(test, subject, condition.flags.nocase)
        if isinstance(test, FileTest):
            return await self._file_test(test.operator, subject)
        assert isinstance(test, re.Pattern)
        match = test.search(subject)
        if match is not None and not condition.negated:
            self._caught = groups_of(match)
        return match is not None

    async def _file_test(self, test: str, subject: str) -> bool:
        if test in "UF":
            found = await self._look_up(subject, test == "F")
            return found is not None and found.status == 200 and (test == "U" or found.stat is not None)
        await to_pool(self.request)
        return RequestVariables(self.request).test(_FILE_TESTS.get(test, test), subject)


def _compare(test: Comparison, subject: str, nocase: bool) -> bool:
    text = test.text
    if test.numeric:
        return COMPARISONS[test.operator](subject, text)
    if nocase:
        subject, text = subject.lower(), text.lower()
    return _BY_LENGTH[test.operator]((len(subject), subject), (len(text), text))
