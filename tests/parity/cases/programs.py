"""CGI programs: what they are told, what becomes of what they say, and who may run them."""

from __future__ import annotations

from tests.parity.runner.case import Case, Request, ask, get, head, post, raw

ENVIRONMENT = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env | grep -v -e UNIQUE_ID -e SERVER_SOFTWARE -e REMOTE_PORT -e '^_=' -e '^PWD=' -e '^PATH=' -e '^SHLVL=' \\
    -e '^OLDPWD=' | LC_ALL=C sort
echo "args: $*"
pwd
"""
FRAMING = ((r"(?i)\n(content-length|transfer-encoding): [^\n]*", ""),)
"""Whether the server learns of a program's end early enough to tell the length is a matter of chance."""


def says(lines: str, more: str = "") -> str:
    """Return a program that writes these lines, a line break for each backslash-n, then runs `more`."""
    return f"#!/bin/sh\nprintf '{lines}'\n{more}\n"


PROGRAMS = {
    "env": ENVIRONMENT,
    "echo": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n",
    "hello": says("Content-Type: text/html\\nContent-Length: 5\\n\\nhello"),
    "status": says("Status: 404 Nothing Here\\nContent-Type: text/plain\\nContent-Length: 4\\n\\nnone"),
    "status-only": says("Status: 403\\nContent-Length: 0\\n\\n"),
    "location": says("Location: http://other.test/x\\n\\nignored"),
    "location-status": says("Status: 301\\nLocation: http://other.test/x\\nContent-Length: 4\\n\\nbody"),
    "location-local": says("Location: /cgi/env?from=local\\n\\n"),
    "location-file": says("Location: /a.txt\\n\\n"),
    "location-none": says("Location: /none\\n\\n"),
    "location-fields": says(
        "Cache-Control: no-store\\nX-A: 1\\nX-A: 2\\nLocation: http://other.test/x\\n\\n"
    ),
    "no-fields": says("\\nbody"),
    "fields": says(
        "Content-Type: text/x-own; charset=utf-8\\nContent-Length: 2\\nX-A: 1\\nSet-Cookie: a=1\\n"
        "Set-Cookie: b=2\\nx-b:  two  \\nCache-Control: no-store\\n\\nok"
    ),
    "no-type": says("X-A: 1\\nContent-Length: 2\\n\\nok"),
    "no-head": says("just text\\n"),
    "no-end": says("Content-Type: text/plain\\n"),
    "nothing": says(""),
    "validators": says(
        'Content-Type: text/plain\\nETag: "tag"\\nLast-Modified: Sun, 05 May 2024 12:00:00 GMT\\n'
        "Content-Length: 2\\n\\nok"
    ),
    "stderr": "#!/bin/sh\n"
    "echo complaint >&2\n"
    "printf 'Content-Type: text/plain\\n"
    "Content-Length: 2\\n"
    "\\n"
    "ok'\n",
    "ignores-input": says("Content-Type: text/plain\\nContent-Length: 2\\n\\nok"),
    "big": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nyes abcdefg | head -n 50000\n",
    "fails": says("Content-Type: text/plain\\nContent-Length: 2\\n\\nok", "exit 3"),
    "bad-interpreter": "#!/nowhere/at/all\n",
}
FILES: dict[str, str | bytes] = {
    **{f"programs/{name}": text for name, text in PROGRAMS.items()},
    "programs/plain": "not a program",
    "programs/folder/": "",
    "a.txt": "file a",
    "own/run.cgi": says("Content-Type: text/plain\\nContent-Length: 3\\n\\nran"),
    "own/text.txt": "text",
}
ALIAS = 'ScriptAlias /cgi/ "@ROOT@/programs/"\n'


def cgi(name: str, *requests: Request | str, config: str = ALIAS, log: tuple[str, ...] = ()) -> Case:
    """A case over the common programs."""
    asked = [get(request) if isinstance(request, str) else request for request in requests]
    return Case(f"program-{name}", asked, config, files=FILES, log=log, masks=FRAMING)


def inside(lines: str) -> str:
    """Return lines in a section for the directory with a program of its own."""
    return f'<Directory "@ROOT@/own">\n{lines}\n</Directory>'


def trailers(name: str, config: str) -> Case:
    """A case of a program that reads a chunked body with fields behind it."""
    body = b"4\r\nbody\r\n0\r\nX-One: 1\r\nX-Before: behind\r\nx-two: b \r\n\r\n"
    sent = ("Transfer-Encoding: chunked", "X-Before: first")
    return Case(
        f"program-trailers-{name}",
        [Request("POST", "/cgi/echo", sent, body), get("/cgi/hello")],
        ALIAS + config,
        files=FILES,
        access="%{X-One}^ti|%{X-Before}^ti|%{X-Two}^ti|%{X-None}^ti|%{X-One}i|%{X-Before}i|%{X-Two}i",
        masks=FRAMING,
    )


