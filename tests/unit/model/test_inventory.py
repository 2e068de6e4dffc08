"""Everything that mod_python 3.5 offers is here: a walk over its inventory (`inventory.json`).

The inventory lists names, parameters, types and values as they were found by introspection of mod_python
3.5.0 on Python 3, and the directives with their contexts.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mod_python.apache
from mod_python import _apache
from olexd.config.python import Handler
from olexd.config.registry import Registry
from olexd.config.rows import Context
from olexd.model.finfo import mp_finfo
from olexd.model.hlist import mp_hlist
from olexd.model.mp_connection import mp_conn
from olexd.model.mp_filter import Incoming, mp_filter
from olexd.model.mp_request import PHASES, mp_request
from olexd.model.mp_server import mp_server
from olexd.model.runtime import set_config
from olexd.model.table import Table
from olexd.modules.python.phases import PYTHON_PHASES
from olexd.modules.registry import SPECS
from tests.unit.python_support import make_config, make_request

INVENTORY: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "inventory.json").read_text())

CLASSES = {
    "request": mp_request,
    "connection": mp_conn,
    "filter": mp_filter,
    "server": mp_server,
    "table": Table,
    "finfo": mp_finfo,
    "hlist": mp_hlist,
}
MODULES: dict[str, ModuleType] = {"apache": mod_python.apache, "_apache": _apache}

INSIDES = {
    "CallBack", "_callback", "_path_cache", "_path_cache_lock", "_phase", "_result_warning", "_status_values",
    "init",
}  # fmt: skip
"""What only the original's own dispatcher uses: the importer and the phases do its work here."""

TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float,),
    "str": (str,),
    "tuple": (tuple,),
    "None": (type(None),),
    "tuple[str]": (tuple,),
    "tuple[str,int]": (tuple,),
    "mp_table": (Table,),
    "mp_request": (mp_request,),
    "mp_conn": (mp_conn,),
    "mp_server": (mp_server,),
    "mp_finfo": (mp_finfo,),
    "mp_hlist": (mp_hlist,),
    "PyCapsule": (object,),
}


def entries(kind: str, *kinds: str) -> list[str]:
    """Return the names of an inventory's section that are of one of `kinds`."""
    return sorted(
        name for name, entry in INVENTORY[kind].items() if entry["kind"] in kinds and name not in INSIDES
    )


def cases(kinds: tuple[str, ...], *wanted: str) -> list[tuple[str, str]]:
    """Return (section, name) for all of them."""
    return [(kind, name) for kind in kinds for name in entries(kind, *wanted)]


def specimens() -> dict[str, list[Any]]:
    """Return objects of each class: as bare and as full as they come."""
    config = make_config('<Location />\nAuthType Basic\nAuthName "x"\n</Location>')
    bare, full = make_request(config), make_request(config, uri="/a", args="b=1")
    record = full._record
    record.stat = os.stat(__file__)
    record.filename = record.canonical_filename = __file__
    record.path_info, record.handler, record.content_type = "", "mod_python", "text/plain"
    record.user, record.ap_auth_type, record.status_line = "joe", "Basic", "200 OK"
    record.content_encoding, record.content_languages = "gzip", ("de",)
    record.phase = "PythonHandler"
    bare._hlist = mp_hlist([])
    hlist = full._hlist = mp_hlist([Handler("app::page", "/srv/")])
    bare.connection._set_hlist(hlist)
    record.main = record.prev = record.next = bare._record
    return {
        "request": [bare, full],
        "connection": [bare.connection],
        "server": [bare.server],
        "finfo": [mp_finfo(None, None), full.finfo],
        "filter": [mp_filter("upper", "app", "/srv/", full, Incoming(b"", True), lambda data, last: None)],
        "hlist": [mp_hlist([]), hlist],
    }


@pytest.mark.parametrize("kind", CLASSES)
def test_objects_have_every_name(kind: str) -> None:
    """Requests, connections, filters, servers, tables, finfos and hlists have every attribute and method."""
    assert {name for name in INVENTORY[kind] if not hasattr(CLASSES[kind], name)} == set()


@pytest.mark.parametrize("kind", MODULES)
def test_modules_have_every_name(kind: str) -> None:
    """`mod_python.apache` and `_apache` have every function and class."""
    set_config(make_config())
    missing = {name for name in INVENTORY[kind] if not hasattr(MODULES[kind], name)}
    assert missing == (INSIDES if kind == "apache" else set())


@pytest.mark.parametrize("name", sorted(INVENTORY["constants"]))
def test_constants(name: str) -> None:
    """Every constant has its value, of the same type."""
    value = getattr(mod_python.apache, name)
    assert value == INVENTORY["constants"][name]
    assert type(value) is type(INVENTORY["constants"][name])


def parameters(function: Any) -> list[str]:
    """Return a function's parameters as the inventory writes them, `*` for the name of a positional one."""
    found = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    return [
        ("*" if one.kind is one.POSITIONAL_ONLY else one.name)
        + ("" if one.default is one.empty else f"={shown(one.default)}")
        for one in found
    ]


