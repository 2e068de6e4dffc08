"""Chains of filters: order, the end of the body, lengths, reading through them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from olexd.errors import BadRequest
from olexd.model import input
from olexd.model.filters import (
    BLOCK,
    InputChain,
    OutputChain,
    PassOn,
    Pull,
    Transparent,
    add_input_filter,
    add_output_filter,
    find_output_filter,
)
from olexd.model.request import Request
from tests.unit.python_support import make_record
from tests.unit.support import configure, make_request


class Marks(Transparent):
    """Puts a mark around each block, and one at the end."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark

    def changes_length(self, request: Request) -> bool:
        return True

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        pass_on(self.mark + data + (b"." if last else b""), last)

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        data, last = upstream(size)
        return self.mark + data, last


class Deaf(Transparent):
    """Swallows everything, the end included."""

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        pass


class Early(Transparent):
    """Ends the body after the first block."""

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        pass_on(data, True)
        pass_on(b"too late", False)


def through(chain: OutputChain, *blocks: bytes, record: Request | None = None) -> list[tuple[bytes, bool]]:
    """Return what leaves a chain when blocks go in, the last one with the end."""
    out: list[tuple[bytes, bool]] = []
    record = record or make_record()
    for block in blocks:
        chain.push(record, block, block is blocks[-1], lambda data, last: out.append((data, last)))
    return out


def chain_of(*filters: Any) -> OutputChain:
    chain = OutputChain()
    for one in filters:
        chain.append(one)
    return chain


class TestOutputChain:
    def test_order(self) -> None:
        """A body goes through the filters in the order in which they were added."""
        assert through(chain_of(Marks(b"a"), Marks(b"b")), b"1", b"2") == [(b"ba1", False), (b"ba2..", True)]

    def test_joined(self) -> None:
        """The filters of another chain come behind its own, encoders last."""
        chain = OutputChain()
        chain.append(Marks(b"z"), encodes=True)
        chain.extend(chain_of(Marks(b"a"), Marks(b"b")))
        assert through(chain, b"1")[0] == (b"zba1...", True)

    def test_the_end_always_comes(self) -> None:
        """A filter that swallows the end does not keep the response open."""
        assert through(chain_of(Deaf()), b"1", b"2") == [(b"", True)]

    def test_nothing_comes_after_the_end(self) -> None:
        """What a filter hands on after it ended the body is dropped, and so is what it is given."""
        assert through(chain_of(Early()), b"1", b"2", b"3") == [(b"1", True)]

    def test_added_later(self) -> None:
        """A filter that is added later gets what comes from then on."""
        chain = chain_of(Marks(b"a"))
        out: list[bytes] = []
        chain.push(make_record(), b"1", False, lambda data, last: out.append(data))
        chain.append(Marks(b"b"))
        chain.push(make_record(), b"2", False, lambda data, last: out.append(data))
        assert out == [b"a1", b"ba2"]

    @pytest.mark.parametrize(("filter", "kept"), [(Marks(b"a"), None), (Transparent(), "4")])
    def test_declared_length(self, filter: Any, kept: str | None) -> None:
        """A Content-Length that was set before goes, if a filter may change the length."""
        record = make_record()
        record.headers_out["Content-Length"] = "4"
        through(chain_of(filter), b"text", record=record)
        assert record.headers_out.get("Content-Length") == kept


class TestOutput:
    def test_filters_change_the_head(self) -> None:
        """Headers are committed by what leaves the chain, so its filters may still change them."""

        class Heads(Transparent):
            def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
                request.headers_out["X-Filter"] = "was here"
                pass_on(data, last)

        request = make_request(configure(""))
        request.output_filters = chain_of(Heads())
        request.output.write(b"text", True)
        assert b"X-Filter: was here\r\n" in written(request)

    def test_lengths_are_of_what_leaves(self) -> None:
        """A response that leaves the chain in one piece has its length; accepted bytes are the handler's."""
        request = make_request(configure(""))
        request.output_filters = chain_of(Marks(b"<>"))
        request.output.write(b"text", False)
        request.output.finish()
        assert b"Content-Length: 7\r\n" in written(request)
        assert (request.output.bytes_sent, request.output.bytes_queued) == (7, 4)

    def test_early_end(self) -> None:
        """A filter may end the response; what the handler writes afterwards is dropped."""
        request = make_request(configure(""))
        request.output_filters = chain_of(Early())
        request.output.write(b"one", True)
        request.output.write(b"two", True)
        request.output.finish()
        assert written(request).endswith(b"\r\n\r\none")
        assert request.output.finished and request.output.persist

    def test_what_a_filter_writes_to_the_request(self) -> None:
        """It waits for the next push instead of going through the same filter again, for ever."""

        class Writes(Transparent):
            def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
                if data == b"one":
                    request.output.write(b"later", True)
                pass_on(data, last)

        request = make_request(configure(""))
        request.output_filters = chain_of(Writes())
        request.output.write(b"one", True)
        request.output.write(b"two", True)
        assert written(request).endswith(b"3\r\none\r\n8\r\nlatertwo\r\n")

    def test_files(self, tmp_path: Any) -> None:
        """A file goes through the chain in blocks."""
        sizes: list[int] = []

        class Sizes(Transparent):
            def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
                sizes.append(len(data))
                pass_on(data, last)

        (tmp_path / "big").write_bytes(b"x" * (2 * BLOCK + 5))
        request = make_request(configure(""))
        request.output_filters = chain_of(Sizes())
        with open(tmp_path / "big", "rb") as file:
            assert request.output.send_file(file.fileno(), 0, 2 * BLOCK + 5) == 2 * BLOCK + 5
        request.output.finish()
        assert sizes == [BLOCK, BLOCK, 5, 0]

    def test_settled(self) -> None:
        """Ranges are cut out of what leaves the chain, as long as nothing has left it yet."""
        request = make_request(configure(""))
        request.output_filters = chain_of(Marks(b"<>"))
        request.output.write(b"text", False)
        request.output.settle()
        assert request.output.collected() == b"<>text."
        assert not request.output.committed


