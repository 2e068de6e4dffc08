"""CGI programs inside the server: their environment and streams (core spec 5.1, toolkit spec 6.1)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from mod_python._cgi_streams import CGIStdin, CGIStdout
from mod_python._script_process import ScriptProcess, enter, leave
from olexd.model.cgi_env import script_name
from olexd.model.mp_request import mp_request
from olexd.model.table import Table


def build_cgi_env(req: mp_request) -> Table:
    """Return the environment for a CGI program, a table of its own."""
    req.add_cgi_vars()
    env = req.subprocess_env.copy()
    env["SCRIPT_NAME"] = script_name(req._record).encode()
    env["GATEWAY_INTERFACE"] = "Python-CGI/1.1"
    authorization = req.headers_in.get("Authorization")
    if authorization is not None:
        env["HTTP_AUTHORIZATION"] = authorization.encode()
    return env


def enter_script(req: mp_request, inherited: Mapping[str, str]) -> ScriptProcess:
    """Let what runs in this thread see a CGI program's environment, over what it inherits, and streams.

    Other threads see their own. Whoever forgets `leave()` is back outside when the request is over. Raises
    RuntimeError on the reactor's thread, which all requests share.
    """
    if req._record.on_reactor:
        raise RuntimeError("CGI scripts need a thread of their own: this handler runs on the reactor's")
    own = {name: value for name, value in build_cgi_env(req).items() if value is not None}
    process = ScriptProcess({**inherited, **own}, stdin=CGIStdin(req), stdout=CGIStdout(req), argv=[])
    req.register_cleanup(_end, process)
    enter(process)
    return process


def setup_cgi(req: mp_request) -> tuple[dict[str, str], TextIO, TextIO]:
    """Let the calling thread see the request's environment and streams as those of the process.

    Returns what `restore_nocgi()` takes: the environment, `stdin` and `stdout` from before. Raises
    RuntimeError on the reactor's thread.
    """
    saved = dict(os.environ), sys.stdin, sys.stdout
    enter_script(req, saved[0])
    return saved


def restore_nocgi(sav_env: dict[str, str], si: TextIO, so: TextIO) -> None:
    """Undo `setup_cgi()`, which returned the arguments."""
    leave()


def _end(process: ScriptProcess) -> None:
    process.over = True
