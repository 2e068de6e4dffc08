"""Hooks: how a module takes part in a phase."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from olexd.config.module import ModuleSpec
from olexd.config.settings import Settings
from olexd.model.filters import FilterSource
from olexd.model.includes import Element
from olexd.model.request import Request


class Run(Enum):
    """How the hooks of a phase are run."""

    FIRST = "first"
    """In order until one does not decline; its answer is the phase's."""
    ALL = "all"
    """All, while they answer OK or DECLINED; another answer ends the phase."""
    VOID = "void"
    """All; answers are ignored."""


class Phase(Enum):
    """The phases of a request, in the order in which they run. The value says how."""

    POST_READ_REQUEST = ("post_read_request", Run.ALL)
    TRANSLATE_NAME = ("translate_name", Run.FIRST)
    HEADER_PARSER = ("header_parser", Run.ALL)
    SATISFY_ANY = ("satisfy_any", Run.FIRST)
    """Whether passing the access checkers is enough: OK, or DECLINED where authorization has to agree."""
    ACCESS_CHECKER = ("access_checker", Run.ALL)
    ACCESS_DECIDER = ("access_decider", Run.FIRST)
    """Whether the request may pass without a user: OK, DECLINED (a user is needed) or a status."""
    CHECK_USER_ID = ("check_user_id", Run.FIRST)
    AUTH_CHECKER = ("auth_checker", Run.FIRST)
    TYPE_CHECKER = ("type_checker", Run.FIRST)
    FIXUPS = ("fixups", Run.ALL)
    INSERT_FILTER = ("insert_filter", Run.VOID)
    """The last moment before the content is made: configured filters are put in place. Nothing waits here."""
    HANDLER = ("handler", Run.FIRST)
    RESPONSE_HEAD = ("response_head", Run.VOID)
    """Status and header fields are about to be sent; its hooks are plain functions."""
    LOG_TRANSACTION = ("log_transaction", Run.VOID)
    CLEANUP = ("cleanup", Run.VOID)

    def __init__(self, label: str, run: Run) -> None:
        self.label = label
        self.run = run


class Order(IntEnum):
    """Where in its phase a hook stands; equal ones keep the order in which modules were loaded."""

    REALLY_FIRST = -10
    EARLY = -5
    FIRST = 0
    MIDDLE = 10
    LAST = 20
    REALLY_LAST = 30


Answer = int | Awaitable[int]
"""What a hook returns: OK, DECLINED, DONE or a status; or a coroutine that does, when there is to wait."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One module's part in one phase.

    `call(request)` runs wherever the request is just then: a hook that blocks (files, locks, Python handlers)
    first awaits `olexd.phases.sides.to_pool(request)`, one that needs the reactor `to_reactor(request)`.
    `wanted` tells from merged settings, `wanted_on` from a host's server-wide ones, whether the hook has
    anything to do for requests with them; they are asked once per merge, so that requests pay only for
    hooks that do. None means always. `files_only` hooks are left out for requests that lead to no file name.
    `by_request` hooks are also asked, wanted or not, for requests that added handlers or are to be passed on.
    """

    phase: Phase
    call: Callable[[Request], Answer]
    order: Order = Order.MIDDLE
    wanted: Callable[[Settings], bool] | None = None
    wanted_on: Callable[[Settings], bool] | None = None
    files_only: bool = False
    by_request: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """A module: its configuration half and its hooks. Each `olexd/modules/**.py` ends in one, `MODULE`.

    `filters` is where its filters come from; `elements` are the elements that it adds to server-side
    includes, by name.
    """

    spec: ModuleSpec
    hooks: tuple[Hook, ...] = ()
    filters: FilterSource | None = None
    elements: Mapping[str, Element] = field(default_factory=dict)
