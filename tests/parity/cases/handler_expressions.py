"""SetHandler with an expression: which handler a request gets, and what goes before what."""

from __future__ import annotations

from tests.parity.runner.case import Case, Request, get

WHO = """
    def handler(req):
        req.content_type = "text/plain"
        req.write("python %s %s\\n" % (req.handler, req.uri))
        return 0
"""
FILES: dict[str, str | bytes] = {
    "a.txt": "a file",
    "b.one": "another file",
    "in/a.txt": "a file inside",
    "page.shtml": '<!--#echo var="DOCUMENT_NAME" -->',
}


def chosen(name: str, config: str, *requests: Request | str, log: tuple[str, ...] = ()) -> Case:
    """A case in which some requests go to the handler and some to files."""
    asked = [get(request) if isinstance(request, str) else request for request in requests]
    config = f"PythonHandler @M@\n{config}"
    return Case(f"handler-expression-{name}", asked, config, source=WHO, files=FILES, log=log)


def root(lines: str) -> str:
    """Return lines in the section of the document root."""
    return f'<Directory "@ROOT@">\nOptions +Includes\n{lines}\n</Directory>\n'


BY_QUERY = 'SetHandler "%{QUERY_STRING}"'

CASES = [
    chosen(
        "by-query",
        root(BY_QUERY),
        "/a.txt?mod_python",
        "/a.txt?MOD_Python",
        "/a.txt?none",
        "/a.txt?None",
        "/a.txt?nobody",
        "/a.txt",
        "/none?mod_python",
    ),
    chosen("in-location", f"<Location /a.txt>\n{BY_QUERY}\n</Location>", "/a.txt?mod_python", "/a.txt?none"),
    chosen(
        "over-extension",
        root(f"AddHandler mod_python .one\n{BY_QUERY}"),
        "/b.one?none",
        "/b.one?default-handler",
        "/b.one",
    ),
    chosen(
        "outside-of-plain",
        root(BY_QUERY) + '<Directory "@ROOT@/in">\nSetHandler default-handler\n</Directory>',
        "/in/a.txt?mod_python",
        "/a.txt?mod_python",
    ),
    chosen(
        "inside-of-plain",
        root("SetHandler mod_python") + f'<Directory "@ROOT@/in">\n{BY_QUERY}\n</Directory>',
        "/in/a.txt?default-handler",
        "/in/a.txt?none",
        "/a.txt?x",
    ),
    chosen(
        "inside-none",
        root(BY_QUERY) + '<Directory "@ROOT@/in">\nSetHandler none\n</Directory>',
        "/in/a.txt?mod_python",
        "/in/a.txt",
    ),
    chosen(
        "function",
        root("""SetHandler "%{tolower:MOD_}%{req:X-Rest}" """),
        get("/a.txt", "X-Rest: python"),
        get("/a.txt"),
    ),
    chosen("page", root(BY_QUERY), "/page.shtml?server-parsed", "/page.shtml?none"),
    chosen("parts", root('SetHandler "mod_%{QUERY_STRING}"'), "/a.txt?python", "/a.txt?PYTHON", "/a.txt?x"),
]
