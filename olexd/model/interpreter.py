"""Which interpreter's name a request's handlers run under (core spec 2.4).

There is one interpreter; the names keep the handler modules of different sites apart.
"""

from __future__ import annotations

from olexd.config.python import PythonDir
from olexd.config.server import HostConfig
from olexd.model.request import Request
from olexd.model.runtime import MAIN_INTERPRETER


def interpreter_name(record: Request, directory: str | None) -> str:
    """Return the name; `directory` is that of the first handler in the list."""
    conf = record.conf[PythonDir]
    if conf.interpreter:
        return conf.interpreter
    if conf.per_directory:
        return _directory_of(record.filename)
    if conf.per_directive:
        return directory or MAIN_INTERPRETER
    return record.host.name


def connection_interpreter(host: HostConfig) -> str:
    """Return the name for connection handlers, for which there is neither a file nor a section."""
    conf = host.merged()[PythonDir]
    if conf.interpreter:
        return conf.interpreter
    return MAIN_INTERPRETER if conf.per_directory or conf.per_directive else host.name


def _directory_of(filename: str | None) -> str:
    if filename is None:
        return MAIN_INTERPRETER
    return filename[: filename.rfind("/") + 1] or MAIN_INTERPRETER
