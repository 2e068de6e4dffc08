"""`mod_python.cache` (toolkit spec 6.5)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mod_python import cache


class Doubling(cache.Cache):
    """Builds a name's double; `built` lists what was built."""

    def __init__(self, max_size: int = 0) -> None:
        super().__init__(max_size)
        self.built: list[str] = []

    def build(self, key: Any, name: Any, opened: Any, entry: cache.Entry) -> str:
        assert opened is None
        self.built.append(name)
        return str(name * 2)


class TestCache:
    def test_builds_once(self) -> None:
        """What is there is not built again; what was set is not built at all."""
        kept = Doubling()
        kept["set"] = None
        assert (kept["a"], kept["a"], kept["set"], kept.built) == ("aa", "aa", None, ["a"])

    def test_forgets(self) -> None:
        """One by one, KeyError for what is not there, and all at once."""
        kept = Doubling()
        assert kept["a"] == "aa"
        del kept["a"]
        with pytest.raises(KeyError):
            del kept["a"]
        kept["b"], kept["a"] = "1", "2"
        kept.clear()
        assert (kept["a"], kept["b"], kept.built) == ("aa", "bb", ["a", "a", "b"])

    def test_size(self) -> None:
        """The least recently used goes first."""
        kept = Doubling(2)
        assert [kept[name] for name in "aba"] == ["aa", "bb", "aa"]
        assert (kept.mru(), kept.lru()) == ("a", "b")
        assert kept["c"] == "cc"
        assert (kept.mru(), kept.lru(), kept["a"], kept.built) == ("c", "a", "aa", ["a", "b", "c"])

    def test_ends_of_an_unbounded_cache(self) -> None:
        """There are none, nor of an empty one."""
        kept = Doubling()
        assert kept["a"] == "aa"
        assert (kept.mru(), kept.lru(), Doubling(3).mru(), Doubling(3).lru()) == (None,) * 4

    def test_checkitem(self) -> None:
        """Whether it is new, key, value, entry."""
        is_new, key, value, entry = Doubling()._checkitem("a")
        assert (is_new, key, value, entry._key, entry._value) == (True, "a", "aa", "a", "aa")

    def test_to_be_overridden(self) -> None:
        """A plain cache cannot build."""
        with pytest.raises(NotImplementedError):
            cache.Cache()["a"]

    def test_failures_are_not_kept(self) -> None:
        """What could not be built is tried again."""

        class Failing(cache.Cache):
            def build(self, key: Any, name: Any, opened: Any, entry: cache.Entry) -> str:
                raise LookupError(name)

        kept = Failing()
        for _ in range(2):
            with pytest.raises(LookupError):
                kept["a"]
        assert not kept._dict

    def test_threads(self) -> None:
        """One key is built by one thread, and keeps nobody from another key."""
        begun, go_on = threading.Event(), threading.Event()

        class Slow(Doubling):
            def build(self, key: Any, name: Any, opened: Any, entry: cache.Entry) -> str:
                if name == "slow":
                    begun.set()
                    assert go_on.wait(10)
                return super().build(key, name, opened, entry)

        kept = Slow()
        with ThreadPoolExecutor(3) as pool:
            slow = [pool.submit(kept.__getitem__, "slow") for _ in range(2)]
            assert begun.wait(10)
            assert pool.submit(kept.__getitem__, "fast").result(10) == "fastfast"
            go_on.set()
            assert [one.result(10) for one in slow] == ["slowslow"] * 2
        assert sorted(kept.built) == ["fast", "slow"]

    def test_commit(self) -> None:
        """Is called after changes, and only then."""

        class Committing(Doubling):
            commits = 0

            def commit(self) -> None:
                self.commits += 1

        kept = Committing()
        assert kept["a"] == kept["a"]
        kept["b"] = 1
        assert kept.commits == 2


class TestWeakCache:
    def test_keeps_nothing_alive(self) -> None:
        """A value that nobody else has is built anew."""

        class Value:
            """Can be referred to weakly."""

        class Weak(cache.WeakCache):
            def build(self, key: Any, name: Any, opened: Any, entry: cache.Entry) -> Value:
                return Value()

        kept = Weak()
        first = kept["a"]
        assert kept["a"] is first
        entry = kept._dict["a"]
        del first
        assert kept._unpack(entry) is cache.NOT_INITIALIZED
        assert isinstance(kept["a"], Value)
        with pytest.raises(TypeError):
            kept["b"] = "no weak reference to this"


