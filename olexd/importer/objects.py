"""Finding the object that a handler names inside its module (core spec 1.2)."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any, Literal, overload


@overload
def resolve_object(
    module: ModuleType, obj_str: str, arg: object = None, silent: Literal[0, False] = 0
) -> Any: ...


@overload
def resolve_object(module: ModuleType, obj_str: str, arg: object, silent: int) -> Any | None: ...


def resolve_object(module: ModuleType, obj_str: str, arg: object = None, silent: int = 0) -> Any:
    """Return the object at the dotted path `obj_str` in `module`.

    A path without dots is looked up in the module's own names. In a dotted one every class whose attribute
    is asked for is called with `arg` first, and the attribute taken from the instance. A missing name
    raises AttributeError, or gives None when `silent`.
    """
    try:
        if "." not in obj_str:
            return _own_name(module, obj_str)
        return _walk(module, obj_str, arg)
    except _Missing as missing:
        if silent:
            return None
        raise missing.error from None


class _Missing(Exception):
    def __init__(self, error: AttributeError) -> None:
        super().__init__(error)
        self.error = error


def _own_name(module: ModuleType, name: str) -> Any:
    try:
        return module.__dict__[name]
    except KeyError:
        raise _no_such_name(module, name) from None


def _no_such_name(module: ModuleType, name: str) -> _Missing:
    file = getattr(module, "__file__", None) or module.__name__
    return _Missing(AttributeError(f"module '{file}' contains no '{name}'"))


def _walk(module: ModuleType, path: str, arg: object) -> Any:
    first, *_ = names = path.split(".")
    if not hasattr(module, first):
        raise _no_such_name(module, first)
    parent: Any = module
    for name in names:
        found = _attribute(parent, name)
        if inspect.isclass(parent):
            instance: Any = parent
            found = _attribute(instance(arg), name)
        parent = found
    return parent


def _attribute(parent: Any, name: str) -> Any:
    try:
        return getattr(parent, name)
    except AttributeError as error:
        raise _Missing(error) from None


def needs_instance(module: ModuleType, path: str) -> bool:
    """Return whether the object has to be resolved anew for every request: a class is on the way to it."""
    parent: Any = module
    for name in path.split(".")[:-1]:
        parent = getattr(parent, name, None)
        if inspect.isclass(parent):
            return True
    return False
