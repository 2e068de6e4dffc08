"""mod_autoindex: the names in a list, their order, and where links lead; its looks are each server's own."""

from __future__ import annotations

from dataclasses import replace

from tests.parity.runner.case import Case, Expect, Request, ask, get, head

FILES: dict[str, str | bytes] = {
    "b.txt": "bb",
    "a.txt": "a" * 2000,
    "A.txt": "",
    "sub/x.txt": "x",
    "sub/y.html": "y",
    "zdir/z.txt": "z",
    ".hidden": "h",
    "sp ace&<b>.txt": "s",
    "%41.txt": "p",
    "co:lon.txt": "c",
    "file10.txt": "1",
    "file9.txt": "1",
    "secret.txt": "no",
    "README.html": "<p>see <a href='linked'>this</a></p>",
    "HEADER.txt": "plain <b>header</b>",
}
LINKS = (
    # All but the links and what they show goes; entities and escapes stay.
    (r"(?s)\A\s*<!DOCTYPE html.*?(?=<a )|\A\s*<!DOCTYPE HTML.*?(?=<a )", ""),
    (r"(?s)</a>.*?(?=<a |\Z)", "\n"),
    (r"<a ([^>]*?)href=\"([^\"]*)\"[^>]*>[^\n]*", r"\2"),
    (r"<a href='([^']*)'>[^\n]*", r"\1"),
    (r"(?i)content-length: \d+\n|transfer-encoding: chunked\n", ""),
    (r"&#38;|&amp;", "&"),
)


def listing(name: str, config: str, *requests: Request | str) -> Case:
    """A case with a list of the document root."""
    text = f'<Directory "@ROOT@">\nOptions +Indexes\n{config}\n</Directory>'
    asked = [get(request) if isinstance(request, str) else request for request in requests or ("/",)]
    return Case(f"autoindex-{name}", asked, text, files=FILES, masks=LINKS)


CASES = [
    listing("plain", "", "/", "/sub/", "/sub", "/zdir/?x"),
    listing("methods", "", head("/sub/"), ask("OPTIONS", "/sub/")),
    listing("fancy", "IndexOptions FancyIndexing", "/", "/sub/"),
    listing("table", "IndexOptions FancyIndexing HTMLTable FoldersFirst SuppressIcon", "/"),
    listing("sorted", "IndexOptions FancyIndexing", "/?C=N;O=D", "/?C=S;O=A", "/?C=S;O=D", "/?C=M;O=D"),
    listing(
        "sorted-odd", "IndexOptions FancyIndexing", "/?C=X;O=D", "/?O=D", "/?C=N&O=D", "/?C=D;O=A", "/?x=1"
    ),
    listing("client", "", "/?F=1", "/?F=2;C=S;O=A", "/?V=1", "/?P=*.txt", "/?F=1;P=f*"),
    listing("ignore-client", "IndexOptions FancyIndexing IgnoreClient", "/?C=S;O=D"),
    listing("no-sorting", "IndexOptions FancyIndexing SuppressColumnSorting", "/?C=N;O=D"),
    listing("version", "IndexOptions FancyIndexing VersionSort", "/"),
    listing("case", "IndexOptions FancyIndexing IgnoreCase FoldersFirst", "/"),
    listing("suppressed", "IndexOptions FancyIndexing SuppressSize SuppressDescription SuppressLastModified"),
    listing("edited", "IndexOptions FancyIndexing FoldersFirst\nIndexOptions -FoldersFirst +IgnoreCase"),
    listing("reset", "IndexOptions FancyIndexing\nIndexOptions FoldersFirst"),
    listing("none", "IndexOptions FancyIndexing\nIndexOptions None"),
    listing("ignore", "IndexIgnore *.txt .??*", "/", "/sub/"),
    listing("ignore-parent", "IndexIgnore .. sub"),
    listing("ignore-reset", "IndexIgnore *.txt\nIndexIgnoreReset On"),
    listing("order", "IndexOptions FancyIndexing\nIndexOrderDefault Descending Size", "/", "/?C=N;O=A"),
    listing("order-plain", "IndexOrderDefault Descending Name"),
    listing("charset", "IndexOptions Charset=UTF-8 Type=text/plain"),
    replace(
        listing("readme", "ReadmeName README.html\nHeaderName HEADER.txt"),
        differs="a page that is known as a whole has its length",
        olexd=[Expect(200, {"content-length": "[0-9]+"}, "(?s).*zdir/.*linked.*")],
    ),
    listing("hidden", "<Files secret.txt>\nRequire all denied\n</Files>", "/"),
    listing(
        "forbidden-shown", "IndexOptions ShowForbidden\n<Files secret.txt>\nRequire all denied\n</Files>"
    ),
    Case("autoindex-off", [get("/sub/"), get("/sub")], "", files=FILES),
    Case(
        "autoindex-guarded-directory",
        [get("/")],
        '<Directory "@ROOT@">\nOptions +Indexes\n</Directory>\n'
        '<Directory "@ROOT@/sub">\nRequire all denied\n</Directory>',
        files=FILES,
        masks=LINKS,
    ),
    Case(
        "autoindex-htaccess",
        [get("/"), get("/sub/")],
        '<Directory "@ROOT@">\nOptions +Indexes\nAllowOverride Indexes Options\n</Directory>',
        files={
            **FILES,
            ".htaccess": "IndexOptions FancyIndexing\nIndexIgnore .htaccess",
            "sub/.htaccess": "Options -Indexes",
        },
        masks=LINKS,
    ),
    Case(
        "autoindex-python-guard",
        [get("/"), get("/", "X-Pass: yes")],
        '<Directory "@ROOT@">\nOptions +Indexes\nPythonAccessHandler @M@\n</Directory>',
        source="""
            from mod_python import apache

            def accesshandler(req):
                if req.filename.endswith("secret.txt") and "X-Pass" not in req.headers_in:
                    return apache.HTTP_FORBIDDEN
                return apache.OK
        """,
        files=FILES,
        masks=LINKS,
        differs="a name is listed only when its file may be had",
        olexd=[
            Expect(200, body="(?s)(?!.*secret).*zdir/.*"),
            Expect(200, body="(?s).*secret.txt.*zdir/.*"),
        ],
    ),
]
