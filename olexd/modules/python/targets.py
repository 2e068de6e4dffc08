"""What a handler entry stands for: the function to call, found once and checked cheaply ever after."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from olexd.config.python import NONBLOCKING, Handler, PythonDir
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.importer import LoadedModule, add_directory, apply_python_path, load, resolve_object
from olexd.importer.objects import needs_instance
from olexd.model import runtime
from olexd.model.nonblocking import runs_on_reactor
from olexd.modules.python.phases import PythonPhase

Function = Callable[[Any], Any]
TargetKey = tuple[str, str | None, str, str]
"""(handler, directory, phase, interpreter)"""


class Target:
    """A handler's function. `function` is None for a silent handler whose module has none.

    `per_request` targets have a class on the path to them, which is called for every request;
    `on_reactor` ones run on the reactor's thread.
    """

    __slots__ = ("function", "loaded", "module", "on_reactor", "path", "per_request")

    def __init__(self, loaded: LoadedModule, path: str, silent: bool, nonblocking: bool) -> None:
        self.loaded = loaded
        self.module: ModuleType = loaded.module
        self.path = path
        self.per_request = needs_instance(self.module, path)
        self.function: Function | None = None
        self.on_reactor = nonblocking
        if not self.per_request:
            self.function = resolve_object(self.module, path, None, silent)
            self.on_reactor = nonblocking or runs_on_reactor(self.function)

    def is_current(self, autoreload: bool) -> bool:
        """Return whether the module is still the one the function is from, as far as is known."""
        return self.module is self.loaded.module and self.loaded.is_current(autoreload)


class PythonPlan:
    """The handler lists of merged settings, and what was found for them."""

    __slots__ = (
        "auto_reload",
        "conf",
        "debug",
        "interpreter_by_host",
        "lists",
        "nonblocking",
        "request_timeout",
        "targets",
    )

    def __init__(self, conf: PythonDir) -> None:
        self.conf = conf
        self.lists = conf.handlers
        self.auto_reload = conf.auto_reload is not False
        self.debug = bool(conf.debug)
        self.interpreter_by_host = not (conf.interpreter or conf.per_directory or conf.per_directive)
        self.request_timeout = conf.request_timeout
        self.nonblocking = conf.flag(NONBLOCKING) is True
        self.targets: dict[TargetKey, Target] = {}

    def has(self, *phases: PythonPhase) -> bool:
        """Return whether there are handlers for one of `phases`."""
        names = {phase.name for phase in phases}
        return any(key.partition(".")[0] in names for key in self.lists)

    def load(self, entry: Handler, phase: PythonPhase, directory: str | None, interpreter: str) -> Target:
        """Find a handler's function. Blocks; raises whatever the path or the module raises."""
        loaded = load(
            interpreter,
            entry.module,
            self._directories(entry, directory, interpreter),
            self.auto_reload,
            self._log,
        )
        path = phase.function if entry.object_path is None else entry.object_path
        target = Target(loaded, path, entry.silent, self.nonblocking)
        self.targets[entry.text, directory, phase.name, interpreter] = target
        return target

    def _directories(self, entry: Handler, directory: str | None, interpreter: str) -> tuple[str, ...]:
        """Settle the search path; return the directories to look in before it."""
        if self.conf.path is not None:
            apply_python_path(interpreter, self.conf.path)
            return ()
        if directory is None or entry.is_location:
            return ()
        add_directory(interpreter, directory)
        return (directory,)

    def _log(self, message: str) -> None:
        if self.debug:
            runtime.log_error(message, Level.NOTICE)


def plan_of(settings: Settings) -> PythonPlan:
    """Return the plan of merged settings, made once for each."""
    plan: PythonPlan | None = settings.__dict__.get("python")
    if plan is None:
        plan = settings.__dict__["python"] = PythonPlan(settings[PythonDir])
    return plan
