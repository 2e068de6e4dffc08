"""A client that opens many connections, asks once on each, and keeps them open until its input ends.

`python -m bench.idle PORT PATH COUNT` prints `idle COUNT` when all connections have had their answer.
"""

from __future__ import annotations

import resource
import select
import socket
import sys
import time

DEADLINE = 90.0
BATCH = 200
"""How many connections wait for their answer at a time: fewer than the backlog of a listening socket."""


def open_idle(port: int, path: str, count: int) -> list[socket.socket]:
    """Return `count` connections that have each had one whole response; ValueError for a bad one."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    connections: list[socket.socket] = []
    deadline = time.monotonic() + DEADLINE
    while len(connections) < count:
        batch = []
        for _ in range(min(BATCH, count - len(connections))):
            connection = socket.create_connection(("127.0.0.1", port), 30)
            connection.sendall(request)
            batch.append(connection)
        wait_for_answers(batch, deadline)
        connections += batch
    return connections


def wait_for_answers(batch: list[socket.socket], deadline: float) -> None:
    """Return once each connection has got a response that leaves it open."""
    waiting = {connection.fileno(): connection for connection in batch}
    poll = select.epoll()
    with poll:
        for number in waiting:
            poll.register(number, select.EPOLLIN)
        while waiting:
            if time.monotonic() > deadline:
                raise ValueError(f"{len(waiting)} connections got no answer in time")
            for number, _ in poll.poll(1.0):
                data = waiting[number].recv(65536)
                if not data.startswith(b"HTTP/1.1 200") or b"\r\nConnection: close" in data:
                    raise ValueError(f"answer {data[:100]!r}")
                poll.unregister(number)
                del waiting[number]


def main(port: int, path: str, count: int) -> None:
    """Open, report, wait, close."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections: list[socket.socket] = []
    try:
        connections = open_idle(port, path, count)
        print(f"idle {len(connections)}", flush=True)
    except (OSError, ValueError) as error:
        print(f"failed: {error}", flush=True)
    sys.stdin.read()
    for connection in connections:
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