def shown(default: object) -> str:
    """Return a default; levels are shown as the numbers they are."""
    return repr(int(default) if isinstance(default, int) else default)


def spelled_out(parameter: str) -> str:
    """Return a parameter of the inventory with the value of its default (`""` for one that is left out)."""
    name, given, default = parameter.partition("=")
    if default == "<none>":
        default = repr("")
    if default in INVENTORY["constants"]:
        default = repr(INVENTORY["constants"][default])
    return name + given + default


@pytest.mark.parametrize(("kind", "name"), cases((*CLASSES, *MODULES), "method", "function"))
def test_parameters(kind: str, name: str) -> None:
    """Every function takes the same parameters in the same order, with the same defaults."""
    function = getattr(CLASSES.get(kind) or MODULES[kind], name)
    expected = INVENTORY[kind][name].get("parameters")
    assert callable(function)
    if expected is not None:
        found, wanted = parameters(function), [spelled_out(one) for one in expected]
        if found and found[0].startswith("*"):
            wanted = [re.sub(r"^\w+", "*", one) for one in wanted]
        assert found == wanted


@pytest.mark.parametrize(("kind", "name"), cases(("apache", "_apache"), "class", "exception", "module"))
def test_kinds_of_module_members(kind: str, name: str) -> None:
    """Classes are classes, exceptions exceptions, modules modules."""
    value = getattr(MODULES[kind], name)
    wanted = INVENTORY[kind][name]["kind"]
    if wanted == "module":
        assert isinstance(value, ModuleType)
    else:
        assert isinstance(value, type)
        assert issubclass(value, Exception) is (wanted == "exception")


def allowed_types(kind: str, text: str) -> tuple[type, ...]:
    """Return the types that an attribute may have."""
    found = tuple(one for word in text.split("|") for one in TYPES[word])
    # Past the end of the list every attribute of a hlist is None.
    return (*found, type(None)) if kind == "hlist" else found


@pytest.mark.parametrize(
    ("kind", "name"),
    cases(("request", "connection", "filter", "server", "finfo", "hlist"), "attribute"),
)
def test_types_of_attributes(kind: str, name: str) -> None:
    """Every attribute has the type that it has in mod_python: numbers are int, never bool."""
    allowed = allowed_types(kind, INVENTORY[kind][name]["type"])
    for specimen in specimens()[kind]:
        value = getattr(specimen, name)
        assert object in allowed or type(value) in allowed or isinstance(value, tuple(set(allowed) - {int}))


@pytest.mark.parametrize(
    ("kind", "name"),
    cases(("request", "connection", "filter", "server", "finfo", "hlist"), "attribute"),
)
def test_attributes_can_be_written_only_where_mod_python_lets_them(kind: str, name: str) -> None:
    """A read-only attribute refuses with AttributeError; a writable one takes its own value back."""
    specimen = specimens()[kind][0]
    if INVENTORY[kind][name]["writable"]:
        value = getattr(specimen, name)
        setattr(specimen, name, "x" if value is None else value)
        assert getattr(specimen, name) == ("x" if value is None else value)
    else:
        with pytest.raises(AttributeError):
            setattr(specimen, name, 1)


@pytest.mark.parametrize("name", sorted(INVENTORY["directives"]))
def test_directives(name: str) -> None:
    """Every directive may stand where it may under mod_python, and its handlers have the same defaults."""
    entry = INVENTORY["directives"][name]
    row = Registry(SPECS).find(name)
    assert row is not None
    letters = {"S": Context.SERVER, "V": Context.VHOST, "D": Context.DIRECTORY, "H": Context.HTACCESS}
    contexts = {letter for letter, context in letters.items() if context in row.contexts}
    # In a virtual host PythonImport is accepted there and ignored; here it runs.
    assert contexts == set(entry["contexts"]) | ({"V"} if name == "PythonImport" else set())
    phase = {phase.name: phase for phase in PYTHON_PHASES}.get(name)
    if phase is not None:
        assert phase.function == entry["function"]
        assert phase.go_on == {getattr(mod_python.apache, word) for word in entry["continue_on"]}


def test_every_phase_is_in_the_inventory() -> None:
    """The phases that handlers can be configured for, and added to, are mod_python's."""
    listed = {name for name, entry in INVENTORY["directives"].items() if "continue_on" in entry}
    assert {phase.name for phase in PYTHON_PHASES} == listed
    assert listed - {"PythonCleanupHandler"} == PHASES


OLDER = {
    "request": ["requires", "send_http_header", "useragent_ip", "useragent_addr"],
    "connection": ["remote_ip", "remote_addr", "remote_host", "remote_logname"],
    "table": ["has_key"],
    "apache": ["allow_methods"],
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in OLDER.items() for name in names])
def test_names_of_older_versions(kind: str, name: str) -> None:
    """What older versions had, and applications still call, is there too."""
    assert hasattr(CLASSES.get(kind) or MODULES[kind], name)
