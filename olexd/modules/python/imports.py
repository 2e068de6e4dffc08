"""PythonImport: modules that are imported when a worker starts (core spec 2.6)."""

from __future__ import annotations

import sys
import traceback
from itertools import chain

from olexd.config.python import Import, PythonDir, PythonServer
from olexd.config.server import HostConfig, ServerConfig
from olexd.importer import apply_python_path, import_module
from olexd.model import runtime
from olexd.model.logging import log_server


def _own_imports(host: HostConfig, config: ServerConfig) -> list[tuple[HostConfig, Import]]:
    """Return what a host adds to the main server's imports, which it has inherited."""
    inherited = 0 if host is config.main else len(config.main.server[PythonServer].imports)
    return [(host, item) for item in host.server[PythonServer].imports[inherited:]]


def run_imports(config: ServerConfig) -> None:
    """Import what PythonImport names, last first. A failure is logged and stops nothing."""
    wanted = list(chain.from_iterable(_own_imports(host, config) for host in config.hosts))
    for host, item in reversed(wanted):
        try:
            _run(host, item)
        except BaseException:
            # SystemExit too: an imported module does not end the server.
            traceback.print_exc(file=sys.stderr)
            log_server(host, f"directive_PythonImport: error importing {item.text}")


def _run(host: HostConfig, item: Import) -> None:
    runtime.set_interpreter(item.interpreter)
    path = host.merged()[PythonDir].path
    if path is not None:
        apply_python_path(item.interpreter, path)
    name, called, function = item.text.partition("::")
    module = import_module(item.interpreter, name)
    if called:
        getattr(module, function)()
