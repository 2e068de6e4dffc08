"""A connection that a connection handler speaks on: from the first byte to its end, or to HTTP."""

from __future__ import annotations

from olexd.config.python import Handler
from olexd.http.channel import Channel
from olexd.model.body import Body
from olexd.modules.python import converse
from olexd.status import DECLINED
from olexd.task import Driver, Home


class Talk(Driver):
    """A connection handler's coroutine; one that blocks keeps a pool thread for as long as it speaks."""

    __slots__ = ("_declined", "_input")

    def __init__(self, home: Home, channel: Channel, entry: Handler) -> None:
        super().__init__(home, channel, self._run(entry))
        self._declined = False
        self._input = self.connection.talk = Body(channel, None)
        channel.talk(self._input)

    async def _run(self, entry: Handler) -> None:
        self._declined = await converse(self, entry) == DECLINED

    def run_in_pool(self) -> bool:
        """Go on on this pool thread; what follows the end happens on the reactor."""
        self._drive(False)
        return False

    def end(self, in_reactor: bool) -> None:
        """Nothing is left to send: the handler's writes go out at once."""

    def _finished(self, on_reactor: bool) -> None:
        if on_reactor:
            self._over()
        else:
            self._home.call_in_reactor(self._over)

    def _over(self) -> None:
        channel = self._channel
        channel.task = None
        self.connection.on_reactor = True
        self.connection.talk = None
        if self._declined:
            channel.speak_http(self._input.rest())
        else:
            channel.hang_up()
