"""Static files and the way from URL to file: conditions, ranges, types, Alias, DirectoryIndex, slashes."""

from __future__ import annotations

from tests.parity.runner.case import STATIC, Case, Expect, Request, ask, get, head, post

MODIFIED = "Sun, 05 May 2024 12:00:00 GMT"
TAG = '"a-617b3b1389240"'
CONDITIONS = (
    f"If-None-Match: {TAG}",
    f"If-None-Match: W/{TAG}",
    'If-None-Match: "other"',
    "If-None-Match: *",
    f"If-Modified-Since: {MODIFIED}",
    "If-Modified-Since: Sat, 04 May 2024 12:00:00 GMT",
    "If-Modified-Since: Sunday, 05-May-24 12:00:00 GMT",
    "If-Modified-Since: Sun May  5 12:00:00 2024",
    "If-Modified-Since: rubbish",
    "If-Modified-Since: Sat, 04 May 2094 12:00:00 GMT",
    f"If-Match: {TAG}",
    "If-Match: *",
    f"If-Unmodified-Since: {MODIFIED}",
)
FAILED = ('If-Match: "other"', "If-Unmodified-Since: Sat, 04 May 2024 12:00:00 GMT")
RANGES = (
    "0-3",
    "5-",
    "-2",
    "9-20",
    "10-",
    "3-1",
    "0-0,2-3",
    "0-4,3-6",
    "0-1, 4-5",
    "a-b",
    "0-3,100-",
    "-0",
    "0-99999",
)

FILES: dict[str, str | bytes] = {
    "a.txt": "0123456789",
    "page.html": "<p>page</p>",
    "data.json": "{}",
    "image.png": b"\x89PNG",
    "noext": "no extension",
    "odd.unknownext": "?",
    "a.tar.gz": b"gz",
    "UPPER.TXT": "upper",
    "sp ace.txt": "space",
    "\u00e4.txt": "umlaut",
    "empty.txt": "",
    "big.bin": b"x" * 100_000,
    "dir/index.html": "index",
    "bare/x.txt": "x",
    ".hidden": "hidden",
    "script.py": "print('source')",
}
NAMES: tuple[str, ...] = (
    "a.txt",
    "page.html",
    "data.json",
    "image.png",
    "noext",
    "odd.unknownext",
    "a.tar.gz",
    "UPPER.TXT",
    "sp%20ace.txt",
)
NAMES += (
    "%C3%A4.txt",
    "empty.txt",
    "big.bin",
    "dir/",
    "dir",
    "dir?q=1",
    "bare/",
    "bare",
    ".hidden",
    "none",
    "a.txt/",
    "a.txt/more",
)
NAMES += ("dir/none", "none/", "", "a.txt?query", "dir//index.html", "script.py")


def static(name: str, *requests: Request, config: str = STATIC) -> Case:
    """A case over the common files."""
    return Case(f"static-{name}", requests, config, files=FILES)


METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "FOO", "get")
LOOK = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    seen = (req.uri, req.unparsed_uri, req.filename, req.path_info, req.args)
    seen += (req.finfo.filetype, req.document_root())
    req.write('%r' % (seen,), 0)
    req.write(' %r' % (req.hlist.directory,), 0)
    return apache.OK
