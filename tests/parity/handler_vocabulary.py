"""What random handlers are made of: steps of handlers as text, with places for values, and how handlers end.

What mod_python crashes on, and what is meant to differ (docs/differences.md), is not among it.
"""

from __future__ import annotations

import re

SOURCE = '''
import time
from mod_python import apache

HERE = __name__ + '::'
SEEN = []
OPEN = []

def play(req, *steps):
    """Take each step, whatever the one before it came to."""
    if not hasattr(req, 'opened'):
        req.opened = True
        OPEN.append(req.uri)
    SEEN.append('%s: %s %s' % (req.phase, req.method, req.unparsed_uri))
    for step in steps:
        try:
            kind = 'exec' if ' = ' in step or step.startswith('del ') else 'eval'
            found = eval(compile(step, 'step', kind), globals(), {'req': req})
            SEEN.append('  %s: %s' % (step, str(found)[:400]))
        except Exception as error:
            SEEN.append('  %s: %s %s' % (step, type(error).__name__, error))

def show(req):
    """Let the request for what was seen through each phase, and answer it once all others are over."""
    if req.phase == 'PythonAuthenHandler':
        req.user = 'nobody'
    if req.phase != 'PythonHandler':
        return apache.DECLINED if req.phase == 'PythonTransHandler' else apache.OK
    deadline = time.time() + 3
    while OPEN and time.time() < deadline:
        time.sleep(0.001)
    req.content_type = 'text/plain'
    req.write('\\n'.join(SEEN), 0)
    SEEN[:] = []
    return apache.OK

def cleanuphandler(req):
    if hasattr(req, 'opened'):
        SEEN.append('%s over: %r' % (req.uri, req.status))
        OPEN.pop()
    return apache.OK

def late(word):
    SEEN.append('clean-up ' + word)

def fails(word):
    raise ValueError(word)

def table(table):
    return sorted(table.items())

def own(table):
    return sorted({pair for pair in table.items() if pair[0].startswith(("own", "REDIRECT"))})
'''
HANDLER = """
def {name}(req):
    if req.unparsed_uri == '/seen':
        return show(req)
    play(req{steps})
    {end}
"""

POOLS: dict[str, tuple[str, ...]] = {
    "ok_status": ("200", "201", "203", "202"),
    "status": (
        "200", "201", "204", "206", "302", "304", "400", "403", "404", "405", "410", "416", "500",
        "503",
    ),
    "line": ("'299 Own'", "'404 Nothing Here'", "'200 Fine'", "'nonsense'", "'403 No\\tgo'", "''"),
    "type": ("'text/plain'", "'text/html; charset=utf-8'", "'image/x-own'", "''", "'nonsense'"),
    "table": ("headers_out", "headers_out", "err_headers_out"),
    "field": (
        "'X-One'", "'x-one'", "'X-Two'", "'Set-Cookie'", "'Cache-Control'", "'Location'", "'Vary'",
        "'Content-Language'", "'WWW-Authenticate'", "'Allow'", "'Retry-After'", "'Content-Disposition'",
        "'Accept-Ranges'", "'Pragma'", "'Warning'", "'Content-Type'", "'Content-MD5'", "'Expires'",
    ),
    "value": (
        "'one'", "'two'", "'a=b; path=/'", "''", "'/d/b.html'", "'http://other.test/'", "'no-cache'",
        "'en'",
    ),
    "validator": ("'ETag'", "'Last-Modified'"),
    "valid": ("'\"tag\"'", "'W/\"tag\"'", "'Sun, 05 May 2024 12:00:00 GMT'", "'nonsense'"),
    "asked": ("'Range'", "'If-None-Match'", "'If-Modified-Since'", "'X-Own'", "'Authorization'"),
    "asked_value": ("'bytes=1-3'", "'\"tag\"'", "'*'", "'Sun, 05 May 2024 12:00:00 GMT'", "'x'"),
    "size": ("0", "1", "10", "500", "7990", "8000", "8001", "30000", "100000"),
    "small": ("0", "1", "10", "100"),
    "letter": ("'x'", "'y'", "b'z'"),
    "flush": ("0", "0", "0", "1"),
    "file": ("'@ROOT@/page'", "'@ROOT@/big.txt'"),
    "count": ("0", "1", "5", "100", "-1"),
    "phase": ("HeaderParser", "Access", "Fixup", "", "", "Authen", "Trans"),
    "added": ("added_0", "added_1"),
    "target": ("'/c.txt'", "'/nothing'", "'/e/'", "'/e'", "'/e/c.html?from=redirect'", "'/else/x'"),
    "methods": ("['GET']", "['GET', 'POST']", "['PUT', 'BREW']", "[]", "['DELETE', 'OPTIONS']"),
    "bit": ("0", "1"),
    "time": ("0", "1714910400", "1700000000.9"),
    "uri": ("'/a.txt'", "'/none'", "'/d/'", "'/own/y'"),
    "handler": ("'mod_python'", "'default-handler'", "None", "'unknown'", "'python-program'"),
    "user": ("'joe'", "'jo e'"),
}  # fmt: skip

