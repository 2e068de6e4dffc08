"""Filters registered while a request runs, in chains with the server's own, and read in pieces."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Request, get, head, post

FILES = {"a.txt": "one\ntwo\nthree", "big.txt": "0123456789abcde\n" * 1000, "d/index.html": "index"}
SOURCE = """
from mod_python import apache

KEPT = []

def put(filter, data):
    # mod_python keeps no reference to what it is given.
    KEPT.append(data)
    filter.write(data)

def changes(change):
    def filtering(filter):
        data = filter.read()
        while data:
            put(filter, change(data))
            data = filter.read()
        if data is None:
            filter.close()
    return filtering

upper = outputfilter = inputfilter = changes(bytes.upper)
brackets = changes(lambda data: b'[' + data + b']')
doubled = changes(lambda data: data * 2)

def shows(filter):
    shown = (filter.name, filter.handler, filter.dir, filter.is_input)
    data = filter.read()
    put(filter, repr(shown).encode() + b'|' + (data or b''))
    while data:
        data = filter.read()
        put(filter, data or b'')
    if data is None:
        filter.close()
"""


def handled(
    name: str, body: str, *requests: Request, config: str = "", source: str = "", **more: object
) -> Case:
    """A case whose handler does `body`."""
    lines = "\n".join("    " + line for line in body.strip().split("\n"))
    handler = f"def handler(req):\n    req.content_type = 'text/plain'\n{lines}\n    return apache.OK\n"
    text = SOURCE + source + handler
    return Case(f"chain-{name}", requests or (get("/x"),), config or LOCATION, source=text, **more)  # type: ignore[arg-type]


def reading(name: str, loop: str, *sizes: str) -> list[Case]:
    """Cases in which a filter reads with each of `sizes`, and shows each piece."""
    return [
        Case(
            f"chain-reads-{name}-{number}",
            [get("/a.txt"), get("/big.txt")],
            "PythonOutputFilter @M@::pieces PIECES\nSetOutputFilter PIECES\n",
            source=SOURCE + loop.replace("SIZE", size),
            files=FILES,
        )
        for number, size in enumerate(sizes)
    ]


PIECES = """
def pieces(filter):
    count, total = 0, 0
    while True:
        data = filter.METHOD(SIZE)
        if not data:
            break
        count, total = count + 1, total + len(data)
        if count <= 3:
            put(filter, repr(data[:20]).encode() + b' ')
    put(filter, ('%d pieces, %d bytes, %r.' % (count, total, data)).encode())
    if data is None:
        filter.close()
"""
AFTERWARDS = """
def tries(filter):
    data = filter.read()
    while data:
        put(filter, data)
        data = filter.read()
    if data is None:
        filter.close()
        found = []
        for name, arguments in (
            ('read', ()), ('readline', ()), ('write', ('x',)), ('flush', ()), ('close', ()), ('pass_on',
            ()), ('disable', ()),
        ):
            try:
                found.append('%s %r' % (name, getattr(filter, name)(*arguments)))
            except Exception as error:
                found.append('%s %s: %s' % (name, type(error).__name__, error))
        FOUND[:] = found
FOUND = []
"""
WATCHED = """
from mod_python import apache

KEPT = []
SEEN = []

def watch(filter):
    first = data = filter.read()
    SEEN.append((data, filter.req.phase))
    while data:
        KEPT.append(data)
        filter.write(data)
        data = filter.read()
        SEEN.append((data, filter.req.phase))
    if first is None:
        # A request without a body gets none from a filter.
        KEPT.append(b'more')
        filter.write(KEPT[-1])
    if data is None:
        filter.close()

def handler(req):
    if req.uri == '/seen':
        req.write(repr(SEEN), 0)
        SEEN[:] = []
        return apache.OK
    if req.args == 'fails':
        raise ValueError
    if req.args == 'flushes':
        req.write('early ')
    if req.args != 'nothing':
        req.write(repr(req.readlines() if req.args == 'lines' else req.read()), 0)
    return apache.OK
