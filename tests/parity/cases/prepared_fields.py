"""Header fields, types and statuses that handlers prepare, odd ones included: what goes on the wire."""

from __future__ import annotations

from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import LOCATION, Case, Expect, Request, basic, get, head

STATEMENTS = {
    "type-empty": "req.content_type = ''",
    "type-bytes": "req.content_type = b'text/x-bytes'",
    "type-with-line-break": "req.content_type = 'text/x\\r\\nX: y'",
    "name-with-space": "req.headers_out['A B'] = 'x'",
    "name-with-colon": "req.headers_out['A:B'] = 'x'",
    "name-empty": "req.headers_out[''] = 'x'",
    "name-of-always": "req.err_headers_out['A B'] = 'x'",
    "value-empty": "req.headers_out['X-A'] = ''",
    "value-with-tab": "req.headers_out['X-A'] = 'a\\tb'",
    "value-with-blanks": "req.headers_out['X-A'] = '  a  b  '",
    "value-with-control": "req.headers_out['X-A'] = 'a\\x01b'",
    "value-with-delete": "req.headers_out['X-A'] = 'a\\x7fb'",
    "value-with-escape": "req.err_headers_out['Set-Cookie'] = 'a=\\x1b[31m'",
    "value-high": "req.headers_out['X-A'] = b'\\x80\\xff'",
    "length-of-text": "req.headers_out['Content-Length'] = 'abc'",
    "length-negative": "req.headers_out['Content-Length'] = '-1'",
    "closing": "req.headers_out['Connection'] = 'close'",
    "servers-own": "req.headers_out['Date'] = 'x'; req.err_headers_out['Server'] = 'y'",
    "several": "req.headers_out.add('X-A', '1'); req.headers_out.add('x-a', '2'); "
    "req.err_headers_out['X-a'] = '3'",
    "vary": "req.headers_out['Vary'] = 'a'; req.err_headers_out['Vary'] = 'b'",
    "location-with-line-break": "req.headers_out['Location'] = '/a\\r\\nX: y'; req.status = 302",
}


def prepared(name: str, statement: str, *requests: Request, **more: object) -> Case:
    """A case whose handler does something before it writes."""
    return Case(
        f"prepared-{name}",
        requests or (get("/x"), head("/x")),
        handler=f"{statement}\nreq.write('x', 0)",
        **more,
    )  # type: ignore[arg-type]


CASES = [
    *(prepared(name, statement) for name, statement in STATEMENTS.items()),
    prepared(
        "keep-alive", "req.headers_out['Keep-Alive'] = 'timeout=99'", get("/x", "Connection: keep-alive")
    ),
    prepared(
        "auth-name-with-quotes",
        "req.write(repr((req.auth_name(), req.auth_type(), req.get_basic_auth_pw(), req.user)), 0)\n"
        "req.write(repr(req.err_headers_out.items()), 0)",
        get("/x"),
        get("/x", basic("a", "b:c")),
        get("/x", basic("a:", "")),
        config=LOCATION.replace("SetHandler", 'AuthName "a \\"b\\""\nAuthType Basic\nSetHandler'),
    ),
    prepared("log-of-several-lines", "req.log_error('one\\ntwo\\ttab\\x01')", log=[r"one\\ntwo"]),
    evaluate(
        "prepared-status",
        *(f"req.status = {value}; req.status" for value in ("'x'", "None", "1.0", "True", "404")),
        "req.status = 200",
    ),
    evaluate(
        "prepared-file",
        *(f"req.sendfile('@ROOT@/f', {value})" for value in ("'x'", "None", "0, 'x'", "0, None", "0, 1, 2")),
        "req.sendfile(b'/x')",
        "req.sendfile('/none/x')",
        files={"f": "text"},
    ),
    prepared(
        "two-types",
        "req.headers_out['Content-Type'] = 'text/x-one'; req.err_headers_out['Content-Type'] = 'text/x-two'",
        differs="a response has one type",
        olexd=[Expect(200, {"content-type": "text/x-two"})] * 2,
    ),
    prepared(
        "transfer-encoding",
        "req.headers_out['Transfer-Encoding'] = 'chunked'",
        get("/x"),
        get("/x", http="1.0"),
        differs="the server says how a response is framed, and nobody else",
        olexd=[Expect(200, {"transfer-encoding": None, "content-length": "1"}, "x")] * 2,
    ),
    prepared(
        "connection",
        "req.headers_out['Connection'] = 'upgrade'",
        differs="of what a handler says of the connection only close counts",
        olexd=[Expect(200, {"connection": None}, "x"), Expect(200, {"connection": None})],
    ),
    prepared(
        "status-line-with-line-break",
        "req.status = 299; req.status_line = '299 a\\r\\nX: y'",
        differs="a status line that cannot be sent gives 500, as a field does",
        olexd=[Expect(500, {"x": None}), Expect(500, {"x": None})],
    ),
]
