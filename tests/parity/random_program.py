"""What all random programs have in common: values from a seed, steps from templates, handlers as text."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from tests.parity.handler_vocabulary import ENDS, ENDS_WEIGHTS, HANDLER, POOLS


class RandomProgram:
    """A module of handlers that grows out of a seed; the same seed makes the same one."""

    pools: Mapping[str, Sequence[str]] = POOLS

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions: list[str] = []

    def chance(self, share: float) -> bool:
        """Return true in this share of cases."""
        return self.random.random() < share

    def fill(self, template: str) -> str:
        """Return a template with random values in it."""
        return re.sub(r"\{(\w+)\}", lambda found: self.random.choice(self.pools[found[1]]), template)

    def step(self, *kinds: Sequence[str]) -> str:
        """Return a step of one of these kinds."""
        return self.fill(self.random.choice(self.random.choice(kinds)))

    def end(self, kind: str) -> str:
        """Return how a handler ends."""
        weights = ENDS_WEIGHTS[kind]
        return self.random.choice(ENDS[self.random.choices(list(weights), list(weights.values()))[0]])

    def function(self, name: str, steps: Sequence[str], end: str) -> str:
        """Add a handler and return its name as the configuration says it."""
        self.functions.append(HANDLER.format(name=name, steps=as_arguments(steps), end=end))
        return f"@M@::{name}"


def as_arguments(steps: Sequence[str]) -> str:
    """Return steps as further arguments of a call."""
    return "".join(f",\n         {step!r}" for step in steps)
