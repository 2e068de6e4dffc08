"""`<Macro>` and `Use`: text that is read again with parameters filled in (configuration spec 1.8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from olexd.config.errors import DirectiveError, Where


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: its lower-case name, its parameters as written, and its body's (number, line) pairs."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[tuple[int, str], ...]
    where: Where

    def __str__(self) -> str:
        return f"""macro '{self.name}' (defined on line {self.where.line} of "{self.where.file}")"""

    def use(self, arguments: Sequence[str]) -> list[tuple[int, str]]:
        """Return the body with `arguments` in the parameters' places, the longest parameter first."""
        if len(arguments) != len(self.parameters):
            raise DirectiveError(
                f"{self} used with {len(arguments)} arguments instead of {len(self.parameters)}"
            )
        if not self.parameters:
            return list(self.body)
        values = dict(zip(self.parameters, arguments, strict=True))
        longest_first = sorted(values, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, longest_first)))
        return [(number, pattern.sub(lambda found: values[found[0]], line)) for number, line in self.body]


def check_parameters(name: str, parameters: Sequence[str]) -> None:
    """Raise DirectiveError if a macro's header `<Macro name parameters>` is malformed."""
    if not name:
        raise DirectiveError("<Macro macro definition: empty name")
    for second, parameter in enumerate(parameters, 1):
        if not parameter:
            raise DirectiveError(f"<Macro macro '{name}': empty argument #{second} name")
        first = parameters.index(parameter) + 1
        if first != second:
            raise DirectiveError(
                f"argument name conflict in macro '{name}': argument '{parameter}': "
                f"#{first} and #{second}, change argument names!"
            )
