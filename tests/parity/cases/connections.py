"""Connection handlers: what they read and write, what their results mean, what is logged."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, Request, raw

HANDLER = "PythonConnectionHandler @M@"

BEGIN = """
from mod_python import apache


def tried(call):
    try:
        return repr(call())
    except Exception as error:
        return '%s: %s' % (type(error).__name__, error)


def connectionhandler(conn):
    conn.readline()
"""


def talks(name: str, body: str, *requests: Request, config: str = HANDLER, **more: object) -> Case:
    """Return a case on an address of its own; `body` follows the reading of the first line."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    source = BEGIN + lines
    return Case(f"connection-{name}", requests, config, source=source, own_address=True, **more)  # type: ignore[arg-type]


READS = {
    "lines": ("[conn.readline() for _ in range(3)]", b"one\ntwo\nthree\n"),
    "line-limited": ("(conn.readline(4), conn.readline())", b"one\ntwo\n"),
    "some": ("(conn.read(3), conn.read(2), conn.readline())", b"onetwo\nthree\n"),
    "what-there-is": ("(conn.readline(), conn.read())", b"one\ntwo"),
    "to-the-end": ("(conn.read(-1), tried(conn.read), tried(conn.readline))", b"one\ntwo\nthree"),
    "last-line": ("(conn.readline(), conn.readline(), tried(conn.readline))", b"one\ntwo"),
    "high-bytes": ("conn.readline()", b"\xe4\x00\xff\n"),
}
REFUSED = {
    "none": "conn.read(None)",
    "text": "conn.read('1')",
    "float": "conn.read(1.0)",
    "line-none": "conn.readline(None)",
    "write-int": "conn.write(1)",
    "write-none": "conn.write(None)",
    "write-bytearray": "conn.write(bytearray(b'x'))",
    "write-surrogate": "conn.write('\\udc80')",
    "set-hlist": "setattr(conn, 'hlist', 1)",
    "unknown": "conn.nothing",
}
ATTRIBUTES = (
    "hlist.handler", "hlist.directory", "hlist.silent", "client_ip", "client_addr[0]", "local_addr[0]",
    "local_ip", "remote_host", "aborted", "keepalive", "keepalives", "double_reverse",
    "base_server.server_hostname", "base_server.is_virtual",
)  # fmt: skip
RESULTS = ("apache.OK", "apache.DONE", "apache.HTTP_NOT_FOUND", "1")
WRONG = ("None", "'text'", "(0,)")

CASES = [
    *(
        talks(f"read-{name}", f"conn.write(repr({code}))\nreturn apache.OK", raw(b"go\n" + data, last=True))
        for name, (code, data) in READS.items()
    ),
    *(
        talks(f"refused-{name}", f"conn.write(tried(lambda: {code}))\nreturn apache.OK", raw(b"go\n"))
        for name, code in REFUSED.items()
    ),
    *(
        talks(f"result-{at}", f"conn.write('said')\nreturn {result}", raw(b"go\n"))
        for at, result in enumerate(RESULTS)
    ),
    *(
        talks(
            f"wrong-result-{at}",
            f"conn.write('said')\nreturn {result}",
            raw(b"go\n"),
            log=[r"AssertionError: ConnectionHandler 'case_connection_wrong_result_\d' returned invalid"],
        )
        for at, result in enumerate(WRONG)
    ),
    talks(
        "attributes",
        f"lines = [tried(lambda: eval('conn.' + name)) for name in {ATTRIBUTES!r}]\n"
        "conn.write('|'.join(lines))\nreturn apache.OK",
        raw(b"go\n"),
    ),
    talks(
        "text",
        "conn.write('h\u00e4')\nconn.write('')\nconn.write(b'\\xff')\nreturn apache.OK",
        raw(b"go\n"),
    ),
    talks(
        "exception",
        "raise LookupError('on purpose')",
        raw(b"go\n"),
        log=[r"ConnectionHandler \S+: LookupError: on purpose"],
    ),
    talks("exit", "raise SystemExit(3)", raw(b"go\n"), log=[r"ConnectionHandler \S+: SystemExit: 3"]),
    talks(
        "server-return",
        "raise apache.SERVER_RETURN(apache.DECLINED)",
        raw(b"go\n"),
        log=[r"ConnectionHandler \S+: _apache\.SERVER_RETURN: -1"],
    ),
    talks("declined", "return apache.DECLINED", raw(b"go\nGET /missing HTTP/1.1\r\nHost: @HOST@\r\n\r\n")),
    Case(
        "connection-named",
        [raw(b"go\n")],
        "PythonConnectionHandler @M@::other ignored",
        source="""
        from mod_python import apache


        def other(conn):
            conn.write(repr(conn.hlist))
            return apache.OK
        """,
        own_address=True,
    ),
    talks(
        "restricted",
        "return apache.OK",
        raw(b"GET /missing HTTP/1.1\r\nHost: @HOST@\r\n\r\n"),
        config=f"{HANDLER} | .x",
    ),
    talks("no-module", "", raw(b"go\n"), config="PythonConnectionHandler nosuchmodule",
          log=[r"ConnectionHandler nosuchmodule: ModuleNotFoundError: No module named 'nosuchmodule'"]),
    talks("no-function", "", raw(b"go\n"), config="PythonConnectionHandler @M@::missing",
          log=[r"ConnectionHandler \S+::missing: AttributeError: module .* contains no 'missing'"]),
    talks(
        "long-line",
        "conn.write(repr((conn.readline(3), conn.readline())))\nreturn apache.OK",
        raw(b"go\nabcdef\nnext\n", last=True),
        differs="mod_python drops what is left of a line that is longer than was asked for",
        olexd=[Expect(0, body=r"\(b'abc', b'def\\n'\)")],
    ),
]  # fmt: skip