CASES = [
    trailers("left-apart", ""),
    trailers("merged", "MergeTrailers On"),
    cgi("environment", get("/cgi/env?a=b&c=%20", "X-Own: 1", "Proxy: evil", "User-Agent: x", http="1.0")),
    cgi("environment-path-info", get("/cgi/env/some/in%20fo?q", http="1.0")),
    cgi("environment-post", Request("POST", "/cgi/env", ("Content-Type: a/b",), b"body", "1.0")),
    cgi("environment-authorization", get("/cgi/env", "Authorization: Basic eDp5", http="1.0")),
    cgi("arguments", get("/cgi/env?one+t%77o+three", http="1.0"), get("/cgi/env?a=1+2", http="1.0")),
    cgi(
        "echo",
        Request("POST", "/cgi/echo", (), b"the body", "1.0"),
        Request("POST", "/cgi/echo", (), b"x" * 20_000, "1.0"),
    ),
    cgi(
        "hello",
        "/cgi/hello",
        head("/cgi/hello"),
        post("/cgi/hello", "unread"),
        ask("PUT", "/cgi/hello", body="x"),
    ),
    cgi("status", "/cgi/status", "/cgi/status-only"),
    cgi(
        "location-of-heads",
        *(
            raw(
                b"HEAD /cgi/location-%b HTTP/1.1\r\nHost: @HOST@\r\n\r\n"
                b"GET /a.txt HTTP/1.1\r\nHost: @HOST@\r\n\r\n" % name,
                answers=2,
                last=True,
            )
            for name in (b"file", b"none", b"fields")
        ),
    ),
    cgi("location-fields", "/cgi/location-fields", "/cgi/no-fields"),
    cgi("location-fields-unset", "/cgi/location-fields", "/cgi/fields", config=ALIAS + "Header unset X-A\n"),
    cgi("location", "/cgi/location", "/cgi/location-status", "/cgi/location-file", "/cgi/location-none"),
    cgi(
        "location-local",
        get("/cgi/location-local?x=1", http="1.0"),
        Request("POST", "/cgi/location-file", (), b"b"),
    ),
    cgi("fields", "/cgi/fields"),
    cgi("no-type", "/cgi/no-type"),
    cgi("bad", "/cgi/no-head", "/cgi/no-end", "/cgi/nothing"),
    cgi("not-there", "/cgi/none", "/cgi/folder", "/cgi/plain", "/cgi/bad-interpreter"),
    cgi(
        "conditions",
        "/cgi/validators",
        get("/cgi/validators", 'If-None-Match: "tag"'),
        get("/cgi/validators", "If-Modified-Since: Sun, 05 May 2024 12:00:00 GMT"),
        get("/cgi/validators", 'If-Match: "other"'),
    ),
    cgi("stderr", "/cgi/stderr", log=(r"\[cgi:error\].*AH01215: stderr from .*programs/stderr: complaint",)),
    cgi("ignores-input", post("/cgi/ignores-input", "x" * 300_000)),
    cgi("big", get("/cgi/big", http="1.0")),
    cgi("fails", "/cgi/fails"),
    cgi(
        "handler",
        "/own/run.cgi",
        "/own/text.txt",
        config=inside("Options +ExecCGI\nAddHandler cgi-script .cgi"),
    ),
    cgi("handler-forbidden", "/own/run.cgi", config=inside("AddHandler cgi-script .cgi")),
    cgi(
        "handler-set",
        "/own/run.cgi",
        "/own/none",
        "/own/",
        config=inside("Options +ExecCGI\nSetHandler cgi-script"),
    ),
    cgi("path-info-off", "/cgi/hello/x", "/cgi/hello", config=ALIAS + "AcceptPathInfo Off"),
    cgi("alias-match", "/run-hello", config='ScriptAliasMatch ^/run-(.*) "@ROOT@/programs/$1"'),
    cgi(
        "location-alias",
        "/loc",
        "/loc/x",
        config='<Location /loc>\nScriptAlias "@ROOT@/programs/hello"\n</Location>',
    ),
    cgi(
        "env-directives",
        get("/cgi/env", http="1.0"),
        config=ALIAS + "SetEnv OWN value\nSetEnvIf Host . SEEN=yes\nSetEnv bad-name x",
    ),
    cgi(
        "denied",
        "/cgi/hello",
        config=ALIAS + '<Directory "@ROOT@/programs">\nRequire all denied\n</Directory>',
    ),
    Case(
        "program-python-guard",
        [get("/cgi/hello"), get("/cgi/hello", "X-Pass: yes"), get("/cgi/env?a", "X-Pass: yes", http="1.0")],
        ALIAS + '<Directory "@ROOT@/programs">\nPythonAccessHandler @M@\n</Directory>',
        source="""
            from mod_python import apache

            def accesshandler(req):
                req.subprocess_env["FROM_GUARD"] = "set"
                return apache.OK if "X-Pass" in req.headers_in else apache.HTTP_FORBIDDEN
        """,
        files=FILES,
        masks=FRAMING,
    ),
    Case(
        "program-error-document",
        [get("/none", http="1.0")],
        ALIAS + "ErrorDocument 404 /cgi/env",
        files=FILES,
        masks=FRAMING,
    ),
]
