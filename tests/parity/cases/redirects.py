"""Requests that lead to requests: internal redirects, error documents, indexes, results of 3xx."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, Expect, ask, get, head, post

TARGETS = """
from mod_python import apache

def names(req):
    for name in ('uri', 'unparsed_uri', 'args', 'method', 'status', 'the_request', 'filename', 'path_info',
                 'handler', 'user', 'phase', 'main', 'next', 'content_type', 'header_only', 'status_line',
                 'read_body', 'remaining', 'bytes_sent', '_content_type_set', 'parsed_uri', 'hostname'):
        yield '%s = %r' % (name, getattr(req, name))
    yield 'prev = %r' % (req.prev and req.prev.uri)
    yield 'first = %r' % (req.prev and req.prev.prev and req.prev.prev.uri)
    yield 'mine = %r, of prev %r' % (getattr(req, 'mine', None), getattr(req.prev, 'mine', None))
    yield 'next of prev = %r' % (req.prev and req.prev.next and req.prev.next.uri)
    yield 'status of prev = %r' % (req.prev and req.prev.status)
    yield 'notes = %r' % sorted(req.notes.items())
    yield 'env = %r' % sorted(req.subprocess_env.items())
    yield 'out = %r, err = %r' % (sorted(req.headers_out.items()), sorted(req.err_headers_out.items()))
    yield 'headers_in = %r' % sorted(req.headers_in.items())

def show(req):
    lines = list(names(req))
    body = req.read()
    req.content_type = 'text/plain'
    req.write('\\n'.join(lines + ['body = %r' % body]), 0)
    return apache.OK

def prepare(req):
    req.mine = 'mine'
    req.notes['n'] = 'note'
    req.subprocess_env['E'] = 'env'
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    req.content_type = 'text/html'

def handler(req):
    if req.uri.startswith('/target'):
        return show(req)
    if req.uri == '/chain':
        req.internal_redirect('/from')
        return apache.OK
    if req.uri == '/loop':
        req.internal_redirect('/loop')
        return apache.OK
    if req.uri == '/code':
        req.internal_redirect('/target')
        return 404
    if req.uri == '/fails':
        req.internal_redirect('/raise')
        req.log_error('status after the failure: %d' % req.status)
        return apache.OK
    if req.uri == '/raise':
        raise LookupError('in the target')
    if req.uri == '/flushed':
        prepare(req)
        req.write('before ')
        req.internal_redirect('/target')
        return apache.OK
    if req.uri == '/buffered':
        prepare(req)
        req.write('before ', 0)
        req.internal_redirect('/target')
        return apache.OK
    if req.uri == '/error':
        prepare(req)
        return int(req.args)
    if req.uri == '/status':
        req.status = 201
        req.internal_redirect('/target')
        return apache.OK
    prepare(req)
    req.internal_redirect('/target/info?new=args' if not req.args else req.args)
    return apache.OK
"""
CONFIG = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>\n'
IN_LOCATION = "<Location />\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
DOCUMENTS = "".join(
    f"ErrorDocument {code} /target-document?of={code}\n" for code in (401, 403, 404, 410, 500, 503)
)

PATHS = {
    "plain": [get("/from"), post("/from", "the body"), head("/from")],
    "methods": [ask("PUT", "/from", body="x"), ask("DELETE", "/from"), ask("OPTIONS", "/from")],
    "chain": [get("/chain"), post("/chain", "body")],
    "buffered": [get("/buffered"), get("/buffered", http="1.0")],
    "flushed": [get("/flushed"), get("/flushed", http="1.0")],
    "status": [get("/status")],
    "failing": [get("/fails")],
    "targets": [get(f"/from?{target}") for target in ("/target?", "/none", "/target/%41?x=%20", "//target",
        "/./target")],
    "bad-targets": [get(f"/from?{target}") for target in ("rel", "http://other.test/target", "?x")],
    "loop": [get("/loop")],
}  # fmt: skip

REDIRECTING = """
from mod_python import apache
def handler(req):
    req.err_headers_out['X-Err'] = 'err'
    req.headers_out['X-Out'] = 'out'
    req.headers_out['Location'] = 'http://@HOST@/there'
    req.err_headers_out['Set-Cookie'] = 'a=b'
    req.content_type = 'text/plain'
    req.write('body of my own', 0)
    return RESULT
