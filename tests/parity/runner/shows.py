"""Cases that ask both servers what expressions come to."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from tests.parity.runner.case import LOCATION, Case, Request, get

HANDLER = """\
from mod_python import apache, util, Cookie, Session, psp, publisher
def text(value):
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else str(value)
@SETUP@
EXPRESSIONS = (
@LINES@
)
def handler(req):
    req.content_type = 'text/plain'
    names = globals()
    names['req'] = req
    for expression in EXPRESSIONS:
        try:
            shown = repr(eval(expression, names))
        except apache.SERVER_RETURN as error:
            shown = 'SERVER_RETURN %r' % (error.args,)
        except Exception as error:
            shown = '%s: %s' % (type(error).__name__, error)
        req.write('%s -> %s\\n' % (expression, shown), 0)
    return apache.OK
"""


def shows(
    name: str,
    *expressions: str,
    setup: str = "",
    requests: Sequence[Request] = (get("/"),),
    config: str = LOCATION,
    **details: Any,
) -> Case:
    """Return a case whose handler writes what each expression, in order, comes to or raises.

    Expressions see `req`, the toolkit's modules, `text()` (bytes as str) and what `setup` defines.
    """
    lines = "\n".join(f"    {expression!r}," for expression in expressions)
    source = HANDLER.replace("@SETUP@", textwrap.dedent(setup).strip()).replace("@LINES@", lines)
    return Case(name, requests, config, source=source, **details)
