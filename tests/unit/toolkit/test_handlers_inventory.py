"""What mod_python 3.5 has in its handlers and smaller modules is here: a walk over an inventory.

`handlers_inventory.json` lists names and signatures as they were found by introspection of mod_python 3.5.0
on Python 3, and the commands of its command line.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mod_python
from mod_python import apache, cache, httpdconf, testhandler
from mod_python.command import COMMANDS
from tests.unit.python_support import make_request

INVENTORY: dict[str, Any] = json.loads((Path(__file__).parent / "handlers_inventory.json").read_text())
MODULES = sorted(set(INVENTORY) - {"command"})

INSIDES = {
    # The original removes modules from sys.modules between requests, and so has to know which to leave.
    "mod_python.cgihandler": {"original", "stdlib"},
    # Its list of entries, and its own buffer of the body: here an OrderedDict and Python's own.
    "Cache": {"_head"},
    "CGIStdin": {"buf"},
}
"""Names that only the original's own code needs."""

INSTANCES: dict[str, Any] = {
    "CGIStdin": lambda: apache.CGIStdin(make_request()),
    "CGIStdout": lambda: apache.CGIStdout(make_request()),
    "Cache": cache.Cache,
    "Comment": lambda: httpdconf.Comment("text"),
    "Container": httpdconf.Container,
    "ContainerTag": lambda: httpdconf.ContainerTag("Tag", "attr", ()),
    "Directive": lambda: httpdconf.Directive("Name", "value"),
    "Entry": lambda: cache.Entry("key"),
    "FileCache": cache.FileCache,
    "HTTPEntity": lambda: cache.HTTPEntity(b"", {}),
    "bounded_buffer": lambda: testhandler.bounded_buffer(3),
}
"""How to make one of each class whose attributes are listed."""


def module_of(name: str) -> ModuleType:
    """Return a module of the inventory."""
    return importlib.import_module(name)


CLASSES = [(module, name) for module in MODULES for name in INVENTORY[module]["classes"]]


def parameters(signature: str) -> list[tuple[str, bool]]:
    """Return (name, whether it may be left out) of a written signature, without `self`."""
    found = re.findall(r"(\*{0,2}\w+)(=[^,)\]]*(?:\])?)?", signature.strip("()"))
    return [(name, bool(default)) for name, default in found if name != "self"]


def own_parameters(function: Any) -> list[tuple[str, bool]]:
    """The same of a function that is here."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        (stars.get(entry.kind, "") + entry.name, entry.default is not entry.empty)
        for entry in inspect.signature(function).parameters.values()
        if entry.name != "self"
    ]


@pytest.mark.parametrize("name", MODULES)
def test_constants(name: str) -> None:
    """Every constant is there."""
    module = module_of(name)
    missing = {constant for constant in INVENTORY[name]["constants"] if not hasattr(module, constant)}
    assert missing == INSIDES.get(name, set())


@pytest.mark.parametrize("name", MODULES)
def test_functions(name: str) -> None:
    """Every function is there, and takes what it took."""
    module = module_of(name)
    for function, signature in INVENTORY[name]["functions"].items():
        assert own_parameters(getattr(module, function)) == parameters(signature), function


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_classes(module: str, name: str) -> None:
    """Every class is there, with its bases and its methods, which take what they took."""
    entry, found = INVENTORY[module]["classes"][name], getattr(module_of(module), name)
    assert set(entry["bases"]) <= {base.__name__ for base in found.__mro__}
    for method, signature in entry["methods"].items():
        expected = parameters(signature)
        assert own_parameters(getattr(found, method))[: len(expected)] == expected, method


@pytest.mark.parametrize(("module", "name"), [pair for pair in CLASSES if pair[1] in INSTANCES])
def test_instances(module: str, name: str) -> None:
    """A new instance has every attribute."""
    instance = INSTANCES[name]()
    listed = INVENTORY[module]["classes"][name]["attributes"]
    assert {attribute for attribute in listed if not hasattr(instance, attribute)} == INSIDES.get(name, set())


def test_every_class_with_attributes_is_made() -> None:
    """None is left out above."""
    listed = {name for module, name in CLASSES if INVENTORY[module]["classes"][name]["attributes"]}
    assert listed == set(INSTANCES)


def test_package() -> None:
    """What the package itself names."""
    assert mod_python.__all__ == sorted(
        ["apache", "cgihandler", "psp", "publisher", "util", "python22", "version"]
    )
    assert mod_python.mp_version == mod_python.version.version
    for name in mod_python.__all__:
        assert importlib.import_module(f"mod_python.{name}").__name__ == f"mod_python.{name}"


def test_versions() -> None:
    """They are text."""
    assert all(
        isinstance(getattr(mod_python.version, name), str)
        for name in INVENTORY["mod_python.version"]["constants"]
    )


def test_commands() -> None:
    """The command line has every command."""
    assert set(INVENTORY["command"]) <= set(COMMANDS)
