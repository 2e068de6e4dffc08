"""What goes wrong behind the head of a response, and whether the connection goes on."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, LOCATION, Case, Expect, Request, get, raw

SOURCE = """
from mod_python import apache

def handler(req):
    how, _, number = (req.args or '').partition('=')
    req.content_type = 'text/plain'
    if how == 'length':
        req.set_content_length(int(number))
    req.write('written ')
    if how == 'fine':
        return apache.OK
    if how == 'buffered':
        req.write('buffered ', 0)
    if how == 'again':
        req.write('again ')
    if how == 'returned':
        return int(number)
    if how == 'raised':
        raise apache.SERVER_RETURN(int(number))
    if how == 'status':
        req.status = int(number)
        return apache.OK
    if how == 'keepalive':
        req.connection.keepalive = apache.AP_CONN_CLOSE
        return apache.OK
    if how == 'redirected':
        req.internal_redirect('/x?returned=' + number)
        return apache.OK
    if how == 'declined':
        return apache.DECLINED
    if how == 'exit':
        raise SystemExit
    raise ValueError('late')

def outputfilter(filter):
    data = filter.read()
    while data:
        filter.write(data.upper())
        data = filter.read()
    if data is None:
        filter.close()
"""
DEBUG = LOCATION.replace("SetHandler", "PythonDebug On\nSetHandler")
FILTERED = "PythonOutputFilter @M@ UPPER\n" + LOCATION.replace(
    "SetHandler", "SetOutputFilter UPPER\nSetHandler"
)
DOCUMENTS = "ErrorDocument 500 /x?fine\nErrorDocument 404 nothing\nErrorDocument 403 /x?returned=404\n"


def two(how: str, method: str = "GET", version: str = "1.1", line: str = "") -> Request:
    """Two requests in one go, the first of which goes wrong: the second is answered or not."""
    first = f"{method} /x?{how} HTTP/{version}\r\nHost: @HOST@\r\n{line}\r\n"
    return raw(f"{first}GET /x?fine HTTP/1.1\r\nHost: @HOST@\r\n\r\n".encode(), answers=2)


FAILURES = [
    two(how)
    for how in (
        "fine", "exception", "buffered", "again", "exit", "declined", "keepalive", "redirected=404",
        "redirected=500", "raised=404", "raised=500",
        *(f"returned={status}" for status in (204, 301, 304, 400, 403, 404, 408, 411, 413, 414, 416, 500)),
        *(f"returned={status}" for status in (501, 502, 503, 504, 999)),
        *(f"status={status}" for status in (200, 204, 304, 400, 404, 413, 500, 501, 502, 503)),
    )
]  # fmt: skip
IN_ONE_GO = [two("exception"), two("returned=403"), two("returned=404"), two("status=500")]
LENGTH = "what explains an error does not fill up a promised length: the client sees that bytes are missing"

CASES = [
    Case("late-failures", FAILURES, source=SOURCE),
    Case("late-failures-of-head", [two("exception", "HEAD"), two("returned=404", "HEAD")], source=SOURCE),
    Case(
        "late-failures-of-head-with-length",
        [two("length=8", "HEAD"), two("length=100", "HEAD")],
        source=SOURCE,
    ),
    Case(
        "late-failures-1.0",
        [
            two(how, version="1.0", line="Connection: keep-alive\r\n")
            for how in ("exception", "returned=404", "fine")
        ],
        source=SOURCE,
    ),
    Case("late-failures-debug", IN_ONE_GO, DEBUG, source=SOURCE),
    Case("late-failures-documents", IN_ONE_GO, LOCATION + DOCUMENTS, source=SOURCE),
    Case("late-failures-filtered", IN_ONE_GO, FILTERED, source=SOURCE),
    Case(
        "late-failures-compressed",
        [get("/x?exception", "Accept-Encoding: gzip"), get("/x?returned=404", "Accept-Encoding: gzip")],
        LOCATION.replace("SetHandler", "SetOutputFilter DEFLATE\nSetHandler"),
        source=SOURCE,
        masks=[(r"Content-Length: \d+\n", "")],
    ),
    Case(
        "late-failures-psp",
        [get("/late.psp"), get("/early.psp")],
        DIRECTORY.replace("@M@", "mod_python.psp"),
        files={
            "late.psp": "<% req.write('w')\nreq.flush()\nraise ValueError('late') %>",
            "early.psp": "text <% raise ValueError('early') %>",
        },
    ),
    Case(
        "late-failures-with-length",
        [get("/x?length=100"), get("/x?length=8")],
        source=SOURCE,
        differs=LENGTH,
        olexd=[
            Expect(200, {"content-length": "100"}, "written ", "body ends after 8 of 100 bytes"),
            Expect(200, {"content-length": "8"}, "written "),
        ],
    ),
]
