"""The element `#python` of server-side includes (core spec 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from olexd.config.python import PythonDir
from olexd.importer import apply_python_path
from olexd.model import runtime
from olexd.model.includes import IncludeError, Place
from olexd.model.interpreter import interpreter_name
from olexd.model.mp_filter import Incoming, mp_filter
from olexd.model.request import Request
from olexd.modules.python.failures import debug_page, report
from olexd.modules.python.run import debugs, request_of
from olexd.modules.python.targets import plan_of
from olexd.uri import decode_text

FILTER_NAME: Final = "includes"


def python(place: Place, attributes: Sequence[tuple[str, bytes | None]]) -> None:
    """Evaluate an expression (`eval`) or run statements (`exec`) in the page's names, `req.ssi_globals`.

    An expression's value is written, unless it is None; statements write to `filter`. Raises IncludeError.
    """
    file = place.request.filename
    if place.no_exec:
        raise IncludeError(f"#python used but not allowed in {file}")
    kind, code = _code(attributes, file)
    req = request_of(place.request)
    filter = mp_filter(FILTER_NAME, None, None, req, Incoming(b"", False), lambda data, _: _send(place, data))
    names = _names(req, filter, file)
    caller = runtime.interpreter()
    try:
        _enter(place.request)
        if kind == "exec":
            exec(compile(code.rstrip(), "<includes>", "exec"), names)
        elif (value := eval(compile(code.strip(), "<includes>", "eval"), names)) is not None:
            filter.write(str(value))
    except GeneratorExit:
        raise
    except BaseException as error:
        # SystemExit and KeyboardInterrupt too: no page ends the server.
        place.write(filter._written())
        _fail(place, req, error)
    finally:
        names["filter"] = None
        runtime.set_interpreter(caller)
    place.write(filter._written())


def _send(place: Place, data: bytes) -> None:
    place.write(data)
    place.flush()


def _code(attributes: Sequence[tuple[str, bytes | None]], file: str | None) -> tuple[str, str]:
    """Return what is to be done with the code, and the code with plain line ends. Raises IncludeError."""
    found: list[tuple[str, str]] = []
    for name, value in attributes:
        if name not in ("eval", "exec"):
            raise IncludeError(f"unexpected '{name}' parameter to tag 'python' in {file}")
        if not value:
            raise IncludeError(f"empty value for '{name}' parameter to tag 'python' in {file}")
        found.append((name, decode_text(value).replace("\r\n", "\n")))
    if not found:
        raise IncludeError(f"missing 'eval/exec' parameter to tag 'python' in {file}")
    if len(found) > 1:
        raise IncludeError(f"multiple 'eval/exec' parameters to tag 'python' in {file}")
    return found[0]


def _names(req: Any, filter: mp_filter, file: str | None) -> dict[str, Any]:
    """Return the names that all elements of the page share; a handler may have put some there before."""
    if not hasattr(req, "ssi_globals"):
        req.ssi_globals = {}
    names: dict[str, Any] = req.ssi_globals
    names["filter"] = filter
    names["__file__"] = file
    return names


def _enter(request: Request) -> None:
    interpreter = interpreter_name(request, None)
    path = request.conf[PythonDir].path
    if path is not None:
        apply_python_path(interpreter, path)
    runtime.set_interpreter(interpreter)


def _fail(place: Place, req: Any, error: BaseException) -> None:
    where = f"{FILTER_NAME} {place.request.filename}"
    elements = report(req, where, error)
    if debugs(req, plan_of(place.request.conf)):
        place.write(debug_page(where, elements))
    # What went wrong is in the log already.
    raise IncludeError("") from None
