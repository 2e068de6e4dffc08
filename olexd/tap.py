"""What `twistd olexd` takes on its command line, and what it makes of it."""

from __future__ import annotations

import sys
from typing import Any, Final

from twisted.internet import reactor
from twisted.python import usage

from olexd.config.build import load
from olexd.config.errors import ConfigError
from olexd.config.report import reports
from olexd.config.server import ServerConfig
from olexd.modules.registry import SPECS
from olexd.service import OlexdService

NO_ADDRESS: Final = (
    "AH00451: there is no address to listen on: a line such as Listen 127.0.0.1:8080 is missing"
)


class Options(usage.Options):
    """The options of `twistd olexd`.

    The configuration is read while options are, so that a bad one ends the program before it detaches.
    """

    longdesc = "Serves an Apache httpd.conf with mod_python handlers."
    optParameters = [["config", "c", "olexd.conf", "The configuration file, in Apache's language."]]  # noqa: RUF012
    optFlags = [  # noqa: RUF012
        ["test", "t", "Check the configuration and exit: 0 when it is good, 1 when not."],
        ["vhosts", "S", "Show the virtual hosts and what holds for the server, and exit."],
        ["modules", "M", "Show the modules, and exit."],
    ]
    config: ServerConfig

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.defines: list[str] = []

    def opt_define(self, name: str) -> None:
        """Set a name for <IfDefine>; may be given more than once. DUMP_VHOSTS, DUMP_RUN_CFG, DUMP_MODULES,
        DUMP_INCLUDES and DUMP_CONFIG show what the configuration amounts to, and exit.
        """
        self.defines.append(name)

    opt_D = opt_define

    def postOptions(self) -> None:
        """Read the configuration; say everything that is wrong with it and exit when it is bad."""
        if self["vhosts"]:
            self.defines += ["DUMP_VHOSTS", "DUMP_RUN_CFG"]
        if self["modules"]:
            self.defines.append("DUMP_MODULES")
        try:
            self.config = load(self["config"], SPECS, self.defines)
        except ConfigError as error:
            for problem in error.problems:
                print(problem, file=sys.stderr)
            raise SystemExit(1) from None
        report = "\n".join(reports(self.config, SPECS))
        if report:
            print(report)
        if self["test"] or report:
            for warning in self.config.warnings:
                print(f"warning: {warning}", file=sys.stderr)
            print("Syntax OK", file=sys.stderr)
            raise SystemExit(0)
        if not self.config.listens:
            raise SystemExit(NO_ADDRESS)


def makeService(options: Options) -> OlexdService:
    """Return the service that twistd starts."""
    service: Any = OlexdService(options.config, reactor)
    service.setName("olexd")
    return service  # type: ignore[no-any-return]