"""

SENT_BEFORE = [(r"bytes_sent = [07]\n", ""), (r"out = \[\], err = .*\n", "")]
"""What has been sent already before a redirect is still counted, and its headers stay where they were."""

EARLY = """
from mod_python import apache
def early(req):
    if req.prev is None:
        req.user = 'joe'
        req.internal_redirect('/target')
        return apache.DONE
    return apache.DECLINED if req.phase == 'PythonTransHandler' else apache.OK
def handler(req):
    req.content_type = 'text/plain'
    req.write('%s from %s' % (req.uri, req.prev and req.prev.uri), 0)
    return apache.OK
"""

CASES = [
    *(
        Case(f"redirect-{name}-in-{where}", requests, config, source=TARGETS, masks=SENT_BEFORE)
        for name, requests in PATHS.items()
        for where, config in (("directory", CONFIG), ("location", IN_LOCATION))
    ),
    *(
        Case(
            f"error-document-of-{code}",
            [get(f"/error?{code}"), post(f"/error?{code}", "the body"), head(f"/error?{code}")],
            CONFIG + DOCUMENTS,
            source=TARGETS,
        )
        for code in (401, 403, 404, 410, 500, 503)
    ),
    *(
        Case(
            f"redirecting-{name}",
            [get("/from"), head("/from"), post("/from", "x"), get("/from", http="1.0")],
            source=REDIRECTING.replace("RESULT", result),
        )
        for name, result in (
            ("301", "301"), ("302", "302"), ("303", "303"), ("307", "307"), ("308", "308"), ("201", "201"),
            ("300", "300"), ("304", "304"), ("status-302", "setattr(req, 'status', 302) or apache.OK"),
            ("done-302", "setattr(req, 'status', 302) or apache.DONE"),
        )
    ),
    *(
        Case(
            f"redirect-in-{phase.lower()}",
            [get("/from")],
            (f"Python{phase}Handler @M@::early\n" + CONFIG)
            if phase == "Trans"
            else CONFIG.replace("SetHandler", f"Python{phase}Handler @M@::early\nSetHandler"),
            source=EARLY,
        )
        for phase in ("Trans", "HeaderParser", "Access", "Fixup")
    ),
    Case(
        "redirect-after-reading",
        [post("/from", "0123456789")],
        handler="""
        if req.uri == '/target':
            req.write(req.read(), 0)
        else:
            req.read(2)
            req.internal_redirect('/target')
        """,
        differs="the target can read the rest of a body that was read in part",
        olexd=[Expect(200, {}, "23456789")],
    ),
    Case(
        "redirect-with-a-status-fails",
        [get("/from")],
        "PythonHandler @M@\nErrorDocument 404 /own.txt\n<Location /from>\nSetHandler mod_python\n</Location>",
        handler="""
        req.status = 201
        req.internal_redirect('/missing')
        """,
        files={"own.txt": "nothing here"},
        differs="httpd answers with the status that the handler set, as if the page were there",
        olexd=[Expect(404, {}, "nothing here")],
    ),
    Case(
        "redirect-then-write",
        [get("/from")],
        handler="""
        if req.uri == '/target':
            req.write('target', 0)
        else:
            req.internal_redirect('/target')
            req.headers_out['X-Late'] = 'late'
            req.write('late')
        """,
        differs="what is written after the redirect would land behind the response and is dropped",
        olexd=[Expect(200, {"x-late": None}, "target")],
    ),
    Case(
        "index-attributes",
        [get("/dir/?a=b"), get("/dir"), get("/empty/"), get("/dir/sub/")],
        f"DirectoryIndex index.html\nPythonFixupHandler @M@::fixup\n{DIRECTORY}",
        source="""
from mod_python import apache
NAMES = ('uri', 'unparsed_uri', 'args', 'filename', 'path_info', 'content_type', 'handler', 'prev', 'main',
         'status')
def fixup(req):
    req.seen = getattr(req, 'seen', []) + [req.uri]
    return apache.OK
def handler(req):
    lines = ['%s = %r' % (name, getattr(req, name)) for name in NAMES]
    req.content_type = 'text/plain'
    req.write('\\n'.join(lines + [repr(req.seen)]), 0)
    return apache.OK
""",
        files={"dir/index.html": "index", "empty/": "", "dir/sub/index.html": "y"},
    ),
]  # fmt: skip
