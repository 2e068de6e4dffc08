"""Every attribute of a request in every phase, for requests that are unusual, malformed or meant to do "
"harm."""

from __future__ import annotations

from tests.parity.runner.case import (
    DIRECTORY,
    LOCATION,
    Case,
    Request,
    ask,
    basic,
    get,
    head,
    post,
    raw,
)

SOURCE = """
from mod_python import apache

NAMES = '''allowed allowed_methods allowed_xmethods ap_auth_type args assbackwards bytes_sent
    canonical_filename chunked clength content_encoding content_languages content_type eos_sent expecting_100
    extension filename handler header_only hostname interpreter main method method_number mtime next no_cache
    no_local_copy parsed_uri path_info phase prev proto_num protocol proxyreq read_body read_chunked
    read_length
    remaining sent_bodyct status status_line the_request unparsed_uri uri used_path_info user useragent_ip
    vlist_validator _bytes_queued _content_type_set'''.split()
CALLS = {
    'headers_in': lambda req: req.headers_in.items(),
    'headers_out': lambda req: sorted(req.headers_out.items()),
    'err_headers_out': lambda req: req.err_headers_out.items(),
    'finfo': lambda req: (req.finfo.filetype, req.finfo.fname, req.finfo.size),
    'construct_url': lambda req: req.construct_url('/x'),
    'document_root': lambda req: req.document_root(),
    'auth': lambda req: (req.auth_type(), req.auth_name()),
    'options': lambda req: req.get_options().items(),
    'config': lambda req: sorted(req.get_config().items()),
    'remote_host': lambda req: (req.get_remote_host(), req.get_remote_host(apache.REMOTE_NOLOOKUP, 1)),
    'https': lambda req: req.is_https(),
}
KEPT = []

def shown(call, *arguments):
    try:
        return ascii(call(*arguments))
    except Exception as error:
        return type(error).__name__

def look(req):
    # What changed since the phase before.
    if req.uri == '/show':
        return
    found = {name: shown(getattr, req, name) for name in NAMES}
    found.update((name, shown(call, req)) for name, call in CALLS.items())
    found.update(('$' + name, ascii(value)) for name, value in req.subprocess_env.items())
    # What is made for HEAD and not sent counts on one server and not on the other.
    found.update({'$SERVER_SOFTWARE': '', '$REMOTE_PORT': ''},
    bytes_sent='' if req.header_only else found['bytes_sent'])
    before = getattr(req, 'found', {})
    req.found = found
    KEPT.append('== %s' % req.phase)
    KEPT.extend('%s = %s' % (name, found[name]) for name in sorted(found) if found[name] != before.get(name))

def passing(req):
    look(req)
    return apache.OK

inithandler = postreadrequesthandler = headerparserhandler = accesshandler = fixuphandler = passing
authzhandler = loghandler = cleanuphandler = passing

def transhandler(req):
    look(req)
    return apache.DECLINED

def authenhandler(req):
    look(req)
    req.user = 'joe'
    return apache.OK

def handler(req):
    if req.uri == '/show':
        req.content_type = 'text/plain'
        req.write('\\n'.join(KEPT), 0)
        KEPT[:] = []
        return apache.OK
    look(req)
    req.write('body', 0)
    req.add_cgi_vars()
    return apache.OK
"""

PHASES = "".join(
    f"Python{phase}Handler @M@\n"
    for phase in ("Init", "PostReadRequest", "Trans", "HeaderParser", "Access", "Fixup", "Log", "Cleanup")
)
LOGIN = "PythonAuthenHandler @M@\nPythonAuthzHandler @M@\nAuthName name\nRequire valid-user\nSetHandler"
NAMES = 'DirectoryIndex disabled\nServerAlias "[::1]" ::1 other.test\n'


def shown(*requests: Request) -> list[Request]:
    """Each request, and then what was seen of it."""
    return [one for request in requests for one in (request, get("/show"))]


def line(first: str, *fields: str) -> Request:
    """A request whose first line and fields are sent as they are."""
    return raw("\r\n".join([first, *(fields or ("Host: @HOST@",)), "", ""]).encode("latin-1"))


