"""mod_ssl: HTTP over TLS (configuration spec 5.6)."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.modules.ssl.access import HOOKS
from olexd.modules.ssl.contexts import check
from olexd.modules.ssl.directives import DIRECTIVES
from olexd.modules.ssl.handshakes import Handshakes
from olexd.modules.ssl.settings import SslDir, SslServer
from olexd.phases.hooks import Module

MODULE: Final = Module(
    ModuleSpec(
        name="ssl",
        identifiers=("ssl_module", "mod_ssl.c"),
        server=(SslServer,),
        directory=(SslDir,),
        directives=DIRECTIVES,
        check=check,
    ),
    HOOKS,
)

__all__ = ["MODULE", "Handshakes", "SslServer"]
