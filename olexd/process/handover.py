"""Listening sockets, on their way from a running server to the one that takes its place.

A server offers its sockets at a unix socket beside its PidFile, where only its own user and root may ask. Who
asks (`mod_python restart`) starts the next server with them. As they are never closed on the way, no
connection is refused: what nobody has accepted yet waits for whichever of the two is first.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from olexd.config.server import Listen

Sockets = dict[str, int]
"""Descriptors of listening sockets by their addresses."""

VARIABLE: Final = "OLEXD_SOCKETS"
"""The environment variable that tells a new server which of its descriptors are listening sockets."""

_SECONDS: Final = 5.0
"""How long either side waits for the other."""
_LONGEST: Final = 1 << 16
_MOST: Final = 253
"""Descriptors that Linux passes on at once."""
_CREDENTIALS: Final = struct.Struct("3i")


def address(listen: Listen) -> str:
    """Return what a listening socket is known by."""
    return f"unix:{listen.path}" if listen.path else f"{listen.host}:{listen.port}"


def inherited() -> Sockets:
    """Return the sockets that this process was started with. They are not passed on to its own children."""
    sockets: Sockets = json.loads(os.environ.pop(VARIABLE, "{}"))
    for descriptor in sockets.values():
        os.set_inheritable(descriptor, False)
    return sockets


def take(pid_file: str) -> Sockets:
    """Return the sockets of the server with that PidFile; none when there is nobody to give any."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(_SECONDS)
            asking.connect(_place(pid_file))
            names, descriptors, _, _ = socket.recv_fds(asking, _LONGEST, _MOST)
        return dict(zip(json.loads(names or b"[]"), descriptors, strict=True))
    except (OSError, ValueError):
        return {}


def _place(pid_file: str) -> str:
    return f"{pid_file}.sock"


class Offer:
    """Gives this server's sockets, `held()`, to its own user and root: a reader of the reactor.

    Raises OSError when there cannot be a socket beside the PidFile.
    """

    def __init__(self, pid_file: str, held: Callable[[], Mapping[str, int]], reactor: Any) -> None:
        self._path = _place(pid_file)
        self._held = held
        self._reactor = reactor
        self._trusted = {0, os.geteuid()}
        self._socket = _bound_to(self._path)
        self._identity = _identity(self._path)
        reactor.addReader(self)

    def fileno(self) -> int:
        """Return the descriptor that the reactor watches."""
        return self._socket.fileno()

    def doRead(self) -> None:
        """Answer one who asks."""
        with suppress(OSError):
            asking, _ = self._socket.accept()
            with asking:
                asking.settimeout(_SECONDS)
                if _user(asking) in self._trusted:
                    held = self._held()
                    socket.send_fds(asking, [json.dumps([*held]).encode()], [*held.values()])

    def connectionLost(self, reason: object) -> None:
        """Stop: the reactor ends."""
        self.close()

    def logPrefix(self) -> str:
        """Return a name for Twisted's log."""
        return "sockets"

    def close(self) -> None:
        """Offer nothing any more. A socket that the next server has put in place stays."""
        self._reactor.removeReader(self)
        self._socket.close()
        with suppress(OSError):
            if _identity(self._path) == self._identity:
                os.unlink(self._path)


def _bound_to(path: str) -> socket.socket:
    """Return a socket that listens at `path`, in place of what was there; nobody else may connect."""
    new = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(new)
        listening.listen()
        os.rename(new, path)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    listening.setblocking(False)
    return listening


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _user(asking: socket.socket) -> int:
    """Return whose process is at the other end; where the system does not say, the file's mode must do."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return os.geteuid()
    _, user, _ = _CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return int(user)