REQUESTS = {
    "usual": shown(
        get("/file.txt?a=b", "X-A: b"),
        post("/d/file.txt/more/path", "body"),
        head("/none/at/all"),
        get("/d/"),
        ask("OPTIONS", "/file.txt"),
        ask("foo", "/file.txt"),
        ask("PROPFIND", "/file.txt"),
        get("/file.txt", http="1.0"),
        get("/file.txt", basic("j:oe", "x")),
        get("/file.txt", basic("", "")),
        get("/file.txt", "Authorization: Basic ###"),
        get("/file.txt", "Authorization: Bearer x"),
    ),
    "paths": shown(
        get("/%c3%a9.txt"),
        get("/%C3%A9/x%20y"),
        get("/a%25b"),
        get("/%7efile%2etxt"),
        get("/a//b/../c/./d"),
        get("/..."),
        get("/x."),
        get("/x..y."),
        get("/.x"),
        get("/file.txt;x=1;y"),
        get("/file.txt;x=1/more;z?q;r"),
        get("/file.txt/"),
        get("/file.txt//x//"),
        get("/d/file.txt/../.."),
        get("/a+b?a+b"),
        get("/%0a%0d%09%7f"),
        get("/%3f%23%3b"),
        get("/x%5cy"),
    ),
    "queries": shown(
        get("/file.txt?"),
        get("/?"),
        get("/file.txt??"),
        get("/file.txt?%00"),
        get("/file.txt?a%3db&%E9"),
        get("/file.txt?/../x"),
        get("/file.txt?a=\\'\";|<>"),
        line("GET /file.txt?\xc3\xa9 HTTP/1.1"),
    ),
    "targets": shown(
        line("GET http://@HOST@/file.txt?x HTTP/1.1", "Host: other.test"),
        line("GET http://@HOST@:81/file.txt HTTP/1.1"),
        line("GET HTTP://@HOST@ HTTP/1.1"),
        line("GET http://@HOST@?q HTTP/1.1"),
        line("GET http://@HOST@/a//b/../c;d?e HTTP/1.1"),
        line("GET //other.test/file.txt HTTP/1.1"),
        line("GET /http://other.test/file.txt HTTP/1.1"),
        line("GET /\xc3\xa9 HTTP/1.1"),
    ),
    "hosts": shown(
        line("GET /file.txt HTTP/1.1", "Host: @HOST@:8080"),
        line("GET /file.txt HTTP/1.1", "Host: @HOST@:"),
        line("GET /file.txt HTTP/1.1", "Host: @HOST@."),
        line("GET /file.txt HTTP/1.1", "Host: [::1]"),
        line("GET /file.txt HTTP/1.1", "Host: [::1]:8080"),
        line("GET http://[::1]:8080/file.txt HTTP/1.1", "Host: @HOST@"),
        line("GET /file.txt HTTP/1.1", "Host: OTHER.test"),
    ),
    "fields": shown(
        get("/file.txt", "X-A: 1", "x-a: 2", "X-A:", "X-B:   c  ", "X-C: a\tb"),
        get("/file.txt", "Cookie: a=b", "Cookie: c=d"),
        get("/file.txt", "X-U: \xc3\xa9", "Proxy: x", "X_Y: z", "X.Y: z", "Content-Type: text/x"),
        get(
            "/file.txt", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.1"
        ),
        get("/file.txt", "If-None-Match: *", "If-Modified-Since: never"),
    ),
}
REFUSED = [
    line("GET /%00 HTTP/1.1"),
    line("GET /a%00b?c HTTP/1.1"),
    line("GET /a%2fb HTTP/1.1"),
    line("GET /../x HTTP/1.1"),
    line("GET /%zz HTTP/1.1"),
    line("GET /% HTTP/1.1"),
    line("GET x HTTP/1.1"),
    line("GET * HTTP/1.1"),
    line("GET /x#y HTTP/1.1"),
    line("GET /file.txt HTTP/1.1", "Host: [::1"),
    line("GET /file.txt HTTP/1.1", "Host: a b"),
    line("GET /file.txt HTTP/1.1", "Host: @HOST@:x"),
    line("GET http://[::1/file.txt HTTP/1.1"),
]

CASES = [
    Case(
        f"hostile-{name}-{where}",
        requests,
        NAMES + PHASES + config.replace("SetHandler", LOGIN),
        source=SOURCE,
        files={"file.txt": "x", "d/file.txt": "y"},
    )
    for where, config in (("in-directory", DIRECTORY), ("in-location", LOCATION))
    for name, requests in REQUESTS.items()
] + [
    *(
        Case(
            f"hostile-options-{number}",
            [line("OPTIONS * HTTP/1.1"), line("OPTIONS * HTTP/1.0"), line("OPTIONS /file.txt HTTP/1.1")],
            config,
            source=SOURCE + "def refuses(req):\n    return 403\n",
            files={"file.txt": "x"},
        )
        for number, config in enumerate(
            (
                DIRECTORY,
                '<Directory "@ROOT@">\nRequire all denied\n</Directory>\n',
                "<LocationMatch .>\nRequire all denied\n</LocationMatch>\n",
                "PythonAccessHandler @M@::refuses\n",
                "PythonFixupHandler @M@::refuses\n",
            )
        )
    ),
    Case("hostile-refused", REFUSED, PHASES + DIRECTORY, source=SOURCE),
]
