"""What mod_rewrite can be told, and how it is inherited (configuration spec 3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from olexd.config.gathered import settled
from olexd.config.settings import UNSET, Merge, setting
from olexd.modules.mappers.rewrite.maps import RewriteMap
from olexd.modules.mappers.rewrite.rules import Condition, Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a server or of a section.

    `engine` None is unset; `pending` are conditions that wait for their rule. `directory` is what rules of a
    section leave out of the path, with a trailing slash, `base` the URL path that stands for it, "" for none.
    `options` are RewriteOptions in lower case.
    """

    engine: bool | None = None
    rules: tuple[Rule, ...] = ()
    pending: tuple[Condition, ...] = ()
    options: frozenset[str] = frozenset()
    directory: str = ""
    base: str = ""

    @property
    def active(self) -> bool:
        """Whether there is something to do."""
        return bool(self.engine)

    def within(self, inner: RuleSet) -> RuleSet:
        """Return what holds in an inner section: its own rules alone, unless options say otherwise."""
        options = inner.options or self.options
        return replace(
            inner,
            engine=self.engine if inner.engine is None else inner.engine,
            options=options,
            rules=self._inherited(inner, options),
            base=inner.base or (self.base if "mergebase" in options else ""),
        )

    def _inherited(self, inner: RuleSet, options: frozenset[str]) -> tuple[Rule, ...]:
        """Return the rules in an inner section where these options are in force."""
        handed_down = frozenset() if "ignoreinherit" in inner.options else self.options
        if "inherit" in options or "inheritdown" in handed_down:
            return (*inner.rules, *self.rules)
        if "inheritbefore" in options or "inheritdownbefore" in handed_down:
            return (*self.rules, *inner.rules)
        return inner.rules


@dataclass(frozen=True, slots=True)
class RewriteDir:
    """`host` are the rules outside of sections, `here` those of a section."""

    host: RuleSet = setting(RuleSet())
    here: RuleSet = setting(RuleSet())

    def merged_with(self, inner: RewriteDir) -> RewriteDir:
        """Return the settings as seen in an inner section, or in a virtual host."""
        return RewriteDir(_merge(self.host, inner.host), _merge(self.here, inner.here))

    def settled(self) -> RewriteDir:
        """Return the settings of a section that has been read."""
        return RewriteDir(_settled(self.host), _settled(self.here))


def _merge(outer: object, inner: object) -> RuleSet:
    if isinstance(outer, RuleSet) and isinstance(inner, RuleSet):
        return outer.within(inner)
    return outer if inner is UNSET else inner  # type: ignore[return-value]


def _settled(rules: RuleSet) -> RuleSet:
    return settled(rules) if isinstance(rules, RuleSet) else rules


@dataclass(frozen=True, slots=True)
class RewriteServer:
    """The maps by name."""

    maps: Mapping[str, RewriteMap] = setting({}, Merge.OVERLAY)
