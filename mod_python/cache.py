"""Caches that build what they lack, for applications (toolkit spec 6.5).

    class Pages(Cache):
        def build(self, key, name, opened, entry):
            return render(name)

    pages = Pages(max_size=100)
    pages["index"]

All of them can be used by several threads: a value is built once, and building it does not hold up others.
"""

from __future__ import annotations

import re
import time
import urllib.request
import weakref
from calendar import timegm
from collections import OrderedDict
from collections.abc import Callable
from email.utils import parsedate_tz
from os import stat
from threading import RLock
from types import ModuleType
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

__all__ = [
    "NOT_INITIALIZED",
    "Cache",
    "Entry",
    "FileCache",
    "FunctionCache",
    "HTTPCache",
    "HTTPEntity",
    "HttpModuleCache",
    "ModuleCache",
    "WeakCache",
    "parseRFC822Time",
    "re_max_age",
    "re_not_word",
]

NOT_INITIALIZED: Final[Any] = object()
"""What stands in an entry whose value is not built yet."""

re_max_age: Final = re.compile(r"max-age\s*=\s*(\d+)", re.IGNORECASE)
re_not_word: Final = re.compile(r"\W+")

HTTP_SECONDS: Final = 30.0
"""How long a web server may take to answer."""


class Entry:
    """What a cache knows of a key. Kinds of caches keep further attributes on it."""

    _timestamp: float
    """When the file that was read had been modified."""
    _expires: float
    """Until when a web server's answer is good, in epoch seconds."""
    _conditions: dict[str, str]
    """The header fields that ask for a new answer only if there is one."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self._value: Any = NOT_INITIALIZED
        self._lock = RLock()


class Cache:
    """A mapping that builds values when they are asked for.

    `max_size` is how many entries are kept, the most recently used ones; 0 means all.
    """

    def __init__(self, max_size: int = 0) -> None:
        self._maxsize = max_size
        self._dict: OrderedDict[Any, Entry] = OrderedDict()
        self._lock = RLock()

    def __getitem__(self, name: Any) -> Any:
        """Return the value for `name`, built now if it is missing or no longer good."""
        is_new, _, value, _ = self._checkitem(name)
        if is_new:
            self.commit()
        return value

    def __setitem__(self, name: Any, value: Any) -> None:
        entry = self._get_entry(self.key(name))
        with entry._lock:
            self._pack(entry, value)
        self.commit()

    def __delitem__(self, name: Any) -> None:
        """Forget the value for `name`; KeyError when there is none."""
        with self._lock:
            del self._dict[self.key(name)]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._dict.clear()

    def mru(self) -> Any:
        """Return the most recently used key; None when the cache is unbounded or empty."""
        return self._end(last=True)

    def lru(self) -> Any:
        """Return the least recently used key; None when the cache is unbounded or empty."""
        return self._end(last=False)

    def key(self, name: Any) -> Any:
        """Return the key under which `name` is kept: hashable, and the name itself unless overridden."""
        return name

    def commit(self) -> None:
        """Called after a change, for caches that keep their entries somewhere else as well."""

    def check(self, key: Any, name: Any, entry: Entry) -> Any:
        """Return None for an entry whose value is good once it is built, else what to build it from anew."""
        return None

    def build(self, key: Any, name: Any, opened: Any, entry: Entry) -> Any:
        """Return the value for `name`; `opened` is what `check()` returned. To be overridden."""
        raise NotImplementedError

    # Inside

    def _end(self, last: bool) -> Any:
        with self._lock:
            if not self._maxsize or not self._dict:
                return None
            return next(reversed(self._dict) if last else iter(self._dict))

    def _checkitem(self, name: Any) -> tuple[bool, Any, Any, Entry]:
        """Return (whether it was built now, key, value, entry)."""
        key = self.key(name)
        entry = self._get_entry(key)
        with entry._lock:
            opened = self.check(key, name, entry)
            if opened is None and (value := self._unpack(entry)) is not NOT_INITIALIZED:
                return False, key, value, entry
            try:
                value = self.build(key, name, opened, entry)
            except BaseException:
                self._forget(key, entry)
                raise
            self._pack(entry, value)
            return True, key, value, entry

    def _forget(self, key: Any, entry: Entry) -> None:
        """Begin anew with an entry that could not be built: an older value must not hide the failure."""
        entry._value = NOT_INITIALIZED
        with self._lock:
            if self._dict.get(key) is entry:
                del self._dict[key]

    def _get_entry(self, key: Any) -> Entry:
        with self._lock:
            entry = self._dict.get(key)
            if entry is None:
                entry = self._dict[key] = Entry(key)
            self._access(entry)
            self._checklru()
            return entry

    def _access(self, entry: Entry) -> None:
        """Note that an entry is being used."""
        if self._maxsize:
            self._dict.move_to_end(entry._key)

    def _checklru(self) -> None:
        """Forget what was not used for the longest time, until the size is right."""
        while self._maxsize and len(self._dict) > self._maxsize:
            self._dict.popitem(last=False)

    def _pack(self, entry: Entry, value: Any) -> None:
        entry._value = value

    def _unpack(self, entry: Entry) -> Any:
        return entry._value


class WeakCache(Cache):
    """Keeps values only as long as somebody else does. TypeError for what cannot be referred to weakly."""

    def _pack(self, entry: Entry, value: Any) -> None:
        entry._value = weakref.ref(value)

    def _unpack(self, entry: Entry) -> Any:
        if entry._value is NOT_INITIALIZED:
            return NOT_INITIALIZED
        value = entry._value()
        return NOT_INITIALIZED if value is None else value


class FileCache(Cache):
    """The contents of files by path, read again when a file's time changes. Raises OSError."""

    def __init__(self, max_size: int = 0, mode: str = "rb") -> None:
        super().__init__(max_size)
        self.mode = mode

    def check(self, key: Any, name: Any, entry: Entry) -> Any:
        """Return the file, opened, when it was not read yet or has changed."""
        modified = stat(key).st_mtime
        if entry._value is not NOT_INITIALIZED and entry._timestamp == modified:
            return None
        opened = open(key, self.mode)  # noqa: SIM115 - build() closes it
        entry._timestamp = modified
        return opened

    def build(self, key: Any, name: Any, opened: IO[Any], entry: Entry) -> Any:
        """Return the file's content."""
        with opened:
            return opened.read()


