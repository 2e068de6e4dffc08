"""Handlers of requests that write and read the connection itself, as WebSocket servers for mod_python do."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Expect, Request, raw

SWITCHING = "'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: lines\\r\\nConnection: Upgrade\\r\\n\\r\\n'"
WHOLE = "'HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nab'"


def asked(behind: bytes = b"", *, method: str = "GET", last: bool = False) -> Request:
    """Return a request with something behind its head, after which the client may send nothing more."""
    length = f"Content-Length: {len(behind)}\r\n" if method == "POST" else ""
    return raw(f"{method} / HTTP/1.1\r\nHost: @HOST@\r\n{length}\r\n".encode() + behind, last=last)


CASES = [
    Case(
        "taken-by-header-parser",
        [asked(b"first line\nthe rest", last=True)],
        LOCATION.replace("</", "    PythonHeaderParserHandler @M@\n</"),
        source=f"""
        from mod_python import apache


        def headerparserhandler(req):
            conn = req.connection
            conn.write({SWITCHING})
            conn.write(repr((conn.read(3), conn.readline(), conn.read(8))))
            req.assbackwards = 1
            return apache.DONE


        def handler(req):
            raise LookupError("not reached")
        """,
    ),
    Case(
        "taken-page",
        [asked()],
        handler=f"""
        req.connection.write({WHOLE})
        req.assbackwards = 1
        req.connection.write(b'cd')
        return apache.DONE
        """,
    ),
    Case(
        "taken-by-both",
        [asked()],
        handler=f"""
        req.connection.write({WHOLE})
        req.assbackwards = 1
        req.write('cd')
        """,
    ),
    Case(
        "beside-interim",
        [asked(), asked()],
        handler="""
        req.connection.write('HTTP/1.1 100 Continue\\r\\n\\r\\n')
        req.content_type = 'text/plain'
        req.write('page')
        """,
        same_connection=True,
    ),
    Case(
        "beside-body",
        [asked()],
        handler="""
        req.set_content_length(6)
        req.write('ab')
        req.connection.write('cd')
        req.write('ef')
        """,
    ),
    Case(
        "beside-buffered",
        [asked()],
        handler="""
        req.write('page', 0)
        req.connection.write('HTTP/1.1 100 Continue\\r\\n\\r\\n')
        """,
    ),
    Case("beside-nothing", [asked()], handler="req.connection.write('')\nreq.write('page')"),
    Case(
        "taken-read",
        [asked(b"abc", last=True)],
        handler="req.write(repr(req.connection.read(3)))",
        differs="where the next request begins is anyone's guess, so it is the last one",
        olexd=[Expect(200, {"Connection": "close"}, r"b'abc'")],
    ),
    Case(
        "taken-body",
        [asked(b"a=1&b=2", method="POST")],
        handler="""
        try:
            req.write(repr(req.connection.read(7)))
        except RuntimeError as error:
            req.write(str(error))
        """,
        differs="a body is decoded as it arrives: it is what req.read() gives",
        olexd=[Expect(200, body=r"the request has a body: read it .*")],
    ),
    Case(
        "taken-at-the-end",
        [asked(last=True)],
        handler="""
        try:
            req.write(repr(req.connection.read(1)))
        except OSError as error:
            req.write(str(error))
        """,
        differs="the end is told as connection handlers are told it",
        olexd=[Expect(200, body="Connection read error")],
    ),
]
