"""mp_filter: reading the block in hand, writing the next one, the end."""

from __future__ import annotations

from typing import Any

import pytest

from olexd.model.mp_filter import AHEAD, Incoming, mp_filter


class Passed:
    """A filter with a block, and what it passed on."""

    def __init__(self, data: bytes = b"", last: bool = True, **more: Any) -> None:
        self.out: list[tuple[bytes, bool]] = []
        self.incoming = Incoming(data, last, **more)
        self.filter = mp_filter(
            "up",
            "m::f",
            "/d/",
            object(),
            self.incoming,
            lambda data, last: self.out.append((data, last)),
            "pull" in more,
        )


class TestReading:
    def test_block_with_end(self) -> None:
        """The data, then None once, then nothing."""
        filter = Passed(b"text").filter
        assert [filter.read(), filter.read(), filter.read()] == [b"text", None, b""]

    def test_block_without_end(self) -> None:
        """An exhausted block is no end."""
        filter = Passed(b"text", last=False).filter
        assert [filter.read(), filter.read(), filter.readline()] == [b"text", b"", b""]

    def test_pieces_and_lines(self) -> None:
        """A tail without a line's end is returned as it is."""
        filter = Passed(b"line one\nline two\nrest").filter
        found = [filter.read(3), filter.readline(), filter.readline(4), filter.readline(), filter.readline()]
        assert found == [b"lin", b"e one\n", b"line", b" two\n", b"rest"]
        assert filter.readline() is None

    @pytest.mark.parametrize("length", [None, 1.0, "1"])
    def test_length_must_be_a_number(self, length: Any) -> None:
        """Anything else is the filter's mistake."""
        with pytest.raises(TypeError):
            Passed(b"text").filter.read(length)


class TestPulling:
    def test_pulls_until_the_end(self) -> None:
        """An input filter gets block after block."""
        blocks = [(b"one", False), (b"two", True)]
        filter = Passed(last=False, pull=lambda size: blocks.pop(0)).filter
        assert [filter.read(), filter.read(), filter.read()] == [b"one", b"two", None]

    def test_lines_span_blocks(self) -> None:
        """A line is put together from blocks."""
        blocks = [(b"on", False), (b"e\ntw", False), (b"o", True)]
        filter = Passed(last=False, pull=lambda size: blocks.pop(0)).filter
        assert [filter.readline(), filter.readline(), filter.readline()] == [b"one\n", b"two", None]

    def test_stops_when_enough_is_written(self) -> None:
        """A filter that writes what it reads does not collect the whole body: it is called again."""
        filter = Passed(last=False, pull=lambda size: (b"x" * size, False), size=1000).filter
        total = 0
        while data := filter.read():
            filter.write(data)
            total += len(data)
        assert data == b"" and total == (AHEAD + 999) // 1000 * 1000

    def test_failure(self) -> None:
        """When the body cannot be read, the filter gets an OSError, and its caller the reason."""

        def pull(size: int) -> tuple[bytes, bool]:
            raise OSError("gone")

        passed = Passed(last=False, pull=pull)
        with pytest.raises(OSError, match="Input filter read error"):
            passed.filter.read()
        assert str(passed.incoming.failure) == "gone"

    def test_nothing_there_yet(self) -> None:
        """On the reactor's thread there may be nothing yet: the block is exhausted."""
        filter = Passed(last=False, pull=lambda size: (b"", False)).filter
        assert filter.read() == b""


class TestWriting:
    def test_kinds(self) -> None:
        """str goes as UTF-8; what is no text and no bytes is refused."""
        passed = Passed()
        passed.filter.write("\xe4")
        passed.filter.write(b"\xff")
        for bad in (3, None, bytearray(b"x")):
            with pytest.raises(TypeError):
                passed.filter.write(bad)  # type: ignore[arg-type]
        passed.filter.close()
        assert passed.out == [(b"\xc3\xa4\xff", True)]

    def test_flush_and_close(self) -> None:
        """flush() passes on what was written, close() the end too, once."""
        passed = Passed()
        passed.filter.write(b"one")
        passed.filter.flush()
        passed.filter.write(b"two")
        passed.filter.close()
        passed.filter.close()
        passed.filter.flush()
        passed.filter.pass_on()
        assert passed.out == [(b"one", False), (b"two", True)]
        assert passed.filter.closed == 1

    def test_closed(self) -> None:
        """A closed filter neither reads nor writes."""
        filter = Passed(b"text").filter
        filter.close()
        for call in (filter.read, filter.readline, lambda: filter.write(b"x")):
            with pytest.raises(ValueError, match="I/O operation on closed filter"):
                call()

    def test_pass_on(self) -> None:
        """The block as it came, as far as it was not read."""
        passed = Passed(b"text")
        passed.filter.read(2)
        passed.filter.pass_on()
        assert passed.out == [(b"xt", True)]

    def test_pass_on_input(self) -> None:
        """An input filter passes on what comes from upstream."""
        passed = Passed(last=False, pull=lambda size: (b"text", False))
        passed.filter.pass_on()
        assert passed.out == [(b"text", False)]


class TestMembers:
    def test_values(self) -> None:
        """What a filter knows of itself."""
        filter = Passed().filter
        found = (filter.name, filter.handler, filter.dir, filter.is_input, filter.closed, filter.softspace)
        assert found == ("up", "m::f", "/d/", 0, 0, 0)
        assert Passed(last=False, pull=lambda size: (b"", True)).filter.is_input == 1

    @pytest.mark.parametrize("name", ["name", "handler", "dir", "is_input", "closed"])
    def test_read_only(self, name: str) -> None:
        """They cannot be changed."""
        with pytest.raises(AttributeError, match="readonly attribute"):
            setattr(Passed().filter, name, 1)

    def test_no_further_names(self) -> None:
        """State that is to last belongs on the request: a filter takes none."""
        with pytest.raises(AttributeError):
            Passed().filter.mine = 1  # type: ignore[attr-defined]
