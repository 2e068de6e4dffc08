"""Everything that mod_python 3.5 offers is here: a walk over its inventory (`inventory.json`).

The inventory lists names as they were found by introspection of mod_python 3.5.0 on Python 3.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mod_python.apache
from mod_python import _apache
from olexd.model.finfo import mp_finfo
from olexd.model.hlist import mp_hlist
from olexd.model.mp_connection import mp_conn
from olexd.model.mp_filter import mp_filter
from olexd.model.mp_request import mp_request
from olexd.model.mp_server import mp_server
from olexd.model.runtime import set_config
from olexd.model.table import Table
from tests.unit.python_support import make_config, make_request

INVENTORY: dict[str, Any] = json.loads((Path(__file__).parent / "inventory.json").read_text())

LATER = {
    "apache": {
        # The original dispatcher's insides.
        "CallBack", "_callback", "_path_cache", "_path_cache_lock", "_phase", "_result_warning",
        "_status_values", "init",
    },
}  # fmt: skip
"""Names that only the original needs."""

OBJECTS = {
    "request": mp_request,
    "connection": mp_conn,
    "filter": mp_filter,
    "server": mp_server,
    "table": Table,
    "finfo": mp_finfo,
    "hlist": mp_hlist,
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_have_every_name(kind: str) -> None:
    """Requests, connections, filters, servers, tables, finfos and hlists have every attribute and method."""
    missing = {name for name in INVENTORY[kind] if not hasattr(OBJECTS[kind], name)}
    assert missing == LATER.get(kind, set())


@pytest.mark.parametrize("name", sorted(INVENTORY["constants"]))
def test_constants(name: str) -> None:
    """Every constant has its value."""
    assert getattr(mod_python.apache, name) == INVENTORY["constants"][name]


def test_apache_has_every_name() -> None:
    """`mod_python.apache` has every function and class."""
    set_config(make_config())
    missing = {name for name in INVENTORY["apache"] if not hasattr(mod_python.apache, name)}
    assert missing == LATER["apache"]


def test_low_level_module_has_every_name() -> None:
    """`_apache` has every function."""
    assert {name for name in INVENTORY["_apache"] if not hasattr(_apache, name)} == set()


ATTRIBUTES = {name: entry for name, entry in INVENTORY["request"].items() if entry["kind"] == "attribute"}


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_attributes_can_be_written_only_where_mod_python_lets_them(name: str) -> None:
    """A read-only attribute refuses with AttributeError; a writable one takes its own value back."""
    req = make_request()
    if ATTRIBUTES[name]["writable"]:
        value = getattr(req, name)
        setattr(req, name, "x" if value is None else value)
        assert getattr(req, name) == ("x" if value is None else value)
    else:
        with pytest.raises(AttributeError, match=r"not writable|readonly attribute"):
            setattr(req, name, 1)
