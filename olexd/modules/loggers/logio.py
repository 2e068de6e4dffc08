"""mod_logio: when the first byte of a response went out (configuration spec 5.3)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store_flag
from olexd.config.settings import setting
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import OK


@dataclass(frozen=True, slots=True)
class LogIODir:
    """Whether the time of the first byte is noted, for `%^FB`."""

    track: bool = setting(False)


DIRECTIVES: Final = (
    Directive(
        "LogIOTrackTTFB",
        Context.SVDH,
        Arity.FLAG,
        LogIODir,
        store_flag("track"),
        "Set to 'ON' to enable tracking time to first byte",
        "Off",
        Override.ANY,
    ),
)


def note_first_byte(request: Request) -> int:
    """Note how long the first byte took."""
    request.first_byte = time.monotonic() - request.started
    return OK


MODULE: Final = Module(
    ModuleSpec("logio", ("logio_module", "mod_logio.c"), (), (LogIODir,), DIRECTIVES),
    (
        Hook(
            Phase.RESPONSE_HEAD,
            note_first_byte,
            Order.REALLY_LAST,
            lambda settings: settings[LogIODir].track,
        ),
    ),
)
