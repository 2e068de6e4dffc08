"""What a URL can reach below a published module (toolkit spec 5.3).

The published part of a module is what its author wrote into it. A URL never gets at what the module
imports, at classes, at the insides of functions, or at what belongs to Python itself or to this package:
CVE-2002-0185 and CVE-2005-0088 were such ways out.
"""

from __future__ import annotations

import sys
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Final

from mod_python._pages import PageModule

_FOREIGN: Final = sys.stdlib_module_names | {"mod_python", "olexd", "_apache"}

_NEVER: Final = (
    ModuleType,
    type,
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)


def _is_foreign(module_name: object) -> bool:
    """Return whether a class or function of that module is Python's or this package's own."""
    return not isinstance(module_name, str) or module_name.partition(".")[0] in _FOREIGN


def is_traversable(obj: object) -> bool:
    """Return whether a URL may ask for attributes: only those of instances of somebody's own classes."""
    return not isinstance(obj, ModuleType | type) and not _is_foreign(type(obj).__module__)


def is_publishable(obj: object) -> bool:
    """Return whether a URL may end at an object: a value, or a function that somebody wrote for the site."""
    if isinstance(obj, _NEVER):
        return False
    return not isinstance(obj, FunctionType | MethodType) or not _is_foreign(obj.__module__)


def is_imported(module: object, name: str, obj: object) -> bool:
    """Return whether a page merely imports an object; `__all__` makes imported names the page's own."""
    if not isinstance(module, PageModule) or name not in module._imported:
        return False
    if isinstance(obj, FunctionType) and obj.__globals__ is module.__dict__:
        return False
    return name not in getattr(module, "__all__", ())
