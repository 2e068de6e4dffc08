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

    def check(self) -> None:
        """Raise DirectiveError if the header `<Macro name parameters>` was malformed."""
        if not self.name:
            raise DirectiveError("<Macro macro definition: empty name")
        for second, parameter in enumerate(self.parameters, 1):
            if not parameter:
                raise DirectiveError(f"{self}: empty argument #{second} name")
            first = self.parameters.index(parameter) + 1
            if first != second:
                raise DirectiveError(
                    f"argument name conflict in {self}: argument '{parameter}': "
                    f"#{first} and #{second}, change argument names!"
                )
