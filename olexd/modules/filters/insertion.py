"""Putting filters behind a place of the site: SetOutputFilter, SetInputFilter, AddOutputFilterByType.

AddOutputFilter and its like are mod_mime's (`olexd/modules/metadata/mime.py`). Configuration spec 3.12.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from olexd.config.filters import FilterDir, filter_names
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, extend, store
from olexd.config.settings import Settings
from olexd.model.filters import (
    OutputFilter,
    PassOn,
    Transparent,
    add_input_filter,
    add_output_filter,
    append_output_filter,
    find_output_filter,
    log_unknown,
)
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Module, Phase
from olexd.status import OK


def _by_type(args: Args) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, media_type.lower()) for name in filter_names(args.word) for media_type in args.words[1:]
    )


class ByType:
    """A filter for responses of certain media types: which one it is, is known when the first block comes."""

    def __init__(self, name: str, types: frozenset[str]) -> None:
        self._name = name
        self._types = types
        self._chosen: OutputFilter | None = None

    def changes_length(self, request: Request) -> bool:
        """Whether the filter does, if it is for this response."""
        return self._choose(request).changes_length(request)

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Let the filter have the block, if it is for this response."""
        self._choose(request).take(request, data, last, pass_on)

    def _choose(self, request: Request) -> OutputFilter:
        if self._chosen is None:
            wanted = _media_type(request) in self._types
            found = find_output_filter(request, self._name) if wanted else Transparent()
            if found is None:
                log_unknown(request, self._name)
            self._chosen = found or Transparent()
        return self._chosen


def insert_filters(request: Request) -> int:
    """Put the filters in place that the configuration names for the request."""
    conf = request.conf[FilterDir]
    for name in conf.output:
        add_output_filter(request, name)
    for name in conf.input:
        add_input_filter(request, name)
    for name, types in _types_by_filter(conf.by_type):
        _insert_by_type(request, name, types)
    return OK


@lru_cache(maxsize=256)
def _types_by_filter(by_type: tuple[tuple[str, str], ...]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each filter of AddOutputFilterByType with its media types."""
    names = dict.fromkeys(name for name, _ in by_type)
    return tuple((name, frozenset(kind for other, kind in by_type if other == name)) for name in names)


def _insert_by_type(request: Request, name: str, types: frozenset[str]) -> None:
    if request.handler is not None:
        append_output_filter(request, ByType(name, types), name)
    elif _media_type(request) in types:
        # What nobody handles is a file, whose type is settled: others keep their short way to the client.
        add_output_filter(request, name)


def _media_type(request: Request) -> str:
    return (request.content_type or "").partition(";")[0].strip().lower()


def _wanted(settings: Settings) -> bool:
    conf = settings[FilterDir]
    return bool(conf.output or conf.input or conf.by_type)


_LIST: Final = "filters to be run, separated by semicolons, or None"

SET_FILTER: Final = Module(
    ModuleSpec(
        "set_filter",
        (),
        directory=(FilterDir,),
        directives=(
            Directive(
                "SetOutputFilter",
                Context.SVDH,
                Arity.ONE,
                FilterDir,
                store("output", filter_names),
                f"{_LIST}, on responses",
                override=Override.FILEINFO,
            ),
            Directive(
                "SetInputFilter",
                Context.SVDH,
                Arity.ONE,
                FilterDir,
                store("input", filter_names),
                f"{_LIST}, on requests' bodies",
                override=Override.FILEINFO,
            ),
        ),
    ),
    (Hook(Phase.INSERT_FILTER, insert_filters, wanted=_wanted),),
)
"""What httpd's core has of filters: it is there without any LoadModule."""

FILTER: Final = Module(
    ModuleSpec(
        "filter",
        ("filter_module", "mod_filter.c"),
        directives=(
            Directive(
                "AddOutputFilterByType",
                Context.SVDH,
                Arity.ITERATE2,
                FilterDir,
                extend("by_type", _by_type),
                "output filters, separated by semicolons, followed by the media types they are for",
                override=Override.FILEINFO,
            ),
        ),
    )
)
"""mod_filter."""
