"""The built-in modules in the order in which they load when no LoadModule line says otherwise."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.modules.core import MODULE as CORE
from olexd.modules.mpm import MODULE as MPM
from olexd.modules.mpm import UNIXD
from olexd.modules.so import MODULE as SO
from olexd.phases.hooks import Module

MODULES: Final[tuple[Module, ...]] = (CORE, MPM, SO, UNIXD)
SPECS: Final[tuple[ModuleSpec, ...]] = tuple(module.spec for module in MODULES)
"""The configuration halves of `MODULES`, for `olexd.config.build`."""
