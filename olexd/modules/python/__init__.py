"""mod_python itself: its directives, and its handlers in every phase."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.python import PythonDir, PythonServer, skips_mapping
from olexd.modules.python.directives import DIRECTIVES
from olexd.modules.python.hooks import PYTHON_HOOKS
from olexd.modules.python.imports import run_imports
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
)

__all__ = ["MODULE", "PYTHON_HOOKS", "run_imports", "skips_mapping"]