def touch(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


class TestFiles:
    def test_content(self, tmp_path: Path) -> None:
        """Read again when the file's time changes; a missing one raises."""
        path = tmp_path / "file"
        kept = cache.FileCache()
        with pytest.raises(FileNotFoundError):
            kept[str(path)]
        path.write_bytes(b"one")
        touch(path, 1000)
        assert kept[str(path)] == b"one"
        path.write_bytes(b"two")
        touch(path, 1000)
        assert kept[str(path)] == b"one"
        touch(path, 1001)
        assert kept[str(path)] == b"two"
        assert cache.FileCache(mode="r")[str(path)] == "two"

    def test_modules(self, tmp_path: Path) -> None:
        """A module of its own name; one that fails is not hidden by the one before."""
        path = tmp_path / "some file.py"
        kept = cache.ModuleCache()
        path.write_text("value = 1")
        touch(path, 1000)
        module = kept[str(path)]
        assert (module.value, module.__file__) == (1, str(path))
        assert module.__name__.endswith("_some_file_py")
        assert kept[str(path)] is module
        path.write_text("1/0")
        touch(path, 1001)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                kept[str(path)]


def test_function_cache() -> None:
    """A function's results by its arguments; the order of keywords counts."""
    calls = []

    def function(*args: int, **keywords: int) -> int:
        calls.append((args, keywords))
        return sum(args) + sum(keywords.values())

    kept = cache.FunctionCache(function)
    assert [kept(1, 2), kept(1, 2), kept(1, a=1, b=2), kept(1, b=2, a=1)] == [3, 3, 4, 4]
    assert len(calls) == 3
    with pytest.raises(TypeError):
        kept([])


class Web(BaseHTTPRequestHandler):
    """Answers with the fields that the path asks for, and with 304 to any condition."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        condition = self.headers["If-None-Match"] or self.headers["If-Modified-Since"]
        name, _, value = self.path.lstrip("/").replace("%20", " ").partition("=")
        self.send_response(304 if condition else 404 if name == "404" else 200)
        if name and name != "404":
            self.send_header(name, value)
        self.end_headers()
        if not condition:
            self.wfile.write(b"value = 1")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    """A web server's address."""
    Web.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class TestWeb:
    @pytest.mark.parametrize(
        ("field", "requests"),
        [
            ("Cache-Control=max-age=60", 1),
            ("Expires=Sun,%2006%20Nov%202094%2008:49:37%20GMT", 1),
            ("Expires=Sun,%2006%20Nov%201994%2008:49:37%20GMT", 2),
            ("Expires=nonsense", 2),
            ("ETag=tag", 2),
            ("Last-Modified=Sun,%2006%20Nov%201994%2008:49:37%20GMT", 2),
            ("Cache-Control=no-cache,%20max-age=60", 2),
            ("", 2),
        ],
    )
    def test_validity(self, web: str, field: str, requests: int) -> None:
        """An answer is asked for again when it is no longer good; 304 leaves it as it is."""
        kept = cache.HTTPCache()
        first, second = kept[f"{web}/{field}"], kept[f"{web}/{field}"]
        assert (first.entity, str(second), len(Web.asked)) == (b"value = 1", "value = 1", requests)
        assert (first is second) is (requests == 1 or field.startswith(("ETag", "Last")))
        assert repr(first).startswith("HTTPEntity(b'value = 1', ")

    def test_modules(self, web: str) -> None:
        """Source from the web becomes a module."""
        assert cache.HttpModuleCache()[f"{web}/"].value == 1

    def test_refusals(self, web: str) -> None:
        """Other answers and other kinds of URL raise."""
        with pytest.raises(OSError, match="404"):
            cache.HTTPCache()[f"{web}/404"]
        with pytest.raises(ValueError, match="only http and https"):
            cache.HTTPCache()["file:///etc/passwd"]


def test_dates() -> None:
    """The text of a date as epoch seconds; TypeError for what is none."""
    assert cache.parseRFC822Time("Sun, 06 Nov 1994 08:49:37 GMT") == pytest.approx(784111777.0, abs=86400)
    with pytest.raises(TypeError):
        cache.parseRFC822Time("nonsense")
