"""A server of hooks alone: requests go through the real phases, and what comes out is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from olexd.config.module import ModuleSpec
from olexd.errors import ClientGone
from olexd.http.writer import WRITE_FAILED, SocketWriter
from olexd.model.output import Output
from olexd.model.request import Request
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase
from olexd.phases.run import serve
from olexd.phases.table import PhaseTable
from olexd.status import DECLINED, OK
from tests.unit.python_support import drive, make_record

Call = Callable[[Request], Answer]


class Wire:
    """A writer that keeps what is sent; `gone` makes it fail."""

    def __init__(self) -> None:
        self.sent = b""
        self.gone = False
        self.accepted = 0

    def hold(self, parts: Sequence[bytes]) -> bool:
        return False

    def send(self, parts: Sequence[bytes]) -> None:
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        self.sent += b"".join(parts)
        self.accepted = len(self.sent)

    send_soon = send


@dataclass
class Server:
    """Hooks by phase, in order; `ran` tells which phases were run for which path."""

    config: str = ""
    hooks: list[Hook] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    def on(self, phase: Phase, call: Call, order: Order = Order.MIDDLE) -> None:
        """Add a hook."""
        self.hooks.append(Hook(phase, call, order))

    def answers(self, phase: Phase, result: int, order: Order = Order.MIDDLE) -> None:
        """Add a hook that answers with a fixed result."""
        self.on(phase, lambda request: result, order)

    def note_phases(self) -> None:
        """Have every phase noted, before any other hook of it."""
        for phase in Phase:
            self.on(phase, lambda request, phase=phase: self._note(phase), Order.REALLY_FIRST)  # type: ignore[misc]

    def _note(self, phase: Phase) -> int:
        self.ran.append(phase.label)
        return DECLINED

    def get(self, uri: str = "/", refusal: int = OK, **details: Any) -> Result:
        """Serve a request and return what came of it."""
        record = make_record(f"LogLevel trace8\n{self.config}", uri=uri, **details)
        record.persistent = True
        record.connection.on_reactor = True
        record.phases = PhaseTable([Module(ModuleSpec("test", ()), tuple(self.hooks))])
        wire = Wire()
        record.output = Output(record, cast(SocketWriter, wire))
        return self.serve(record, wire, refusal)

    def serve(self, record: Request, wire: Wire, refusal: int = OK) -> Result:
        """Drive a request to its end."""

        async def whole() -> int:
            await serve(record, refusal)
            return OK

        drive(record, whole())
        return Result(record, wire.sent)


class Result:
    """What a request led to: `status` and `fields` of the head, `body`, and the record."""

    def __init__(self, record: Request, sent: bytes) -> None:
        self.record = record
        self.sent = sent
        head, _, self.body = sent.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        self.status = int(line.split(b" ")[1]) if line else 0
        self.fields = [
            (name.decode(), value.decode("latin-1"))
            for name, _, value in (f.partition(b": ") for f in fields)
        ]

    def field(self, name: str) -> str | None:
        """Return a field's value."""
        return next((value for known, value in self.fields if known == name), None)


def error_log(directory: Path) -> str:
    """Return what the error log of a server with `ErrorLog DIRECTORY/error.log` holds."""
    path = directory / "error.log"
    return path.read_text() if path.exists() else ""
