"""WSGI applications: `PythonHandler mod_python.wsgi`.

    PythonOption mod_python.wsgi.application module::callable
    PythonOption mod_python.wsgi.base_uri /app

The callable is `application` unless it is named. The base is where the application stands in the URL space;
without the option it is the Location that the handler is configured in. The server follows PEP 3333.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from io import BufferedReader, FileIO
from stat import S_ISREG
from typing import Any, Final
from wsgiref.util import FileWrapper

from mod_python import apache
from olexd.config.python import PythonDir
from olexd.errorlog import Level
from olexd.errors import ClientGone
from olexd.importer import import_module
from olexd.model.logging import log_request
from olexd.model.mp_request import mp_request
from olexd.model.output import BUFFER_SIZE
from olexd.model.wsgi import BASE_OPTION
from olexd.status import DECLINED, OK

__all__ = ["handler"]

APPLICATION_OPTION: Final = "mod_python.wsgi.application"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def handler(req: mp_request) -> int:
    """Run the application; DECLINED when there is none, or when the URL is not below its base.

    Raises KeyError without the option `mod_python.wsgi.application`, ImportError for a module that cannot be
    imported, ValueError for a base that ends with a slash, and whatever the application raises.
    """
    name = req._peek_options()[APPLICATION_OPTION]
    application = _application(req, name)
    if not application:
        return _decline(req, f"{APPLICATION_OPTION} ({name!r}) not found")
    environ = req.build_wsgi_env()
    if environ is None:
        base = req._peek_options().get(BASE_OPTION)
        return _decline(req, f"req.uri ({req.uri!r}) does not start with {BASE_OPTION} ({base!r})")
    errors = environ["wsgi.errors"]
    try:
        _run(req, application, environ)
    except ClientGone as gone:
        log_request(req._record, str(gone), Level.INFO, "wsgi")
    finally:
        errors.flush()
    return OK


def _decline(req: mp_request, reason: str) -> int:
    req.log_error(f"WSGI handler: {reason}, declining.", Level.WARNING)
    return DECLINED


def _application(req: mp_request, name: str) -> Application | None:
    """Return the callable that an option's value names, None when its module has none of that name."""
    module_name, _, function = name.partition("::")
    conf = req._record.conf[PythonDir]
    reloads = conf.auto_reload is not False
    if conf.debug:
        module = apache.import_module(module_name, reloads, 1)
    else:
        module = import_module(req.interpreter, module_name, (), reloads)
    return vars(module).get(function or "application")


def _run(req: mp_request, application: Application, environ: dict[str, Any]) -> None:
    response = application(environ, req.wsgi_start_response)
    if type(response) is list or type(response) is tuple:
        _send_whole(req, response)
        return
    try:
        if type(response) is not FileWrapper or not _send_file(req, response.filelike):
            for item in response:
                req.write(item)
    finally:
        close = getattr(response, "close", None)
        if close is not None:
            close()


def _send_whole(req: mp_request, items: list[bytes] | tuple[bytes, ...]) -> None:
    """Send a body that is all there: its length is known, and it can go out in one piece."""
    body = b"".join([item if type(item) is bytes else _as_bytes(item) for item in items])
    if len(body) > BUFFER_SIZE and not req._bytes_queued and "Content-Length" not in req.headers_out:
        req.set_content_length(len(body))
    req.write(body, 0)


def _send_file(req: mp_request, file: Any) -> bool:
    """Send what is left of a file of the system, by the system; return whether it is one."""
    if type(file) is not BufferedReader or type(file.raw) is not FileIO:
        # Only of these is it known that what they read is what the file holds.
        return False
    status = os.fstat(file.fileno())
    if not S_ISREG(status.st_mode):
        return False
    offset = file.tell()
    length = max(status.st_size - offset, 0)
    if not req._bytes_queued and "Content-Length" not in req.headers_out:
        req.set_content_length(length)
    req._record.output.send_file(file.fileno(), offset, length)
    return True


def _as_bytes(item: object) -> bytes:
    """Return an item that is not quite what PEP 3333 asks for: mod_python sends str, too."""
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes):
        return bytes(item)
    raise TypeError(f"a WSGI response consists of bytes, not '{type(item).__name__}'")