def written(request: Request) -> bytes:
    return cast(Any, request.output)._writer.data  # type: ignore[no-any-return]


class TestNames:
    def test_unknown(self) -> None:
        """An unknown name leaves no chain behind."""
        record = make_record()
        add_output_filter(record, "NOPE")
        add_input_filter(record, "NOPE")
        assert record.output_filters is None and record.input_filters is None

    @pytest.mark.parametrize("name", ["CONTENT_LENGTH", "content_length"])
    def test_nothing_to_do(self, name: str) -> None:
        """Names that mean nothing here are known, and cost nothing."""
        record = make_record()
        add_output_filter(record, name)
        assert find_output_filter(record, name) is not None
        assert record.output_filters is None

    def test_any_case(self) -> None:
        """The case of a name does not count."""
        record = make_record()
        assert find_output_filter(record, "Content_LENGTH") is not None
        assert find_output_filter(record, "INCLUDES") is not None

    def test_a_python_filter_hides_a_built_in_one(self) -> None:
        """As in httpd, where the later registration counts."""
        record = make_record("PythonOutputFilter m includes")
        assert type(find_output_filter(record, "INCLUDES")).__name__ == "PythonFilter"


def reading(body: bytes, *filters: Any) -> Request:
    """Return a request whose body is read through filters."""
    record = make_record(body=body, method="POST")
    record.input_filters = InputChain(record)
    for one in filters:
        record.input_filters.append(one)
    return record


class Splits(Transparent):
    """Gives the body out in blocks of three bytes."""

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        return upstream(3)


class TestInputChain:
    def test_order(self) -> None:
        """The filter that was added last is nearest to the network."""
        assert input.read(reading(b"x", Marks(b"a"), Marks(b"b")), -1) == b"abx"

    def test_read(self) -> None:
        """Exactly as much as was asked for, whatever the blocks, and nothing at the end."""
        record = reading(b"0123456789", Splits())
        assert [input.read(record, size) for size in (4, 0, 5, 9, 1, -1)] == [
            b"0123",
            b"",
            b"45678",
            b"9",
            b"",
            b"",
        ]
        assert cast(InputChain, record.input_filters).exhausted

    def test_lines(self) -> None:
        """Lines are put together from blocks; their length can be limited."""
        record = reading(b"one\ntwo\nthree four", Splits())
        assert [input.readline(record, size) for size in (-1, 2, 9, 5, -1, -1)] == [
            b"one\n", b"tw", b"o\n", b"three", b" four", b"",
        ]  # fmt: skip

    def test_readlines(self) -> None:
        """Whole lines, until they are enough."""
        record = reading(b"one\ntwo\nthree", Splits())
        assert input.readlines(record, 5) == [b"one\n", b"two\n"]
        assert input.readlines(record, -1) == [b"three"]

    def test_discard(self) -> None:
        """The filters see what is dropped."""
        seen: list[bytes] = []

        class Sees(Transparent):
            def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
                data, last = upstream(size)
                seen.append(data)
                return data, last

        record = reading(b"body", Sees())
        assert input.discard(record) == 0
        assert b"".join(seen) == b"body"
        assert input.read(record, -1) == b""

    def test_no_body(self) -> None:
        """Who reads where there is no body gets none, whatever a filter would make of its end."""
        record = reading(b"", Marks(b"made"))
        assert input.read(record, -1) == input.readline(record, -1) == b""

    def test_failing_body(self) -> None:
        """What is wrong with the body reaches the handler as if there were no filter."""

        class Bad(Transparent):
            def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
                raise BadRequest(413, "too long")

        with pytest.raises(Exception, match="413"):
            input.read(reading(b"x", Bad()), -1)

    def test_async(self) -> None:
        """A coroutine reads through filters, too."""
        record = reading(b"0123456789", Splits())
        record.connection.on_reactor = True
        assert asyncio.run(input.aread(record, 4)) == b"0123"
        assert asyncio.run(input.aread(record, -1)) == b"456789"