LOOKS = (
    "req.status", "req.status_line", "req.content_type", "req.handler", "req.filename", "req.uri",
    "req.path_info", "req.args", "req.user", "req.ap_auth_type", "req.sent_bodyct", "req.bytes_sent",
    "req._bytes_queued", "req.clength", "req.chunked", "req.prev or req.read_body",
    "req.prev or req.read_length", "req.prev or req.remaining",
    "req.method_number", "req.header_only", "req.extension", "req.allowed_methods", "req.prev is None",
    "req.main is None", "req.next is None", "req.connection.keepalive", "req.connection.keepalives",
    "req.get_basic_auth_pw()", "req.auth_type()", "req.auth_name()", "req.hostname", "req.unparsed_uri",
    "req.the_request", "req.finfo.filetype", "req.hlist.handler", "req.hlist.directory",
    "req.canonical_filename",
    "req.no_cache", "req.mtime", "req._content_type_set", "table(req.headers_out)",
    "table(req.err_headers_out)",
    "own(req.subprocess_env)", "req.notes.get('own')", "table(req.headers_in)", "req.parsed_uri[6:]",
    "req.content_encoding", "req.content_languages", "req.expecting_100", "req.protocol", "req.eos_sent",
    "req.connection.aborted", "req.assbackwards", "req.allowed", "req.used_path_info",
    "req.proxyreq", "req.no_local_copy", "req.interpreter", "req.phase", "table(req.get_options())",
    "req.vlist_validator", "req.allowed_xmethods", "req.document_root()", "req.construct_url('/x')",
)  # fmt: skip
LOOKS_AFTER = tuple(look for look in LOOKS if not re.search("status_line|headers_out", look))
"""What Apache changes as soon as the head is sent, and olexd when the request is over."""
HIDDEN_LATE = (
    "bytes|length|headers_out|remaining|allowed$|keepalive|basic_auth|extension|handler|chunked|bodyct|"
    "content_type$"
)
"""What differs behind the response: how long the server's own pages are, and what is settled late."""
LOOKS_BACK = tuple(look for look in LOOKS if not re.search(HIDDEN_LATE, look))
HEADS = (
    "req.content_type = {type}",
    "req.{table}[{field}] = {value}",
    "req.{table}[{field}] = {value}",
    "req.{table}.add({field}, {value})",
    "req.{table}.add({field}, {value})",
    "del req.{table}[{field}]",
    "req.{table}[{validator}] = {valid}",
    "req.{table}.clear()",
    "req.no_cache = {bit}",
    "req.allow_methods({methods}, {bit})",
    "req.update_mtime({time})",
    "req.set_last_modified()",
    "req.no_local_copy = {bit}",
)
STATUSES = ("req.status = {status}", "req.status = {ok_status}", "req.status_line = {line}")
VALIDATORS = ("req.set_etag()", "req.meets_conditions()")
AROUND = (
    "req.notes['own'] = {value}",
    "req.subprocess_env['own'] = {value}",
    "req.headers_in[{asked}] = {asked_value}",
    "del req.headers_in[{asked}]",
    "req.register_cleanup(late, {value})",
    "req.register_cleanup(fails, {value})",
    "req.args = {value}",
)
ADDS = ("req.add_handler('Python{phase}Handler', HERE + '{added}')",)

SETTINGS = (
    "req.user = {user}",
    "req.ap_auth_type = 'Own'",
    "req.uri = {uri} if req.prev is None else req.uri",
    "req.handler = {handler}",
    "req.handler = 'mod_python'",
    "req.used_path_info = {bit}",
)
FILE_SETTINGS = (
    "req.path_info = {uri}",
    "req.filename = {file}; req.finfo = apache.stat(req.filename, 0)",
    "req.get_options().__setitem__('own', {value})",
)
WRITES = (
    "req.write({letter} * {size}, {flush})",
    "req.write({letter} * {small}, {flush})",
    "req.write({letter} * {small}, 0)",
    "req.flush()",
    "req.sendfile({file})",
)
READS = (
    "req.prev or req.read({count})",
    "req.prev or req.read({count})",
    "req.prev or req.discard_request_body()",
)
READ_LINES = (
    "req.prev or req.readline()",
    "req.prev or req.readline({count})",
    "req.prev or req.readlines()",
)

ENDS = {
    "ok": ("return apache.OK",),
    "declined": ("return apache.DECLINED",),
    "done": ("return apache.DONE",),
    "code": tuple(
        f"return {code}"
        for code in (201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 410, 412, 413, 416, 500, 501, 503)
    ),
    "junk": ("return None", "return 'x'", "return 1", "return 999", "return (0,)"),
    "raise": (
        "raise apache.SERVER_RETURN(apache.OK)",
        "raise apache.SERVER_RETURN(apache.DECLINED)",
        "raise apache.SERVER_RETURN(apache.DONE)",
        "raise apache.SERVER_RETURN(404)",
        "raise apache.SERVER_RETURN(apache.HTTP_MOVED_TEMPORARILY)",
        "raise apache.SERVER_RETURN",
        "raise apache.SERVER_RETURN('x')",
        "raise apache.SERVER_RETURN(apache.OK, None)",
        "raise ValueError('raised')",
        "raise SystemExit(3)",
    ),
    "set": (
        "raise apache.SERVER_RETURN(apache.OK, 404)",
        "raise apache.SERVER_RETURN(apache.DONE, 403)",
        "raise apache.SERVER_RETURN(404, 403)",
    ),
    "conditions": ("return req.meets_conditions()",),
}
ENDS_WEIGHTS = {
    "unmapped": {"ok": 60, "declined": 25, "done": 2, "code": 6, "junk": 2, "raise": 5},
    "trans": {"ok": 10, "declined": 75, "done": 1, "code": 8, "junk": 2, "raise": 4},
    "early": {"ok": 60, "declined": 20, "done": 2, "code": 10, "junk": 2, "raise": 4, "set": 2},
    "content": {
        "ok": 55,
        "declined": 6,
        "done": 4,
        "code": 15,
        "junk": 3,
        "raise": 7,
        "set": 5,
        "conditions": 5,
    },
}
