"""Doubled slashes and dot segments on the way to a file: what guards see, and what becomes path info."""

from __future__ import annotations

from tests.parity.runner.case import Case, get

LOOK = """
from mod_python import apache
def transhandler(req):
    wanted = req.args
    if wanted and wanted.startswith('file='):
        req.filename = req.document_root() + wanted[5:]
        return apache.OK
    return apache.DECLINED
def handler(req):
    req.content_type = 'text/plain'
    req.write('%r' % ((req.uri, req.filename, req.canonical_filename, req.path_info, req.finfo.filetype),), 0)
    return apache.OK
"""
FILES = {
    "a.txt": "a",
    "sub/app.py": "",
    "guarded/g.txt": "guarded",
    "guarded/index.html": "guarded",
    "x.d/y": "y",
}
CONFIG = """
<Directory "@ROOT@/guarded">
    Require all denied
</Directory>
<Files app.py>
    SetHandler mod_python
    PythonHandler @M@
</Files>
"""
PATHS = (
    "/guarded/g.txt",
    "//guarded//g.txt",
    "///guarded/",
    "/guarded//",
    "//guarded",
    "/sub//..//guarded/g.txt",
    "//a.txt",
    "/sub//app.py",
    "//sub//app.py//info//more",
    "/sub/app.py//",
    "//none//at/all",
    "//",
    "//x.d//y",
)
TRANSLATED = (
    "/guarded/g.txt",
    "//guarded//g.txt",
    "/sub/../guarded/g.txt",
    "/./guarded/./g.txt",
    "/sub/./app.py",
    "/sub/../sub//app.py",
    "/sub/app.py/../app.py",
    "/x.d/../a.txt",
)

CASES = [
    *(
        Case(f"slashes-{name}", [get(path) for path in PATHS], config + CONFIG, source=LOOK, files=FILES)
        for name, config in (
            ("merged", ""),
            ("unmerged", "MergeSlashes Off"),
        )
    ),
    Case(
        "slashes-alias",
        [get(f"/half{path}") for path in PATHS],
        'MergeSlashes Off\nAlias /half "@ROOT@/"\nAlias /hal "@ROOT@"\n' + CONFIG,
        source=LOOK,
        files=FILES,
    ),
    Case(
        "slashes-translated",
        [get(f"/sub/app.py?file={path}") for path in TRANSLATED],
        "PythonTransHandler @M@\n" + CONFIG,
        source=LOOK,
        files=FILES,
    ),
]
