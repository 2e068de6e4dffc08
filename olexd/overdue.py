"""What happens to a request whose handlers take longer than RequestTimeout.

A coroutine is cancelled. A handler in a pool thread cannot be: the client is answered in its place, and for
the handler the client is gone. Its thread is never touched, and keeps the socket open until it is done.
"""

from __future__ import annotations

from copy import copy
from typing import Final

from olexd.errors import ClientGone
from olexd.http.channel import Channel
from olexd.model.body import EMPTY
from olexd.model.deadline import Deadline
from olexd.model.logging import log_request
from olexd.model.output import Output
from olexd.model.request import Request
from olexd.modules.python import log_stack
from olexd.phases import respond
from olexd.phases.derive import AS_SENT
from olexd.status import GATEWAY_TIMEOUT
from olexd.task import Task, Workers

_TAKEN_OVER: Final = (*AS_SENT, "unparsed_uri", "uri", "args")


def give_up(channel: Channel, pool: Workers) -> None:
    """End a request that took too long, as far as that can be done now. Reactor only, once per look."""
    task: Task | None = channel.task
    deadline: Deadline | None = channel.connection.deadline
    if task is None or deadline is None:
        return
    if not deadline.passed:
        deadline.passed = True
        _report(task, deadline, pool)
    output = task.request.output
    if task.waiting:
        if deadline.committed and not output.finished:
            channel.transport.abortConnection()
        else:
            task.cancel()
    if channel.task is not task or output.finished or deadline.answered:
        return
    if deadline.committed:
        channel.transport.abortConnection()
    elif deadline.take_over():
        _answer(channel, task.request)


def _report(task: Task, deadline: Deadline, pool: Workers) -> None:
    seconds = f"{deadline.seconds:g} second{'' if deadline.seconds == 1 else 's'}"
    record = task.request.output.request
    log_request(record, f"{deadline.handler} takes longer than RequestTimeout allows ({seconds})")
    frame = pool.frame_of(lambda job: getattr(job, "connection", None) is task.connection)
    if frame is not None:
        log_stack(record, deadline.handler, frame)


def _answer(channel: Channel, request: Request) -> None:
    """Send an error page with a record of its own: the request's belongs to whoever handles it."""
    page = _page_for(channel, request)
    if respond.die(page, GATEWAY_TIMEOUT) is not None:
        # A page of the site would need handlers, and perhaps a thread, again.
        respond.send_page(page, GATEWAY_TIMEOUT, None)
    # Before anything is sent: a client that has its answer may leave at once, and wake the handler.
    channel.connection.aborted = True
    request.output.give_way(page.output)
    try:
        page.output.finish()
    except ClientGone:
        page.output.abandon()
    channel.cut_off()


def _page_for(channel: Channel, request: Request) -> Request:
    connection = copy(channel.connection)
    connection.on_reactor = True
    connection.deadline = None
    page = Request(connection, request.host, request.conf)
    for name in _TAKEN_OVER:
        setattr(page, name, getattr(request, name))
    page.method = "HEAD" if request.header_only else request.method
    page.body = EMPTY
    page.output = Output(page, channel.writer)
    return page
