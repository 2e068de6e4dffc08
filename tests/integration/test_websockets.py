"""pywebsocket, unmodified, in a PythonHeaderParserHandler: on olexd and the real Apache."""

from __future__ import annotations

import shutil
import socket
import struct
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha1
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Wire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b64encode(sha1(KEY.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x12\x34\x56\x78"

SOCKETS = {
    "handler.py": """
        import os

        from mod_python import apache
        from pywebsocket3 import dispatch, handshake

        dispatcher = dispatch.Dispatcher(os.path.join(os.path.dirname(__file__), "sockets"), None)


        def headerparserhandler(req):
            if not dispatcher.get_handler_suite(req.uri):
                return apache.DECLINED
            try:
                handshake.do_handshake(req, dispatcher)
            except handshake.VersionException as error:
                req.err_headers_out.add("Sec-WebSocket-Version", error.supported_versions)
                return apache.HTTP_BAD_REQUEST
            except handshake.HandshakeException as error:
                return error.status
            req._dispatcher = dispatcher
            dispatcher.transfer_data(req)
            req.assbackwards = 1
            return apache.DONE


        def handler(req):
            req.write("a page")
            return apache.OK
    """,
    "sockets/echo_wsh.py": """
        def web_socket_do_extra_handshake(request):
            if request.ws_origin == "http://stranger.example":
                raise ValueError("a stranger")


        def web_socket_transfer_data(request):
            while (message := request.ws_stream.receive_message()) is not None:
                request.ws_stream.send_message(message, binary=isinstance(message, bytes))
    """,
    "sockets/count_wsh.py": """
        from pywebsocket3 import msgutil


        def web_socket_do_extra_handshake(request):
            pass


        def web_socket_transfer_data(request):
            for number in range(1000):
                msgutil.send_message(request, str(number))
    """,
}
CONFIG = """
KeepAliveTimeout 1
PythonPath "['{directory}', '{directory}/packages'] + sys.path"
DocumentRoot "{directory}/docs"
<Location />
    SetHandler mod_python
    PythonHandler handler
    PythonHeaderParserHandler handler
</Location>
"""
KINDS = [
    Olexd,
    pytest.param(Apache, marks=pytest.mark.skipif(missing() is not None, reason=str(missing()))),
]


def write_site(directory: Path) -> None:
    """Write the handlers and what they import, for a server with a user of its own."""
    directory.chmod(0o755)
    for name, source in SOCKETS.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(source.replace("\n        ", "\n"))
    (directory / "docs").mkdir()
    (directory / "packages").mkdir()
    for name in ("pywebsocket3", "six"):
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, directory / "packages" / name)
        else:
            shutil.copy(origin, directory / "packages")


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server with the handlers above."""
    with tempfile.TemporaryDirectory(prefix="websockets-") as name:
        directory, port = Path(name), free_port()
        write_site(directory)
        text = base_config(directory, port, ["python"]) + CONFIG.format(directory=directory)
        with request.param(text, directory, port) as server:
            yield server


def upgrade(wire: Wire, path: str, *fields: str, version: int = 13) -> int:
    """Ask for a WebSocket; return the status of the answer."""
    own = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}")
    wire.get(path, *own, f"Sec-WebSocket-Version: {version}", *fields)
    answer = wire.head()
    if answer.status == 101:
        assert answer.fields["sec-websocket-accept"] == ACCEPT
    return answer.status


def send(wire: Wire, kind: int, data: bytes) -> None:
    """Send a message of one frame, masked as a client's."""
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else b"\xff" + struct.pack(">Q", size)
    repeated = (MASK * (size // 4 + 1))[:size]
    masked = int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")
    wire.send(bytes([0x80 | kind]) + length + MASK + masked.to_bytes(size, "big"))


def receive(wire: Wire) -> tuple[int, bytes]:
    """Return the next message's kind and data."""
    kind, size = wire._exactly(2)
    if size == 126:
        (size,) = struct.unpack(">H", wire._exactly(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", wire._exactly(8))
    return kind & 15, wire._exactly(size)


def test_echo(wire: Wire) -> None:
    """Text, bytes of any size, pings; and the closing handshake, after which the connection closes."""
    assert upgrade(wire, "/echo") == 101
    for kind, data in [(TEXT, "Grüße".encode()), (TEXT, b""), (BINARY, bytes(range(256)) * 1000)]:
        send(wire, kind, data)
        assert receive(wire) == (kind, data)
    send(wire, PING, b"there?")
    assert receive(wire) == (PONG, b"there?")
    send(wire, CLOSE, b"\x03\xe8")
    assert receive(wire)[0] == CLOSE
    assert wire.closed()


def test_many_messages(wire: Wire) -> None:
    """A handler that talks by itself is heard at once, and closes when it is done."""
    assert upgrade(wire, "/count") == 101
    assert [receive(wire) for _ in range(1000)] == [(TEXT, str(number).encode()) for number in range(1000)]
    assert receive(wire)[0] == CLOSE
    send(wire, CLOSE, b"\x03\xe8")
    assert wire.closed()


def test_refusals(server: RunningServer, wire: Wire) -> None:
    """What is no handshake, or one of another version, or a stranger's, is answered over HTTP."""
    assert wire.ask("/echo").status == 400
    with Wire(server) as other:
        assert upgrade(other, "/echo", version=12) == 400
    with Wire(server) as other:
        assert upgrade(other, "/echo", "Origin: http://stranger.example") == 403


def test_page(wire: Wire) -> None:
    """Other URLs have their pages."""
    assert wire.ask("/page").body == b"a page"


def test_client_that_leaves(server: RunningServer) -> None:
    """A client that just goes away leaves a server that answers the next one."""
    for _ in range(20):
        with Wire(server) as wire:
            assert upgrade(wire, "/echo") == 101
            wire.socket.shutdown(socket.SHUT_RDWR)
    with Wire(server) as wire:
        assert wire.ask("/page").body == b"a page"
    assert "Traceback" not in server.error_log()
