"""mod_python itself: its directives, and its handlers in every phase."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.python import PythonDir, PythonServer, skips_mapping
from olexd.modules.python.connections import connection_handler, converse
from olexd.modules.python.directives import DIRECTIVES
from olexd.modules.python.failures import log_stack
from olexd.modules.python.filters import FILTERS
from olexd.modules.python.hooks import PYTHON_HOOKS
from olexd.modules.python.imports import run_imports
from olexd.modules.python.includes import python
from olexd.modules.python.locations import LOCATIONS_HOOK
from olexd.phases.hooks import Module

MODULE: Final = Module(
    ModuleSpec(
        name="python",
        identifiers=("python_module", "mod_python.c", "mod_python"),
        server=(PythonServer,),
        directory=(PythonDir,),
        directives=DIRECTIVES,
    ),
    (LOCATIONS_HOOK, *PYTHON_HOOKS.values()),
    FILTERS,
    {"python": python},
)

__all__ = [
    "MODULE",
    "PYTHON_HOOKS",
    "connection_handler",
    "converse",
    "log_stack",
    "run_imports",
    "skips_mapping",
]
