"""Sessions in a file each."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mod_python._request import Request, option
from mod_python._session_base import NOTICE, BaseSession, Sid, outermost, patience
from mod_python._session_settings import settings
from olexd.sessions.files import SessionFiles, SweepRules, make_directories
from olexd.sessions.locks import SessionLocks
from olexd.sessions.store import SessionRecord


class FileSession(BaseSession):
    """A session in a file of its own, in `mp_sess` below the directory that the options name.

    Loading and saving never raise: failures are logged. `fast_cleanup` and `verify_cleanup` (-1: as the
    options say) are for `SweepRules`. Without locking, each operation by itself still takes the lock.
    """

    _alone: tuple[SessionLocks, object] | None = None

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
        fast_cleanup: object = -1,
        verify_cleanup: object = -1,
    ) -> None:
        directory = option(
            req,
            "mod_python.file_session.database_directory",
            "mod_python.session.database_directory",
            "session_directory",
        )
        self._sessdir = os.path.join(directory or settings().tempdir, "mp_sess")
        self._files = SessionFiles(self._sessdir)
        self._read_options(req, timeout, fast_cleanup, verify_cleanup)
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def _read_options(self, req: Request, timeout: float, fast: object, verify: object) -> None:
        """Note how file sessions are cleaned up, from arguments, options and the module's settings."""
        known = settings()
        if fast == -1:
            name = option(req, "mod_python.file_session.enable_fast_cleanup", "session_fast_cleanup")
            fast = known.DFT_FAST_CLEANUP if name is None else known.true_or_false(name)
        if verify == -1:
            name = option(req, "mod_python.file_session.verify_session_timeout", "session_verify_cleanup")
            verify = known.DFT_VERIFY_CLEANUP if name is None else known.true_or_false(name)
        grace = option(req, "mod_python.file_session.cleanup_grace_period", "session_grace_period")
        limit = option(req, "mod_python.file_session.cleanup_time_limit", "session_cleanup_time_limit")
        self._fast_cleanup = fast
        self._verify_cleanup = verify
        self._cleanup_timeout = timeout or known.DFT_TIMEOUT
        self._grace_period = known.DFT_GRACE_PERIOD if grace is None else int(grace)
        self._cleanup_time_limit = known.DFT_CLEANUP_TIME_LIMIT if limit is None else int(limit)

    def do_load(self) -> SessionRecord | None:
        """Return a copy of the record; None, with a line in the log, when that fails."""
        try:
            with self._file_locked():
                return self._files.load(self._sid)
        except Exception:
            self._req.log_error(f"Error while loading a session : {traceback.format_exc()}")
            return None

    def do_save(self, dict: SessionRecord) -> None:
        """Store a copy of the record; a failure is logged."""
        try:
            with self._file_locked():
                self._files.save(self._sid, dict)
        except Exception:
            self._req.log_error(f"Error while saving a session : {traceback.format_exc()}")

    def do_delete(self) -> None:
        """Remove the record."""
        with self._file_locked(), suppress(OSError):
            self._files.delete(self._sid)

    def do_cleanup(self) -> None:
        """Have `filesession_cleanup` run after the request."""
        rules = SweepRules(
            fast=bool(self._fast_cleanup),
            verify=bool(self._verify_cleanup),
            timeout=self._cleanup_timeout,
            grace=self._grace_period,
            time_limit=self._cleanup_time_limit,
        )
        self._req.register_cleanup(filesession_cleanup, (self._files, rules, self._req))
        self._req.log_error("FileSession: registered filesession cleanup.", NOTICE)

    def lock_file(self) -> None:
        """Take the session's lock for one operation, unless it is held for the request."""
        if not self._locked and self._alone is None:
            locks, owner = self._registry(), outermost(self._req)
            locks.acquire(self._sid, owner, patience(self._req))
            self._alone = (locks, owner)

    def unlock_file(self) -> None:
        """Release what `lock_file()` took."""
        if self._alone is not None:
            (locks, owner), self._alone = self._alone, None
            locks.release(self._sid, owner)

    @contextmanager
    def _file_locked(self) -> Iterator[None]:
        self.lock_file()
        try:
            yield
        finally:
            self.unlock_file()


def filesession_cleanup(data: tuple[SessionFiles, SweepRules, Request]) -> None:
    """Remove expired session files, for as long as the rules allow."""
    files, rules, req = data
    files.sweep(rules, lambda message: req.log_error(message, NOTICE))


def make_filesession_dirs(sess_dir: str) -> None:
    """Make the 256 subdirectories for session files."""
    make_directories(sess_dir)
