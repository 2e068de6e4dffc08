"""What a CGI script takes for its own process, while other requests run beside it in other threads.

`os.environ`, `sys.stdin`, `sys.stdout`, `sys.stderr` and `sys.argv` belong to the whole process; here each
script is answered with its own, and everybody else with the process's. That is done where they are looked up,
not by exchanging them for the time of a request: what a script assigns to `sys.stdout` is seen by that script
alone, and objects that a module got hold of earlier (a default argument `environ=os.environ`) are right, too.
Nothing of this is in place before the first script runs.

A script's threads see the process's own streams and environment, unless they are given the script's context
(`contextvars.copy_context()`, `asyncio.to_thread()`).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Final

CLONE_FS: Final = 0x200
_ENV_POSITION: Final = 10
"""Where `env` stands among the arguments of `subprocess.Popen`."""


class ScriptProcess:
    """One script's environment, and what `sys` holds for it. `over` once its request is."""

    __slots__ = ("environ", "outer", "over", "sys")

    def __init__(self, environ: dict[str, str], **own: Any) -> None:
        self.environ = environ
        self.sys = own
        self.over = False
        self.outer: ScriptProcess | None = None


_current: Final[ContextVar[ScriptProcess | None]] = ContextVar("script", default=None)
_lock: Final = threading.Lock()
_thread: Final = threading.local()


def current() -> ScriptProcess | None:
    """Return the process of the script that is running here, None outside of scripts."""
    process = _current.get()
    return None if process is None or process.over else process


def enter(process: ScriptProcess) -> None:
    """Let what runs here from now on see `process`."""
    _install()
    process.outer = current()
    _current.set(process)


def leave() -> None:
    """Go back to what was seen before the last `enter()`."""
    process = current()
    _current.set(None if process is None else process.outer)


class ScriptEnviron(os._Environ[Any]):
    """`os.environ` and `os.environb`: the script's own environment inside of a script, else the process's."""

    def __getitem__(self, key: Any) -> Any:
        process = current()
        if process is None:
            return super().__getitem__(key)
        value = process.environ.get(self._name(key))
        if value is None:
            raise KeyError(key)
        return self._as_read(value)

    def __setitem__(self, key: Any, value: Any) -> None:
        process = current()
        if process is None:
            super().__setitem__(key, value)
        else:
            process.environ[self._name(key)] = os.fsdecode(self.encodevalue(value))

    def __delitem__(self, key: Any) -> None:
        process = current()
        if process is None:
            super().__delitem__(key)
        elif process.environ.pop(self._name(key), None) is None:
            raise KeyError(key)

    def __iter__(self) -> Iterator[Any]:
        process = current()
        return super().__iter__() if process is None else map(self._as_read, list(process.environ))

    def __len__(self) -> int:
        process = current()
        return super().__len__() if process is None else len(process.environ)

    def __repr__(self) -> str:
        return f"environ({dict(self)!r})"

    def _name(self, key: Any) -> str:
        return os.fsdecode(self.encodekey(key))

    def _as_read(self, text: str) -> Any:
        return self.decodevalue(os.fsencode(text))


class _PerScript:
    """An attribute of `sys`: the script's own where it has one, else the process's."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._value: Any = vars(sys)[name]

    def __get__(self, module: object, owner: object = None) -> Any:
        process = current()
        if process is not None and self._name in process.sys:
            return process.sys[self._name]
        return self._value

    def __set__(self, module: object, value: Any) -> None:
        process = current()
        if process is None:
            self._value = value
        else:
            process.sys[self._name] = value


class _Stream:
    """What Python's own C code (`print()`, `input()`) finds in place of a stream: it asks `sys` each time."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(sys, self._name), attribute)


class _Sys(ModuleType):
    """`sys` with streams and arguments for each script."""


def _install() -> None:
    with _lock:
        if isinstance(sys, _Sys):
            return
        for name in ("argv", "stderr", "stdin", "stdout"):
            setattr(_Sys, name, _PerScript(name))
        for name in ("stderr", "stdin", "stdout"):
            vars(sys)[name] = _Stream(name)
        os.environ.__class__ = os.environb.__class__ = ScriptEnviron
        os.system = _system(os.system)
        subprocess.Popen.__init__ = _popen(subprocess.Popen.__init__)  # type: ignore[method-assign]
        sys.__class__ = _Sys


def _popen(start: Any) -> Any:
    """Return `Popen.__init__` with the script's environment where none is given."""

    def start_with_environment(self: Any, *args: Any, **kwargs: Any) -> None:
        process = current()
        if process is not None and len(args) <= _ENV_POSITION and kwargs.get("env") is None:
            kwargs["env"] = process.environ.copy()
        start(self, *args, **kwargs)

    return start_with_environment


def _system(run: Any) -> Any:
    """Return `os.system` with the script's environment."""

    def run_with_environment(command: str) -> int:
        if current() is None:
            return int(run(command))
        code = subprocess.call(command, shell=True)
        return code << 8 if code >= 0 else -code

    return run_with_environment


def _has_own_directory() -> bool:
    """Give the calling thread a working directory of its own; return whether the system can."""
    if not hasattr(_thread, "own_directory"):
        _thread.own_directory = _unshare()
    return bool(_thread.own_directory)


def _unshare() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError, AttributeError):
        return int(ctypes.CDLL(None).unshare(CLONE_FS)) == 0
    return False


@contextmanager
def working_in(directory: str, lock: threading.Lock) -> Iterator[None]:
    """Work in `directory`, and leave directory and umask as they were.

    On Linux a thread has its own; elsewhere there is one for the whole process, and `lock` is held meanwhile.
    """
    if _has_own_directory():
        with _changed(directory):
            yield
    else:
        with lock, _changed(directory):
            yield


@contextmanager
def _changed(directory: str) -> Iterator[None]:
    before, mask = _here(), os.umask(0o022)
    os.umask(mask)
    os.chdir(directory)
    try:
        yield
    finally:
        os.umask(mask)
        _go_back(before)


def _here() -> str:
    """Return the working directory, the root when that was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"


def _go_back(directory: str) -> None:
    """Return to a directory, or to the root: a server may be started where its account may not go."""
    try:
        os.chdir(directory)
    except (FileNotFoundError, PermissionError):
        os.chdir("/")