"""
PYTHON = "SetHandler mod_python\nPythonHandler @M@\n"

CASES = [
    *(static(f"name-{number}", get(f"/{name}"), head(f"/{name}")) for number, name in enumerate(NAMES)),
    *(
        static(f"condition-{number}", get("/a.txt", line), head("/a.txt", line), post("/a.txt", "", line))
        for number, line in enumerate(CONDITIONS)
    ),
    *(
        static(f"failed-condition-{number}", get("/a.txt", line), post("/a.txt", "", line))
        for number, line in enumerate(FAILED)
    ),
    *(
        Case(
            f"static-head-of-failed-condition-{number}",
            [head("/a.txt", line)],
            STATIC,
            files=FILES,
            differs="no length that is not the answer's",
            olexd=[Expect(412, {"content-length": None})],
        )
        for number, line in enumerate(FAILED)
    ),
    static(
        "both-conditions",
        get("/a.txt", CONDITIONS[0], CONDITIONS[5]),
        get("/a.txt", CONDITIONS[2], CONDITIONS[4]),
    ),
    *(
        Case(
            f"static-range-{number}",
            # The length of several parts varies with the boundary, which the reference does not pad.
            [get("/a.txt", f"Range: bytes={value}")]
            + ([] if "," in value else [head("/a.txt", f"Range: bytes={value}")]),
            STATIC,
            files=FILES,
            masks=[(r"\b[0-9a-f]{12,}\b", "BOUNDARY")],
        )
        for number, value in enumerate(RANGES)
    ),
    static(
        "if-range",
        get("/a.txt", "Range: bytes=0-3", f"If-Range: {TAG}"),
        get("/a.txt", "Range: bytes=0-3", 'If-Range: "other"'),
        get("/a.txt", "Range: bytes=0-3", f"If-Range: {MODIFIED}"),
        get("/a.txt", "Range: lines=0-3"),
    ),
    static(
        "methods",
        *(ask(method, path) for method in METHODS for path in ("/a.txt", "/none")),
        ask("OPTIONS", "*"),
        post("/a.txt", "body"),
    ),
    static(
        "methods-on-directory",
        ask("PUT", "/dir/"),
        ask("DELETE", "/dir"),
        post("/dir", "x"),
        ask("OPTIONS", "/dir/"),
    ),
    Case(
        "directory-index",
        [
            get("/"),
            get("/a/"),
            get("/b/?q=1"),
            get("/c/"),
            get("/d/"),
            get("/a/index.htm"),
            head("/a/"),
            post("/a/", "x"),
        ],
        "DirectoryIndex first.html index.htm /fallback.html\n"
        '<Directory "@ROOT@/b">\nDirectoryIndex own.txt\n</Directory>\n'
        '<Directory "@ROOT@/d">\nDirectoryIndex disabled\n</Directory>',
        files={
            "a/index.htm": "a",
            "b/own.txt": "b",
            "c/x": "",
            "d/index.htm": "d",
            "fallback.html": "fallback",
        },
    ),
    Case(
        "directory-index-python",
        [get("/dir/?q=1"), get("/dir"), get("/dir?q"), get("/empty/"), get("/dir/index.html/info"), get("/")],
        f'<Directory "@ROOT@">\n{PYTHON}</Directory>',
        source=LOOK,
        files={"dir/index.html": "static", "empty/": ""},
    ),
    Case(
        "directory-python-with-location",
        [get("/dir/?q=1"), get("/dir"), get("/file.txt/info")],
        f"<Location /dir>\n{PYTHON}</Location>\n<Location /file.txt>\n{PYTHON}</Location>",
        source=LOOK,
        files={"dir/index.html": "static", "file.txt": "x"},
    ),
    Case(
        "alias",
        [
            get(path)
            for path in (
                "/al/a.txt",
                "/al",
                "/al/",
                "/alx/a.txt",
                "/sl/a.txt",
                "/sl",
                "//al//a.txt",
                "/file",
                "/al/../al/a.txt",
            )
        ],
        'Alias /al "@ROOT@/target"\nAlias /sl/ "@ROOT@/target/"\nAlias /file "@ROOT@/target/a.txt"\n',
        files={"target/a.txt": "aliased", "alx/a.txt": "not aliased"},
    ),
    Case(
        "alias-python",
        [get("/al/a.txt"), get("/al/none/info"), get("/al/sub"), get("/loc/a.txt")],
        f'Alias /al "@ROOT@/target"\nAlias /loc "@ROOT@/target"\n'
        f'<Directory "@ROOT@/target">\n{PYTHON}</Directory>\n'
        f"<Location /loc>\n{PYTHON}</Location>",
        source=LOOK,
        files={"target/a.txt": "aliased", "target/sub/x": ""},
    ),
    Case(
        "add-type",
        [get("/a.zzz"), get("/a.txt"), get("/a.yyy.zzz"), get("/a.zzz.unknown"), get("/a.param")],
        'AddType text/x-zzz .zzz\nAddType text/x-other txt yyy\nAddType "text/x-p; charset=utf-8" .param',
        files={name: name for name in ("a.zzz", "a.txt", "a.yyy.zzz", "a.zzz.unknown", "a.param")},
    ),
    Case(
        "python-serves-own-source",
        [get("/app.py"), get("/app.py?x"), get("/other.py")],
        "AddHandler mod_python .py\nPythonHandler @M@::declines\n"
        '<Files "other.py">\nPythonHandler @M@\n</Files>',
        source=LOOK + "def declines(req):\n    return apache.DECLINED\n",
        files={"app.py": "print('source')", "other.py": ""},
    ),
]
