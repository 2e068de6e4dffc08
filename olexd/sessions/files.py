"""Sessions in files, one each, in mod_python's layout: `<directory>/<first two digits>/<sid>`.

A file is a pickle, so the directory must be private to this process's user. The sweep goes through the
subdirectories for a limited time and goes on there next time; `fs_status.txt` remembers the place.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from olexd.sessions.places import check_private, private_file
from olexd.sessions.store import SessionRecord, sid_key, valid_sid

STATUS_VERSION: Final = "MPFS_3.2"
STALE_LOCK: Final = 3600
"""Seconds after which a sweep's lock file was left by a process that died."""
SUBDIRECTORIES: Final = tuple(f"{number:02x}" for number in range(256))

Log = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class SweepRules:
    """How a sweep goes about it. Times in seconds.

    `fast` leaves files alone that were touched in the last `timeout + grace`; with `verify` the others are
    read, and removed by their own timeout; without, removed. `time_limit` 0 means none.
    """

    fast: bool
    verify: bool
    timeout: float
    grace: float
    time_limit: float


def make_directories(directory: str) -> None:
    """Make the session directory and its subdirectories, with mode 0750."""
    os.makedirs(directory, 0o750, exist_ok=True)
    for name in SUBDIRECTORIES:
        os.makedirs(os.path.join(directory, name), 0o750, exist_ok=True)


class SessionFiles:
    """The session files in a directory. Raises `SessionStoreError` when others can write there."""

    def __init__(self, directory: str) -> None:
        check_private(directory)
        self.directory = directory

    def load(self, sid: str) -> SessionRecord:
        """Return the record of `sid`, touching its file unless expired. Raises OSError, unpickling errors."""
        path = self._path(sid)
        record = _read(path)
        if time.time() - record["_accessed"] <= record["_timeout"]:
            os.utime(path)
        return record

    def save(self, sid: str, record: SessionRecord) -> None:
        """Keep a record. The file is there whole or not at all. Raises OSError and pickling errors."""
        path = self._path(sid)
        if not os.path.isdir(os.path.dirname(path)):
            make_directories(self.directory)
        data = pickle.dumps(record, 2)
        written = f"{path}.new"
        with open(private_file(written), "wb") as file:
            file.truncate()
            file.write(data)
        os.replace(written, path)

    def delete(self, sid: str) -> None:
        """Remove a record. Raises OSError."""
        os.unlink(self._path(sid))

    def sweep(self, rules: SweepRules, log: Log) -> None:
        """Remove expired sessions, for as long as the rules allow, unless another sweep is under way."""
        lock = os.path.join(self.directory, ".mp_sess.lck")
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileNotFoundError:
            return
        except FileExistsError:
            _other_sweep(lock, log)
            return
        try:
            _Sweep(self.directory, rules, log).run()
        finally:
            os.unlink(lock)

    def _path(self, sid: str) -> str:
        sid_key(sid)
        return os.path.join(self.directory, sid[:2], sid)


def _read(path: str) -> SessionRecord:
    check_private(path)
    with open(path, "rb") as file:
        return pickle.load(file)  # type: ignore[no-any-return]


def _other_sweep(lock: str, log: Log) -> None:
    """Leave the work to the sweep that has the lock file; remove the file if that sweep must have died."""
    try:
        stale = time.time() - os.stat(lock).st_mtime > STALE_LOCK
        if stale:
            os.unlink(lock)
    except FileNotFoundError:
        stale = False
    log("FileSession cleanup: removed a stale lock file" if stale else "FileSession cleanup: already running")


class _Sweep:
    """One sweep over the subdirectories, from where the last one stopped."""

    def __init__(self, directory: str, rules: SweepRules, log: Log) -> None:
        self._directory = directory
        self._status = os.path.join(directory, "fs_status.txt")
        self._rules = rules
        self._log = log
        self._started = time.time()
        self._expired = 0
        self._total = 0
        self._seconds = 0.0

    def run(self) -> None:
        """Sweep, and note how far it went."""
        rules = self._rules
        self._log(f"FileSession cleanup: (fast={rules.fast}, verify={rules.verify}) ...")
        index = self._resume()
        while index < len(SUBDIRECTORIES):
            self._sweep_directory(os.path.join(self._directory, SUBDIRECTORIES[index]))
            index += 1
            elapsed = time.time() - self._started
            if rules.time_limit and elapsed > rules.time_limit:
                break
        self._seconds += time.time() - self._started
        self._remember(index)

    def _resume(self) -> int:
        """Return the subdirectory to start with; a sweep that finished is followed by one from the first."""
        try:
            check_private(self._status)
            with open(self._status) as file:
                version, *numbers = file.read().split()
            index, expired, total, seconds = map(float, numbers)
        except (FileNotFoundError, ValueError):
            return 0
        if version != STATUS_VERSION or not 0 < index < len(SUBDIRECTORIES):
            return 0
        self._expired, self._total, self._seconds = int(expired), int(total), seconds
        return int(index)

    def _remember(self, index: int) -> None:
        if index < len(SUBDIRECTORIES):
            text = f"{STATUS_VERSION} {index} {self._expired} {self._total} {self._seconds:f}\n"
            name = SUBDIRECTORIES[index]
            self._log(f"FileSession cleanup incomplete: next cleanup will start at index {index} ({name})")
        else:
            text = f"{STATUS_VERSION} 0 0 0 0\n"
            done = f"deleted {self._expired} of {self._total} in {self._seconds:.4f} seconds"
            self._log(f"FileSession cleanup: {done}")
        with open(private_file(self._status), "w") as file:
            file.truncate()
            file.write(text)

    def _sweep_directory(self, path: str) -> None:
        try:
            names = os.listdir(path)
        except FileNotFoundError:
            return
        for name in filter(valid_sid, names):
            self._total += 1
            try:
                if self._is_expired(os.path.join(path, name)):
                    os.unlink(os.path.join(path, name))
                    self._expired += 1
            except FileNotFoundError:
                continue
            except Exception as error:  # a pickle can raise anything
                self._log(f"FileSession cleanup error: {path}/{name}: {error}")

    def _is_expired(self, path: str) -> bool:
        rules = self._rules
        if rules.fast and self._started - os.stat(path).st_mtime < rules.timeout + rules.grace:
            return False
        if rules.fast and not rules.verify:
            return True
        record = _read(path)
        return self._started - record["_accessed"] > record["_timeout"] + rules.grace
