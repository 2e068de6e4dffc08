"""Finding the object that a handler names (core spec 1.2)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from olexd.importer import resolve_object
from olexd.importer.objects import needs_instance

SOURCE = """
def handler(req): return 'function', req
class C:
    def __init__(self, req): self.req = req
    def m(self, req): return 'method', self.req
    @staticmethod
    def s(req): return 'static', req
    @classmethod
    def c(cls, req): return 'class', req
    class D:
        def __init__(self, req): self.req = req
        def m(self, req): return 'inner', self.req
class NoArgument:
    def m(self, req): return 0
class Callable:
    def __call__(self, req): return 'called', req
    def meth(self, req): return 'shared', self
inst = Callable()
number = 5
def __getattr__(name): return 'dynamic'
"""


@pytest.fixture
def module() -> ModuleType:
    """A module with every form of handler."""
    module = ModuleType("m")
    module.__file__ = "/srv/m.py"
    exec(SOURCE, module.__dict__)
    return module


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("handler", "function"),
        ("C.m", "method"),
        ("C.s", "static"),
        ("C.c", "class"),
        ("C.D.m", "inner"),
        ("inst", "called"),
    ],
)
def test_callables(module: ModuleType, path: str, kind: str) -> None:
    """Functions, instances and methods are found; classes on the way are made with the request."""
    assert resolve_object(module, path, "req")("req") == (kind, "req")


def test_methods_of_instances_are_shared(module: ModuleType) -> None:
    """An instance in the module is not made anew."""
    assert resolve_object(module, "inst.meth", "req")("req")[1] is module.inst


def test_a_class_by_itself_is_not_made(module: ModuleType) -> None:
    """A class as the last element is what is called."""
    assert resolve_object(module, "C", "req") is module.C


@pytest.mark.parametrize("path", ["nope", "", "a::b", "inst.nope", "C.nope", "number.x.y"])
def test_missing_names(module: ModuleType, path: str) -> None:
    """A missing name raises AttributeError, or is None when silent."""
    with pytest.raises(AttributeError):
        resolve_object(module, path, "req")
    assert resolve_object(module, path, "req", 1) is None


def test_undotted_names_are_the_modules_own(module: ModuleType) -> None:
    """The module's `__getattr__` is not asked for them, and the error names the file."""
    with pytest.raises(AttributeError, match=r"module '/srv/m\.py' contains no 'dynamic'"):
        resolve_object(module, "dynamic")


def test_classes_that_take_no_request(module: ModuleType) -> None:
    """Their TypeError comes through."""
    with pytest.raises(TypeError):
        resolve_object(module, "NoArgument.m", "req")


@pytest.mark.parametrize(
    ("path", "needed"),
    [("handler", False), ("inst.meth", False), ("C", False), ("C.m", True), ("C.D.m", True), ("x.y", False)],
)
def test_which_paths_need_an_instance(module: ModuleType, path: str, needed: bool) -> None:
    """A class on the way means a new object for every request."""
    found: Any = needs_instance(module, path)
    assert found is needed
