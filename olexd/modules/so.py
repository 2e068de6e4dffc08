"""mod_so: shared objects are not loaded here; LoadModule itself belongs to the reader of the files."""

from __future__ import annotations

from typing import Final

from olexd.config.core import ProcessSettings
from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context
from olexd.modules.words import accepted
from olexd.phases.hooks import Module

MODULE: Final = Module(
    ModuleSpec(
        "so",
        ("so_module", "mod_so.c"),
        (ProcessSettings,),
        (),
        (accepted("LoadFile", Context.SV, Arity.ITERATE, ProcessSettings, "no shared objects are loaded"),),
    )
)
