"""What is true of the whole process, and of who runs in it."""

from __future__ import annotations

import threading
from contextvars import Context

from olexd.model import runtime


def test_interpreters_of_contexts_and_threads() -> None:
    """The interpreter's name belongs to a thread, and to a coroutine that has a context of its own."""
    runtime.set_interpreter("outer")
    seen = []

    def inner() -> None:
        seen.append(runtime.interpreter())
        runtime.set_interpreter("inner")
        seen.append(runtime.interpreter())

    for run in (Context().run, _in_thread):
        run(inner)
        assert runtime.interpreter() == "outer"
    assert seen == ["main_interpreter", "inner"] * 2
    runtime.set_interpreter(runtime.MAIN_INTERPRETER)


def _in_thread(call: object) -> None:
    thread = threading.Thread(target=call)  # type: ignore[arg-type]
    thread.start()
    thread.join()