"""
"""An input filter that tells what it was given, and in which phase."""


def input_ends(name: str, method: str, *headers: str) -> Case:
    """A case about what input filters see of a body, or of none, that handlers read in several ways."""
    body = b"short" if method == "POST" else None
    asked = [
        request
        for way in ("nothing", "all", "lines", "flushes", "fails")
        for request in (Request(method, f"/x?{way}", headers, body), get("/seen"))
    ]
    config = (
        "PythonInputFilter @M@::watch WATCH\n<Location /x>\nSetInputFilter WATCH\n</Location>\n" + LOCATION
    )
    return Case(f"chain-input-end-{name}", asked, config, source=WATCHED)


ZIP = "Accept-Encoding: gzip"
CHAINS = ("UP;BR", "BR;UP", "UP;DEFLATE", "BR;TWO;UP;DEFLATE", "INCLUDES;UP", "UP;INCLUDES;DEFLATE", "BR;BR")
DECLARED = (
    "PythonOutputFilter @M@::upper UP\nPythonOutputFilter @M@::brackets BR\nPythonOutputFilter "
    "@M@::doubled TWO\n"
    "PythonOutputFilter @M@::shows SHOW\n"
)
IN_DIRECTORY = '<Directory "@ROOT@">\n%s\n</Directory>\n'

CASES = [
    input_ends("of-a-body", "POST"),
    input_ends("of-none", "GET"),
    input_ends("of-the-connection", "GET", "Connection: close"),
    handled(
        "registered",
        "req.register_output_filter('OWN', __name__ + "
        "'::upper')\nreq.add_output_filter('OWN')\nreq.write('text', 0)",
    ),
    handled(
        "registered-with-directory",
        "req.register_output_filter('OWN', __name__ + '::shows', '/tmp')\n"
        "req.add_output_filter('OWN')\nreq.write('text', 0)",
    ),
    handled(
        "registered-default-function",
        "req.register_output_filter('OWN', __name__)\nreq.add_output_filter('OWN')\nreq.write('text', 0)",
    ),
    handled(
        "registered-twice",
        "req.register_output_filter('OWN', __name__ + '::upper')\n"
        "req.register_output_filter('OWN', __name__ + '::brackets')\n"
        "req.add_output_filter('OWN')\nreq.write('text', 0)",
    ),
    handled(
        "several-added",
        "for name in ('upper', 'brackets', 'doubled'):\n"
        "    req.register_output_filter(name, __name__ + '::' + name)\n"
        "    req.add_output_filter(name)\nreq.write('text', 0)",
    ),
    handled(
        "added-after-a-flush",
        "req.write('before ')\nreq.register_output_filter('OWN', __name__ + '::upper')\n"
        "req.add_output_filter('OWN')\nreq.write('after', 0)",
    ),
    handled(
        "added-after-buffered",
        "req.write('before ', 0)\nreq.register_output_filter('OWN', __name__ + '::upper')\n"
        "req.add_output_filter('OWN')\nreq.write('after', 0)",
    ),
    handled("content-length", "req.add_output_filter('CONTENT_LENGTH')\nreq.write('text', 0)"),
    handled(
        "content-length-flushed", "req.add_output_filter('CONTENT_LENGTH')\nreq.write('te')\nreq.write('xt')"
    ),
    handled(
        "unknown", "req.add_output_filter('NOSUCH')\nreq.add_input_filter('NOSUCH')\nreq.write('text', 0)"
    ),
    handled(
        "deflate-added",
        "req.add_output_filter('DEFLATE')\nreq.write('text ' * 100, 0)",
        get("/x", ZIP),
        get("/x"),
        head("/x", ZIP),
    ),
    handled(
        "includes-added",
        "req.add_output_filter('INCLUDES')\nreq.subprocess_env['OWN'] = 'value'\n"
        'req.write(\'<!--#echo var="OWN" --> <!--#python eval="1 + 1" -->\', 0)',
        config=LOCATION.replace("SetHandler", "Options +Includes\nSetHandler"),
    ),
    handled(
        "input-registered",
        "req.register_input_filter('OWN', __name__ + '::upper')\nreq.add_input_filter('OWN')\n"
        "req.write(req.read(), 0)",
        post("/x", "posted"),
        get("/x"),
    ),
    handled(
        "input-added-early",
        "req.write(req.read(), 0)",
        post("/x", "posted"),
        config=LOCATION.replace("SetHandler", "PythonFixupHandler @M@::early\nSetHandler"),
        source="def early(req):\n    req.register_input_filter('OWN', __name__ + '::upper')\n"
        "    req.add_input_filter('OWN')\n    return apache.OK\n",
    ),
    *(
        handled(
            f"added-in-{phase.lower()}",
            "req.write('text', 0)",
            config=LOCATION.replace("SetHandler", f"Python{phase}Handler @M@::early\nSetHandler"),
            source="def early(req):\n    req.register_output_filter('OWN', __name__ + '::brackets')\n"
            "    req.add_output_filter('OWN')\n    return apache.OK\n",
        )
        for phase in ("HeaderParser", "Access", "Fixup")
    ),
    Case(
        "chain-behind-a-file",
        [
            get("/a.txt"),
            head("/a.txt"),
            get("/a.txt", "Range: bytes=1-2"),
            get("/none"),
            get("/d"),
            get("/d/"),
        ],
        IN_DIRECTORY % "PythonFixupHandler @M@::early",
        source=SOURCE + "def early(req):\n    if not req.main:\n"
        "        req.register_output_filter('OWN', __name__ + '::brackets')\n"
        "        req.add_output_filter('OWN')\n    return apache.OK\n",
        files=FILES,
    ),
    Case(
        "chain-behind-an-index",
        [get("/d/"), get("/d/index.html"), get("/a.txt")],
        IN_DIRECTORY % "PythonHeaderParserHandler @M@::whole\nPythonFixupHandler @M@::each",
        source=SOURCE + "def whole(req):\n    req.register_output_filter('ALL', __name__ + '::upper')\n"
        "    req.add_output_filter('ALL')\n    return apache.OK\n"
        "def each(req):\n    req.register_output_filter('EACH', __name__ + '::brackets')\n"
        "    req.add_output_filter('EACH')\n    return apache.OK\n",
        files=FILES,
    ),
    *(
        Case(
            f"chain-set-{chain.replace(';', '-').lower()}",
            [get("/a.txt"), get("/a.txt", ZIP), get("/big.txt", ZIP)],
            DECLARED + IN_DIRECTORY % f"Options +Includes\nSetOutputFilter {chain}",
            source=SOURCE,
            files=FILES,
        )
        for chain in CHAINS
    ),
    *(
        handled(
            f"handler-{chain.replace(';', '-').lower()}",
            "req.write('one <!--#echo var=\"x\" -->', int(req.args or 0))\nreq.write(' two', 0)",
            get("/x?0", ZIP),
            get("/x?1", ZIP),
            get("/x?1"),
            config=DECLARED
            + LOCATION.replace("SetHandler", "Options +Includes\nSetOutputFilter {chain}\nSetHandler"),
        )
        for chain in CHAINS
    ),
    Case(
        "chain-levels",
        [get("/a.txt"), get("/d/index.html"), get("/big.txt", "Range: bytes=0-3")],
        DECLARED
        + "AddOutputFilter UP .txt\nSetOutputFilter BR\n"
        + IN_DIRECTORY % "AddOutputFilter SHOW .html"
        + "<Location /d>\nAddOutputFilter TWO .html\n</Location>\n",
        source=SOURCE,
        files=FILES,
    ),
    *reading("blocks", PIECES.replace("METHOD", "read"), "", "-1", "4", "100000"),
    *reading("lines", PIECES.replace("METHOD", "readline"), "", "-1", "2", "100"),
    Case(
        "chain-calls-after-close",
        [get("/a.txt"), get("/show")],
        "PythonOutputFilter @M@::tries TRIES\n"
        + IN_DIRECTORY % "SetOutputFilter TRIES"
        + "<Location /show>\nSetOutputFilter none\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n",
        source=SOURCE
        + AFTERWARDS
        + "def handler(req):\n    req.write('\\n'.join(FOUND), 0)\n    return apache.OK\n",
        files=FILES,
    ),
    Case(
        "chain-of-a-subrequest",
        [get("/page.shtml")],
        DECLARED + "AddOutputFilter INCLUDES .shtml\nAddOutputFilter BR .txt\n" + IN_DIRECTORY % "Options "
        "+Includes",
        source=SOURCE,
        files={"page.shtml": 'page <!--#include virtual="/a.txt" --> end', **FILES},
    ),
    Case(
        "chain-in-main-request-only",
        [get("/page.shtml"), get("/a.txt")],
        "PythonOutputFilter @M@::careful OWN\nAddOutputFilter INCLUDES;OWN .shtml\nAddOutputFilter OWN .txt\n"
        + IN_DIRECTORY % "Options +Includes",
        source=SOURCE
        + "def careful(filter):\n    if filter.req.main:\n        filter.pass_on()\n    else:\n        "
        "upper(filter)\n",
        files={"page.shtml": 'page <!--#include virtual="/a.txt" --> end', **FILES},
    ),
    Case(
        "chain-softspace",
        [get("/a.txt")],
        "PythonOutputFilter @M@::soft SOFT\nSetOutputFilter SOFT\n",
        source=SOURCE + "def soft(filter):\n    before = filter.softspace\n    filter.softspace = 1\n"
        "    text = repr((before, filter.softspace)).encode()\n    data = filter.read()\n"
        "    if data:\n        put(filter, text)\n        data = filter.read()\n"
        "    if data is None:\n        filter.close()\n",
        files=FILES,
    ),
]
