"""Responses compressed by mod_deflate and mod_brotli: for whom, and what the head says of it."""

from __future__ import annotations

from typing import Any

from tests.parity.runner.case import Case, Expect, Request, get, head, post

GZIP = "Accept-Encoding: gzip"
LONG = "0123456789abcde\n" * 20
FILES = {
    "page.html": f"<p>{LONG}</p>",
    "long.txt": LONG,
    "big.txt": LONG * 400,
    "small.txt": "x" * 68,
    "more.txt": "x" * 69,
    "packed.txt.gz": LONG,
    "empty.txt": "",
}
ETAG = '"140-617b3b1389240'


def case(name: str, config: str, *requests: Request, **more: Any) -> Case:
    """Return a case about files."""
    return Case(f"compress-{name}", requests, config, files=FILES, **more)


def handled(name: str, body: str, *requests: Request, config: str = "SetOutputFilter DEFLATE") -> Case:
    """Return a case about a handler."""
    return Case(
        f"compress-{name}",
        requests or (get("/a", GZIP), get("/a"), head("/a", GZIP), get("/a", GZIP, http="1.0")),
        f"<Location />\nSetHandler mod_python\nPythonHandler @M@\n{config}\n</Location>",
        handler=f"req.content_type = 'text/plain'\n{body}",
    )


