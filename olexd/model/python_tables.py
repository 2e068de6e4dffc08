"""The Python settings as the tables that `get_config()` and `get_options()` return (core spec 2, 2.2)."""

from __future__ import annotations

from typing import Final

from olexd.config.python import PythonDir
from olexd.model.table import Table

_DIRECTIVES: Final = {
    "PythonPath": "path",
    "PythonInterpreter": "interpreter",
    "PythonInterpPerDirectory": "per_directory",
    "PythonInterpPerDirective": "per_directive",
    "PythonAutoReload": "auto_reload",
    "PythonDebug": "debug",
    "PythonEnablePdb": "enable_pdb",
}
"""The directives by the setting they fill."""

_NOT_SERVER_LEVEL: Final = frozenset({"PythonInterpPerDirectory"})


def config_table(conf: PythonDir, server_level: bool = False) -> Table:
    """Return the directives that were given, flags as '1' and '0'."""
    table = Table()
    for directive, field in _DIRECTIVES.items():
        value = getattr(conf, field)
        if value is not None and not (server_level and directive in _NOT_SERVER_LEVEL):
            table[directive] = _shown(value)
    return table


def _shown(value: str | bool) -> bytes:
    text = str(int(value)) if isinstance(value, bool) else value
    return text.encode()


def option_table(conf: PythonDir, keep_removed: bool = False) -> Table:
    """Return the options; removed ones are left out, or show as ''."""
    table = Table()
    for name, value in conf.options.items():
        if value or keep_removed:
            table[name.spelling.encode()] = value.encode()
    return table