class ModuleCache(FileCache):
    """Modules by path, executed again when the file changes. They are not in `sys.modules`."""

    def __init__(self, max_size: int = 0) -> None:
        super().__init__(max_size)

    def build(self, key: Any, name: Any, opened: IO[Any], entry: Entry) -> ModuleType:
        """Return a new module made from the file."""
        return _module(str(key), super().build(key, name, opened, entry))


def _module(where: str, source: str | bytes) -> ModuleType:
    module = ModuleType(re_not_word.sub("_", where))
    module.__file__ = where
    exec(compile(source, where, "exec", dont_inherit=True), module.__dict__)
    return module


class FunctionCache(Cache):
    """A function that remembers its results. Arguments must be hashable; the order of keywords counts."""

    def __init__(self, function: Callable[..., Any], max_size: int = 0) -> None:
        super().__init__(max_size)
        self.function = function

    def __call__(self, *args: Any, **kw: Any) -> Any:
        """Return the function's result for these arguments."""
        return self[args, tuple(kw.items())]

    def build(self, key: Any, name: Any, opened: Any, entry: Entry) -> Any:
        """Call the function."""
        args, keywords = key
        return self.function(*args, **dict(keywords))


class HTTPEntity:
    """What a web server sent: `entity` (bytes) and `metadata` (its header fields)."""

    def __init__(self, entity: bytes, metadata: Any) -> None:
        self.entity = entity
        self.metadata = metadata

    def __repr__(self) -> str:
        return f"HTTPEntity({self.entity!r}, {self.metadata!r})"

    def __str__(self) -> str:
        return self.entity.decode(self.metadata.get_content_charset() or "utf-8", "replace")


class HTTPCache(Cache):
    """What web servers sent, by URL (http or https), for as long as they said that it is good.

    What has expired is asked for again, under the condition that it has changed. Raises ValueError for other
    URLs, OSError (`urllib.error.URLError`) when the server does not answer or refuses.
    """

    def check(self, key: Any, name: Any, entry: Entry) -> Any:
        """Return the response when there is a new one."""
        if entry._value is not NOT_INITIALIZED and time.time() < entry._expires:
            return None
        if urlsplit(key).scheme not in ("http", "https"):
            raise ValueError(f"only http and https URLs can be cached, not {key!r}")
        request = urllib.request.Request(key)
        if entry._value is not NOT_INITIALIZED:
            for field, value in entry._conditions.items():
                request.add_header(field, value)
        try:
            opened = urllib.request.urlopen(request, timeout=HTTP_SECONDS)
        except HTTPError as refusal:
            refusal.close()
            if refusal.code != 304:
                raise
            _note_validity(entry, refusal.headers)
            return None
        _note_validity(entry, opened.headers)
        return opened

    def build(self, key: Any, name: Any, opened: Any, entry: Entry) -> Any:
        """Return the response as an `HTTPEntity`."""
        with opened:
            return HTTPEntity(opened.read(), opened.headers)


def _note_validity(entry: Entry, headers: Any) -> None:
    """Keep until when a response is good, and by what a new one can be told from it."""
    tags = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
    entry._conditions = {condition: headers[name] for name, condition in tags.items() if headers[name]}
    entry._expires = _expiry(headers)


def _expiry(headers: Any) -> float:
    control = headers.get("Cache-Control", "")
    if "no-cache" in control or "no-store" in control:
        return 0.0
    age = re_max_age.search(control)
    if age:
        return time.time() + int(age.group(1))
    parsed = parsedate_tz(headers.get("Expires", ""))
    return 0.0 if parsed is None else float(timegm(parsed[:6]) - (parsed[9] or 0))


class HttpModuleCache(HTTPCache):
    """Modules by URL. Their source is executed: ask only servers that are trusted with that."""

    def __init__(self, max_size: int = 0) -> None:
        super().__init__(max_size)

    def build(self, key: Any, name: Any, opened: Any, entry: Entry) -> ModuleType:
        """Return a new module made from the response."""
        return _module(key, super().build(key, name, opened, entry).entity)


def parseRFC822Time(t: str) -> float:
    """Return the date of a header field as epoch seconds, read as local time. TypeError if it is none."""
    parsed = parsedate_tz(t)
    if parsed is None:
        raise TypeError(f"{t!r} is no date")
    return time.mktime(parsed[:9])
