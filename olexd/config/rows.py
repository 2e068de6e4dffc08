"""Directives as rows: what a module says about each of its directives.

The core (`build.py`) checks arity and context from the row; a row's `apply` only turns words into a new
settings object. Sources: httpd's manual, "Terms used to describe directives"; configuration spec 1.2.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Any, TypeVar

from olexd.config.errors import DirectiveError, Where
from olexd.config.gathered import extended
from olexd.config.settings import Settings
from olexd.expr import Vocabulary

C = TypeVar("C")


class Arity(Enum):
    """How many words a directive takes. The value is the text of the error message."""

    NONE = "takes no arguments"
    ONE = "takes one argument"
    TWO = "takes two arguments"
    THREE = "takes three arguments"
    ONE_OR_TWO = "takes 1-2 arguments"
    TWO_OR_THREE = "takes two or three arguments"
    ONE_TO_THREE = "takes one, two or three arguments"
    ONE_OR_THREE = "takes one or three arguments"
    ITERATE = "requires at least one argument"
    ITERATE2 = "requires at least two arguments"
    FLAG = "must be On or Off"
    RAW = "takes the rest of the line"


class Context(Flag):
    """Where a directive may stand."""

    SERVER = auto()
    VHOST = auto()
    DIRECTORY = auto()
    """Any per-directory section: Directory, Location, Files, If, and their Match forms."""
    HTACCESS = auto()

    SV = SERVER | VHOST
    SVD = SERVER | VHOST | DIRECTORY
    DH = DIRECTORY | HTACCESS
    SVDH = SERVER | VHOST | DIRECTORY | HTACCESS


class Override(Flag):
    """The AllowOverride class that lets a directive stand in .htaccess."""

    NONE = 0
    AUTHCONFIG = auto()
    FILEINFO = auto()
    INDEXES = auto()
    LIMIT = auto()
    OPTIONS = auto()
    ANY = AUTHCONFIG | FILEINFO | INDEXES | LIMIT | OPTIONS


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods that a `<Limit>` names or, with `excepted`, that a `<LimitExcept>` leaves out.

    HEAD counts as GET, as in httpd.
    """

    names: frozenset[str]
    excepted: bool = False

    def cover(self, method: str) -> bool:
        """Return whether the section restricts `method`."""
        return (("GET" if method == "HEAD" else method) in self.names) is not self.excepted

    def within(self, inner: Methods) -> Methods:
        """Return the methods that this section and one nested in it restrict together."""
        if self.excepted and inner.excepted:
            return Methods(self.names | inner.names, True)
        if self.excepted:
            return Methods(inner.names - self.names)
        return Methods(self.names - inner.names if inner.excepted else self.names & inner.names)


@dataclass(frozen=True, slots=True)
class Args:
    """What a directive was given.

    `words` are the unquoted words, `raw` the rest of the line as written (after ${} expansion), `where` the
    file and line, `server_root` the directory that relative paths start from. Expressions may use
    `vocabulary`. `main` is what the main server was told so far: unresolved server-wide settings. `section`
    is the kind and argument of the enclosing path section ("Location", "/app"), or None at server level,
    `directory` the enclosing `<Directory>` path with a trailing slash (also seen from `<Files>` inside it),
    or None. `methods` are those of the enclosing `<Limit>` or `<LimitExcept>`, None outside of one. `inner`
    is what the directives inside a container row set, unresolved. `container` is the innermost container
    row around the directive, `<RequireAll>`, or "". `options` are the names that Options may switch in a
    .htaccess file, None for all.
    """

    name: str
    words: tuple[str, ...]
    raw: str
    where: Where
    server_root: str
    vocabulary: Vocabulary
    main: Settings
    section: tuple[str, str] | None = None
    directory: str | None = None
    methods: Methods | None = None
    inner: Any = None
    container: str = ""
    options: frozenset[str] | None = None

    @property
    def word(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def flag(self) -> bool:
        """The value of an On/Off directive (the core has checked the word)."""
        return self.words[0].lower() == "on"

    def path(self, word: str | None = None) -> str:
        """Return `word` (default: the first) as an absolute path, relative ones taken from ServerRoot."""
        import os.path

        return os.path.normpath(os.path.join(self.server_root, self.words[0] if word is None else word))


@dataclass(frozen=True, slots=True)
class Directive:
    """One row: a directive's name, where it may stand, what it takes and what it does.

    `target` is the settings dataclass it changes; `apply(conf, args)` returns the changed copy (fields
    of `conf` may be UNSET) and raises `DirectiveError` on a bad value. `default` and `help` go into the
    directive reference. `effect` False marks a directive that is accepted and has no effect here:
    the config check warns once, `help` says what to use instead.

    A name in angle brackets (`<RequireAll>`) makes a container: the directives in it act on a fresh
    `target`, which `apply` gets as `args.inner`; directives with another target are refused in it. One that
    `holds` some classes of directives takes those of any target, and gets their settings as `args.inner`.
    `by_method` says that `apply` honours `args.methods`; an authorization directive without it is
    refused in `<Limit>`, so that none is silently widened or lost. `warn(args)` returns what the config check
    is to warn of, "" for nothing.
    """

    name: str
    contexts: Context
    arity: Arity
    target: type[Any]
    apply: Callable[[Any, Args], Any]
    help: str
    default: str = ""
    override: Override = Override.NONE
    effect: bool = True
    by_method: bool = False
    holds: Override = Override.NONE
    warn: Callable[[Args], str] | None = None


def store(field: str, convert: Callable[[str], Any] = str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores the first word, converted; a ValueError becomes the message."""

    def apply(conf: C, args: Args) -> C:
        try:
            value = convert(args.words[0])
        except DirectiveError:
            raise
        except ValueError as error:
            raise DirectiveError(f"{args.name}: {error}") from None
        return dataclasses.replace(conf, **{field: value})  # type: ignore[type-var]

    return apply


def store_flag(field: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores an On/Off value as a bool."""

    def apply(conf: C, args: Args) -> C:
        return dataclasses.replace(conf, **{field: args.flag})  # type: ignore[type-var]

    return apply


def store_path(field: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores the first word as a path below ServerRoot."""

    def apply(conf: C, args: Args) -> C:
        return dataclasses.replace(conf, **{field: args.path()})  # type: ignore[type-var]

    return apply


def extend(field: str, convert: Callable[[Args], tuple[Any, ...]]) -> Callable[[C, Args], C]:
    """Return an `apply` that appends `convert(args)` to a tuple field of the same section."""

    def apply(conf: C, args: Args) -> C:
        return extended(conf, field, convert(args))

    return apply


def ignore(conf: C, args: Args) -> C:
    """The `apply` of a directive that is accepted without effect."""
    return conf
