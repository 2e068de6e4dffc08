"""What a request says of its response once that is sent."""

from __future__ import annotations

from olexd.model.as_sent import show_as_sent
from olexd.model.output import Output
from olexd.model.request import Request
from tests.unit.phases.support import Wire
from tests.unit.python_support import make_record


def sent(flush: bool = False, **fields: str) -> Request:
    """A request that was answered with `text`."""
    record = make_record()
    record.persistent = True
    record.output = Output(record, Wire())  # type: ignore[arg-type]
    record.err_headers_out["X-Always"] = "é"
    for name, value in fields.items():
        record.headers_out[name] = value
    record.output.write(b"text", flush)
    record.output.finish()
    return record


def test_what_was_sent() -> None:
    """Status line, all fields and the length, in the tables that handlers may hold already."""
    record = sent(Field="value")
    held = record.headers_out
    show_as_sent(record)
    assert record.status_line == "200 OK"
    assert held.items() == [("X-Always", "é"), ("Field", "value"), ("Content-Length", "4")]
    assert (record.err_headers_out.items(), record.clength) == ([], 4)


def test_chunks() -> None:
    """A response without a length has none afterwards."""
    record = sent(flush=True)
    show_as_sent(record)
    assert record.headers_out.items() == [("X-Always", "é"), ("Transfer-Encoding", "chunked")]
    assert record.clength == 0


def test_twice() -> None:
    """A second look finds the same."""
    record = sent()
    show_as_sent(record)
    before = record.headers_out.items()
    show_as_sent(record)
    assert record.headers_out.items() == before


def test_nothing_was_sent() -> None:
    """What was prepared stays where it is when no head was sent."""
    record = make_record()
    record.output = Output(record, Wire())  # type: ignore[arg-type]
    record.headers_out["Field"] = "value"
    record.err_headers_out["X-Always"] = "1"
    show_as_sent(record)
    assert (record.headers_out.items(), record.err_headers_out.items()) == (
        [("Field", "value")],
        [("X-Always", "1")],
    )
    assert record.status_line is None
