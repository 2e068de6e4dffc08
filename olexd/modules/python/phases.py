"""The phases that Python handlers take part in: names, default functions, what lets a list go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from olexd.status import DECLINED, OK

_OK_OR_DECLINED: Final = frozenset({OK, DECLINED})
_DECLINED: Final = frozenset({DECLINED})
_OK: Final = frozenset({OK})


@dataclass(frozen=True, slots=True, eq=False)
class PythonPhase:
    """One phase. `name` is the directive's; `function` the default one of a handler module.

    The next handler of a list runs while results are in `go_on`. `answers` tells whether there is still a
    client to show an error to.
    """

    name: str
    function: str
    go_on: frozenset[int]
    answers: bool = True


INIT: Final = PythonPhase("PythonInitHandler", "inithandler", _OK_OR_DECLINED)
POST_READ: Final = PythonPhase("PythonPostReadRequestHandler", "postreadrequesthandler", _OK_OR_DECLINED)
TRANS: Final = PythonPhase("PythonTransHandler", "transhandler", _DECLINED)
HEADER_PARSER: Final = PythonPhase("PythonHeaderParserHandler", "headerparserhandler", _OK_OR_DECLINED)
ACCESS: Final = PythonPhase("PythonAccessHandler", "accesshandler", _OK_OR_DECLINED)
AUTHEN: Final = PythonPhase("PythonAuthenHandler", "authenhandler", _DECLINED)
AUTHZ: Final = PythonPhase("PythonAuthzHandler", "authzhandler", _DECLINED)
TYPE: Final = PythonPhase("PythonTypeHandler", "typehandler", _DECLINED)
FIXUP: Final = PythonPhase("PythonFixupHandler", "fixuphandler", _OK_OR_DECLINED)
CONTENT: Final = PythonPhase("PythonHandler", "handler", _OK)
LOG: Final = PythonPhase("PythonLogHandler", "loghandler", _OK_OR_DECLINED, answers=False)
CLEANUP: Final = PythonPhase("PythonCleanupHandler", "cleanuphandler", _OK, answers=False)

INPUT_FILTER: Final = PythonPhase("PythonInputFilter", "inputfilter", _OK)
OUTPUT_FILTER: Final = PythonPhase("PythonOutputFilter", "outputfilter", _OK)
CONNECTION: Final = PythonPhase("PythonConnectionHandler", "connectionhandler", frozenset(), answers=False)
"""Not a phase of a request: what a connection is begun with."""

PYTHON_PHASES: Final = (
    INIT,
    POST_READ,
    TRANS,
    HEADER_PARSER,
    ACCESS,
    AUTHEN,
    AUTHZ,
    TYPE,
    FIXUP,
    CONTENT,
    LOG,
    CLEANUP,
)
