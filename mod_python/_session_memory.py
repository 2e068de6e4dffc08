"""Sessions in the memory of one process."""

from __future__ import annotations

import time
from typing import ClassVar

from mod_python._request import Request
from mod_python._session_base import NOTICE, BaseSession, Record, Sid


class MemorySession(BaseSession):
    """A session in this process's memory. Values are not copied: later requests see changes unsaved."""

    sdict: ClassVar[dict[str, Record]] = {}

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
    ) -> None:
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> Record | None:
        """Return the record as it was saved: the object itself."""
        return MemorySession.sdict.get(self._sid)

    def do_save(self, dict: Record) -> None:
        """Keep the record itself."""
        MemorySession.sdict[self._sid] = dict

    def do_delete(self) -> None:
        """Forget the record."""
        MemorySession.sdict.pop(self._sid, None)

    def do_cleanup(self) -> None:
        """Have `mem_cleanup` run after the request."""
        self._req.register_cleanup(mem_cleanup, MemorySession.sdict)
        self._req.log_error("MemorySession: registered session cleanup.", NOTICE)


def mem_cleanup(sdict: dict[str, Record]) -> None:
    """Delete expired records."""
    now = time.time()
    for sid, record in list(sdict.items()):
        if now - record["_accessed"] > record["_timeout"]:
            sdict.pop(sid, None)
