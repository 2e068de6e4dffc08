"""A form as a mapping, whatever is done to it: compared with a list of names and values."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mod_python import util
from tests.unit.toolkit.fake import FakeRequest

names = st.sampled_from(["a", "b", "\xe4", ""])
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)


class FormChanges(RuleBasedStateMachine):
    """Fields come and go by every way there is; `expected` is what should be left, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.form = util.FieldStorage(FakeRequest())
        self.expected: list[tuple[str, str]] = []

    @rule(name=names, value=values)
    def add(self, name: str, value: str) -> None:
        """A field more."""
        self.form.add_field(name, value)
        self.expected.append((name, value))

    @rule(name=names, value=values)
    def append(self, name: str, value: str) -> None:
        """A field put into the list, as Trac does it."""
        field = util.StringField(value.encode())
        field.name = name
        self.form.list.append(field)
        self.expected.append((name, value))

    @rule(name=names, value=values, encoded=st.booleans())
    def assign(self, name: str, value: str, encoded: bool) -> None:
        """The fields of a name become one, by its name and value in text or bytes."""
        if encoded:
            self.form[name.encode()] = value.encode()
        else:
            self.form[name] = value
        self._forget(name)
        self.expected.append((name, value))

    @rule(name=names)
    def delete(self, name: str) -> None:
        """The fields of a name go; KeyError when there are none."""
        try:
            del self.form[name]
        except KeyError:
            assert name not in dict(self.expected)
        self._forget(name)

    @rule(at=st.integers(0, 9))
    def pop(self, at: int) -> None:
        """A field is taken out of the list."""
        if at < len(self.expected):
            self.form.list.pop(at)
            self.expected.pop(at)

    @rule()
    def clear(self) -> None:
        """All fields go."""
        self.form.clear()
        self.expected.clear()

    def _forget(self, name: str) -> None:
        self.expected = [pair for pair in self.expected if pair[0] != name]

    @invariant()
    def every_view_agrees(self) -> None:
        """Names, fields, first ones and lists are those of the model."""
        form = self.form
        by_name: dict[str, list[str]] = {}
        for name, value in self.expected:
            by_name.setdefault(name, []).append(value)
        assert form.items() == self.expected
        assert form.keys() == list(form) == list(by_name)
        assert len(form) == len(by_name) and bool(form) == bool(by_name)
        for name in ("a", "b", "\xe4", ""):
            found = by_name.get(name, [])
            assert form.getlist(name) == form.getlist(name.encode()) == found
            assert form.getfirst(name) == (found[0] if found else None)
            assert form.has_key(name) == (name in form) == (name.encode() in form) == bool(found)
            assert form.get(name, []) == (found[0] if len(found) == 1 else found)


FormChanges.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestFormChanges = FormChanges.TestCase
