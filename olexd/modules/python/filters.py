"""PythonOutputFilter and PythonInputFilter: filters that are functions of handler modules (core spec 4.3).

A function is called once for each block. It runs where the block is pushed or read: on a pool thread, except
for what a coroutine handler itself writes or reads.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any, Final

from olexd.config.python import Handler, PythonDir
from olexd.config.server import HostConfig, Section, ServerConfig
from olexd.config.settings import Settings
from olexd.errors import ClientGone, FilterFailed, ServerReturn
from olexd.importer import resolve_object
from olexd.model import runtime
from olexd.model.filters import FilterSource, InputFilter, OutputFilter, PassOn, Pull
from olexd.model.interpreter import interpreter_name
from olexd.model.logging import log_request
from olexd.model.mp_filter import Incoming, mp_filter
from olexd.model.request import Request
from olexd.modules.python.failures import debug_page, report
from olexd.modules.python.phases import INPUT_FILTER, OUTPUT_FILTER, PythonPhase
from olexd.modules.python.run import debugs, request_of, returned
from olexd.modules.python.targets import Target, plan_of
from olexd.status import INTERNAL_SERVER_ERROR

DYNAMIC: Final = "mod_python"
"""What filters are called that handlers registered."""
NOT_FOUND: Final = "python_filter: Could not find registered filter."
STANDS_STILL: Final = "neither reads nor writes: it is left out"


class PythonFilter:
    """A filter of one request. Whatever goes wrong in its function, it is left out from then on."""

    __slots__ = ("_disabled", "_entry", "_left", "_left_last", "_name", "_phase")

    def __init__(self, entry: Handler, name: str, phase: PythonPhase) -> None:
        self._entry = entry
        self._name = name
        self._phase = phase
        self._disabled = False
        self._left = b""
        self._left_last = False

    def changes_length(self, request: Request) -> bool:
        """Nobody knows what the function does."""
        return True

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Call the function for a block of a response."""
        if self._disabled:
            pass_on(data, last)
        elif not self._call(request, Incoming(data, last), pass_on) and last and not request.output.committed:
            # The end came with the block that was lost: there is nothing to answer with.
            raise FilterFailed(self._name)

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        """Call the function for what the reader of a request's body wants."""
        if self._disabled:
            return self._rest(size, upstream)
        written: list[bytes] = []
        incoming = Incoming(self._left, self._left_last, upstream, size)
        ended = False

        def pass_on(data: bytes, last: bool) -> None:
            nonlocal ended
            written.append(data)
            ended = ended or last

        if not self._call(request, incoming, pass_on, is_input=True):
            incoming.rest()
        if incoming.failure is not None:
            raise incoming.failure
        data = b"".join(written)
        if not (data or ended or incoming.touched or self._disabled):
            log_request(request, f"{self._name} {self._entry.text}: {STANDS_STILL}")
            self._disabled = True
        self._left, self._left_last = incoming.rest(), incoming.last
        return data, ended or (incoming.last and not self._left)

    def _rest(self, size: int, upstream: Pull) -> tuple[bytes, bool]:
        """Return what the function left unread, then what comes from upstream."""
        if not (self._left or self._left_last):
            return upstream(size)
        left, self._left = self._left, b""
        return left, self._left_last

    def _call(self, request: Request, incoming: Incoming, pass_on: PassOn, is_input: bool = False) -> bool:
        """Call the function; return False when it failed and nothing shows it to the client."""
        req = request_of(request)
        directory = self._entry.directory_for(request.filename)
        filter = mp_filter(self._name, self._entry.text, directory, req, incoming, pass_on, is_input)
        caller = runtime.interpreter()
        try:
            function = self._function(request, filter)
            try:
                result = function(filter)
            except ServerReturn as raised:
                returned(request, raised)
                return True
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("a filter cannot be a coroutine function")
        except (ClientGone, FilterFailed, GeneratorExit):
            # What went wrong is not this filter's affair.
            raise
        except BaseException as error:
            # SystemExit and KeyboardInterrupt too: no filter ends the server.
            return self._fail(request, filter, error)
        finally:
            runtime.set_interpreter(caller)
        self._disabled = filter._disabled
        filter.flush()
        return True

    def _function(self, request: Request, filter: mp_filter) -> Any:
        plan = plan_of(request.conf)
        interpreter = interpreter_name(request, filter.dir)
        target: Target | None = plan.targets.get(
            (self._entry.text, filter.dir, self._phase.name, interpreter)
        )
        if target is None or not target.is_current(plan.auto_reload):
            target = plan.load(self._entry, self._phase, filter.dir, interpreter)
        runtime.set_interpreter(interpreter)
        if target.per_request:
            return resolve_object(target.module, target.path, filter)
        return target.function

    def _fail(self, request: Request, filter: mp_filter, error: BaseException) -> bool:
        self._disabled = True
        req = request_of(request)
        where = f"{self._name} {self._entry.text}"
        elements = report(req, where, error)
        if filter.closed or not debugs(req, plan_of(request.conf)):
            return bool(filter.closed)
        request.status = INTERNAL_SERVER_ERROR
        request.content_type = "text/html"
        filter.write(debug_page(where, elements))
        filter.flush()
        return True


class MissingFilter:
    """Stands for a filter that is declared for other places only.

    Nothing passes, for it could be what the filter is there to hide.
    """

    def changes_length(self, request: Request) -> bool:
        """Nothing gets through."""
        return True

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Refuse the block. Raises FilterFailed."""
        log_request(request, NOT_FOUND)
        raise FilterFailed(NOT_FOUND)

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        """Refuse to read. Raises OSError."""
        log_request(request, NOT_FOUND)
        raise OSError(NOT_FOUND)


def _find(request: Request, name: str, kind: str, phase: PythonPhase) -> PythonFilter | MissingFilter | None:
    added = (request.added_filters or {}).get((kind, name))
    if added is not None:
        return PythonFilter(added, DYNAMIC, phase)
    conf = request.conf[PythonDir]
    entry = (conf.output_filters if kind == "output" else conf.input_filters).get(name)
    if entry is not None:
        return PythonFilter(entry, name, phase)
    return MissingFilter() if (kind, name) in _declared(request.connection.config) else None


@lru_cache(maxsize=4)
def _declared(config: ServerConfig) -> frozenset[tuple[str, str]]:
    """Return kind and name of every filter that is declared anywhere on the site."""
    return frozenset(
        (kind, name)
        for host in config.hosts
        for settings in _all_settings(host)
        for kind, field in (("output", "output_filters"), ("input", "input_filters"))
        for name in _names(settings, field)
    )


def _all_settings(host: HostConfig) -> list[Settings]:
    sections: list[Section] = [*host.directories.sections, *host.locations.sections, *host.files]
    sections += [inner for section in sections for inner in section.files]
    return [host.base, *(section.settings for section in sections)]


def _names(settings: Settings, field: str) -> list[str]:
    """Return the names in a field that may be unset."""
    value = getattr(settings[PythonDir], field) if PythonDir in settings else None
    return list(value) if isinstance(value, dict) else []


def _output(request: Request, name: str) -> OutputFilter | None:
    return _find(request, name, "output", OUTPUT_FILTER)


def _input(request: Request, name: str) -> InputFilter | None:
    return _find(request, name, "input", INPUT_FILTER)


FILTERS: Final = FilterSource(_output, _input)