ON = "SetOutputFilter DEFLATE"
CASES = [
    case("file", ON, *(get(f"/{name}", GZIP) for name in FILES), get("/long.txt"), get("/none", GZIP)),
    case("head", ON, *(head(f"/{name}", GZIP) for name in FILES), head("/long.txt")),
    case("post", ON, post("/long.txt", "x", GZIP)),
    case("http-1.0", ON, get("/long.txt", GZIP, http="1.0"), get("/big.txt", GZIP, http="1.0")),
    case(
        "accept",
        ON,
        *(
            get("/long.txt", f"Accept-Encoding: {value}")
            for value in (
                "",
                "*",
                "x-gzip",
                "GZIP",
                "deflate, gzip",
                "gzip;q=0",
                "gzip; q=0.0",
                "gzip;q=0.001",
                "br",
                "gzip;q=0.000",
                "gzip;q=1",
                "identity, gzip;q=0.5",
                "deflate;q=0.5,gzip;q=0",
                "gzip ",
                "gzipped",
                "gzip;level=1",
            )
        ),
    ),
    case(
        "range",
        ON,
        get("/long.txt", "Range: bytes=2-4"),
        get("/small.txt", GZIP, "Range: bytes=2-4"),
    ),
    case(
        "by-type",
        "AddOutputFilterByType DEFLATE text/html text/css",
        get("/page.html", GZIP),
        get("/long.txt", GZIP),
        get("/page.html"),
        head("/page.html", GZIP),
    ),
    case("encoded", f"{ON}\nAddEncoding x-gzip .gz", get("/packed.txt.gz", GZIP)),
    case("identity", f"{ON}\nAddEncoding identity .gz", get("/packed.txt.gz", GZIP)),
    case(
        "no-gzip", f"{ON}\nSetEnvIf Request_URI html no-gzip", get("/page.html", GZIP), get("/long.txt", GZIP)
    ),
    case(
        "only-html",
        f"{ON}\nSetEnvIf Request_URI . gzip-only-text/html=1",
        get("/page.html", GZIP),
        get("/long.txt", GZIP),
    ),
    case("only-html-not-1", f"{ON}\nSetEnv gzip-only-text/html yes", get("/long.txt", GZIP)),
    case("forced", f"{ON}\nSetEnv force-gzip 1", get("/long.txt"), get("/long.txt", "Accept-Encoding: br")),
    case("etag-nochange", f"{ON}\nDeflateAlterETag NoChange", get("/long.txt", GZIP)),
    case("etag-remove", f"{ON}\nDeflateAlterETag remove", get("/long.txt", GZIP), get("/long.txt")),
    case(
        "level",
        f"{ON}\nDeflateCompressionLevel 9\nDeflateMemLevel 1\nDeflateWindowSize 9",
        get("/big.txt", GZIP),
    ),
    case(
        "note",
        f"{ON}\nDeflateFilterNote Input in\nDeflateFilterNote ratio",
        get("/long.txt", GZIP),
        get("/long.txt"),
        get("/empty.txt", GZIP),
        access="%{in}n %{ratio}n",
    ),
    case("vary", f'{ON}\nHeader set Vary "Cookie"', get("/long.txt", GZIP), get("/long.txt")),
    case(
        "conditions",
        ON,
        get("/long.txt", GZIP, "If-Modified-Since: Sun, 05 May 2024 12:00:00 GMT"),
        get("/long.txt", GZIP, "If-None-Match: *"),
        get("/long.txt", GZIP, f'If-None-Match: {ETAG}"'),
    ),
    case(
        "etag-comes-back",
        ON,
        get("/long.txt", GZIP, f'If-None-Match: {ETAG}-gzip"'),
        get("/long.txt", f'If-None-Match: W/{ETAG}-gzip"'),
        get("/long.txt", GZIP, f'If-None-Match: {ETAG}-other"'),
        differs="mod_deflate does not know the tag again that it made",
        olexd=[
            Expect(304, {"ETag": f'{ETAG}-gzip"', "Vary": "Accept-Encoding", "Content-Encoding": None}),
            Expect(200, {"Content-Encoding": None}),
            Expect(200, {"Content-Encoding": "gzip"}),
        ],
    ),
    case(
        "error-page",
        f'{ON}\nErrorDocument 404 /long.txt\nErrorDocument 403 "{"no " * 90}\n'
        "<Location /page.html>\nRequire all denied\n</Location>",
        get("/none", GZIP),
        get("/page.html", GZIP),
    ),
    case("redirect", f"{ON}\nRedirect /old /new", get("/old", GZIP)),
    case(
        "brotli",
        "SetOutputFilter BROTLI_COMPRESS",
        get("/long.txt", "Accept-Encoding: gzip, br"),
        get("/long.txt", GZIP),
        get("/small.txt", "Accept-Encoding: br"),
        get("/empty.txt", "Accept-Encoding: br"),
        head("/long.txt", "Accept-Encoding: br"),
        get("/big.txt", "Accept-Encoding: br"),
        get("/long.txt", "Accept-Encoding: br;q=0"),
    ),
    case(
        "brotli-settings",
        "SetOutputFilter BROTLI_COMPRESS\nBrotliCompressionQuality 11\nBrotliAlterETag Remove\n"
        "BrotliCompressionWindow 10\nBrotliFilterNote Ratio r\nSetEnvIf Request_URI html no-brotli",
        get("/long.txt", "Accept-Encoding: br"),
        get("/page.html", "Accept-Encoding: br"),
        access="%{r}n",
    ),
    case(
        "both",
        "SetOutputFilter BROTLI_COMPRESS;DEFLATE",
        get("/long.txt", "Accept-Encoding: gzip, br"),
        get("/long.txt", GZIP),
        get("/long.txt"),
    ),
    handled("handler", "req.write('text ' * 100)"),
    handled("handler-large", "req.write('text ' * 10000)"),
    handled("handler-varied", "req.write(''.join(map(str, range(20000))))"),
    handled("handler-flush", "req.write('text ' * 100)\nreq.flush()\nreq.write('more ' * 100)"),
    handled("handler-small-flush", "req.write('text')\nreq.flush()\nreq.write('more')"),
    handled("handler-small", "req.write('text')"),
    handled("handler-empty", "pass"),
    handled("handler-length", "req.set_content_length(500)\nreq.write('text ' * 100)"),
    handled("handler-etag", "req.headers_out['ETag'] = 'W/\"a\"'\nreq.write('text ' * 100)"),
    handled("handler-etag-bare", "req.headers_out['ETag'] = 'a'\nreq.write('text ' * 100)"),
    handled("handler-encoding", "req.content_encoding = 'x-own'\nreq.write('text ' * 100)"),
    handled(
        "handler-encoding-header", "req.headers_out['Content-Encoding'] = 'br'\nreq.write('text ' * 100)"
    ),
    handled("handler-status", "req.status = 404\nreq.write('text ' * 100)"),
    handled("handler-204", "req.status = 204"),
    handled("handler-adds", "req.add_output_filter('DEFLATE')\nreq.write('text ' * 100)", config=""),
    handled("handler-type", "req.write('text ' * 100)", config="AddOutputFilterByType DEFLATE text/plain"),
    handled(
        "handler-other-type", "req.write('text ' * 100)", config="AddOutputFilterByType DEFLATE text/html"
    ),
    handled(
        "handler-206",
        "req.status = 206\nreq.headers_out['Content-Range'] = 'bytes 0-499/900'\nreq.write('text ' * 100)",
    ),
]
