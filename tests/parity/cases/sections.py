"""Sections: which apply and how they merge; options and paths; interpreters; virtual hosts by name."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, get

SHOW = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    options = sorted(item for item in req.get_options().items() if 'mod_python' not in item[0])
    req.write('\\n'.join('%s=%s' % item for item in options), 0)
    req.write('\\n%r' % sorted(key for key in req.get_config().keys()), 0)
    return apache.OK
"""
PYTHON = "SetHandler mod_python\nPythonHandler @M@\n"


def option(section: str, *pairs: str) -> str:
    """A section that sets PythonOptions: each of the pairs is `key value`."""
    kind = section.split()[0]
    return f"<{section}>\n" + "".join(f"PythonOption {pair}\n" for pair in pairs) + f"</{kind}>\n"


ORDER = (
    PYTHON
    + option('Location "/sub"', "last location", "location 1")
    + option('LocationMatch "^/sub/d"', "last location-match", "match 1")
    + option('Files "f.txt"', "last files", "files 1")
    + option('FilesMatch "\\.txt$"', "last files-match", "files-match 1")
    + option('Directory "@ROOT@/sub/deep"', "last deep", "deep 1")
    + option('Directory "@ROOT@/sub"', "last sub", "sub 1")
    + option('Directory "@ROOT@/*/deep"', "last wild", "wild 1")
    + option('Directory "@ROOT@"', "last root", "root 1")
    + option('Directory "/"', "last slash", "slash 1")
    + option('Location "/"', "last location-root", "location-root 1")
)
URLS = ("/sub/deep/f.txt", "/sub/f.txt", "/f.txt", "/sub/deep/other", "/other", "/sub/deep/", "/subx", "/sub")


ROUNDUP = """
from mod_python import apache
def handler(req):
    req.add_common_vars()
    env = dict(req.subprocess_env)
    env['PATH_INFO'] = req.path_info[1:]
    home = req.get_options().get('TrackerHome')
    classname, _, rest = env['PATH_INFO'].partition('/')
    req.content_type = 'text/plain'
    req.write('%s of %s: %r, %r, %s' % (classname, home, rest, env['SCRIPT_FILENAME'], req.filename), 0)
    return apache.OK
"""
"""What applications do that were written before Locations had no path info."""
TRACKER = "SetHandler mod_python\nPythonHandler @M@\nPythonOption TrackerHome /srv/tracker\n"

CASES = [
    Case(
        "roundup",
        [get(f"/tracker{path}") for path in ("/issue1", "", "/", "/file12/a%20b.png?@ok=1")],
        f'<IfDefine APACHE>\n<Directory "@ROOT@">\n{TRACKER}</Directory>\n</IfDefine>\n'
        "<IfDefine !APACHE>\nPythonOption olexd.map_locations Split\n"
        f"<Location /tracker>\n{TRACKER}</Location>\n</IfDefine>",
        source=ROUNDUP,
    ),
    Case(
        "merge-order",
        [get(url) for url in URLS],
        ORDER,
        source=SHOW,
        files={"sub/deep/f.txt": "", "f.txt": ""},
    ),
    Case(
        "location-matching",
        [
            get(url)
            for url in (
                "/a",
                "/a/",
                "/a/b",
                "/ab",
                "/s",
                "/s/",
                "/s/x",
                "/w/x",
                "/w/x/y",
                "/W/x",
                "/m/1",
                "/m/x1y",
                "/%61",
            )
        ],
        PYTHON
        + option("Location /a", "a 1")
        + option("Location /s/", "s 1")
        + option("Location /w/*", "w 1")
        + option('LocationMatch "^/m/[0-9]+$"', "m 1")
        + option('LocationMatch "[0-9]y$"', "y 1"),
        source=SHOW,
    ),
    Case(
        "options",
        [get("/"), get("/in"), get("/in/deeper"), get("/gone")],
        PYTHON
        + 'PythonOption Key "two words"\nPythonOption other 1\nPythonOption third 3\n'
        + option("Location /in", "key inner", "NEW x")
        + option("Location /in/deeper", "KEY deeper", "third")
        + option("Location /gone", 'key ""'),
        source=SHOW,
    ),
    Case(
        "options-removed",
        [get("/")],
        PYTHON + "PythonOption Key 1\nPythonOption other 1\n" + option("Location /", "parity.main", 'key ""'),
        source=SHOW,
        differs="of two options that were removed none is left as an empty one",
        olexd=[Expect(200, body=r"other=1\n.*")],
    ),
    Case(
        "options-from-server",
        [get("/")],
        PYTHON + "PythonOption host 1\n" + option("Location /", "place 2"),
        handler="""
        show = lambda table: sorted(i for i in table.items() if 'mod_python' not in i[0])
        req.write(repr((show(req.server.get_options()), show(apache.main_server.get_options()))), 0)
        """,
    ),
    Case(
        "config-values",
        [get("/"), get("/on"), get("/off")],
        PYTHON + "<Location /on>\nPythonDebug On\nPythonAutoReload on\n</Location>\n"
        "<Location /off>\nPythonDebug OFF\nPythonAutoReload Off\n</Location>\n",
        handler="""
        items = req.get_config().items()
        req.write(repr(sorted(item for item in items if item[0] != 'PythonPath')), 0)
        """,
    ),
    Case(
        "handler-lists-replace",
        [get("/"), get("/a"), get("/a/b"), get("/c")],
        "SetHandler mod_python\nPythonHandler @M@::one\nPythonHandler @M@::two\n"
        "<Location /a>\nPythonHandler @M@::three\n</Location>\n"
        "<Location /a/b>\nPythonFixupHandler @M@::two\n</Location>\n"
        "<Location /c>\nSetHandler None\n</Location>",
        source="".join(
            f"def {name}(req):\n    req.write('{name} ', 0)\n    return 0\n"
            for name in ("one", "two", "three")
        ),
        files={"c": "static"},
    ),
    Case(
        "hlist",
        [get("/dir/x.txt"), get("/loc/x")],
        f'<Directory "@ROOT@/dir">\n{PYTHON}</Directory>\n<Location /loc>\n{PYTHON}</Location>',
        handler="""
        h = req.hlist
        req.write(repr((h.handler, h.silent, h.directory)), 0)
        """,
        files={"dir/x.txt": ""},
    ),
    Case(
        "path-of-directory",
        [get("/app/x"), get("/app/y")],
        '<Directory "@ROOT@/app">\nSetHandler mod_python\nPythonHandler parity_local_page\n'
        "PythonPath \"['@ROOT@/app'] + sys.path\"\n</Directory>",
        files={"app/parity_local_page.py": "def handler(req):\n    req.write('local', 0)\n    return 0\n"},
        own_interpreter=True,
    ),
    Case(
        "path-that-fails",
        [get("/"), get("/")],
        PYTHON + 'PythonPath "1/0"\n',
        handler="req.write('never', 0)",
        log=["ZeroDivisionError"],
        own_interpreter=True,
    ),
    Case(
        "interpreter-default",
        [get("/")],
        PYTHON,
        handler="req.write('%s %s' % (req.interpreter, apache.interpreter), 0)",
        own_interpreter=True,
    ),
    Case(
        "interpreter-named",
        [get("/x"), get("/y"), get("/z/a")],
        PYTHON + "PythonInterpreter first\n<Location /y>\nPythonInterpreter second\n</Location>\n"
        "<Location /z>\nPythonInterpPerDirective On\n</Location>",
        handler="req.write(req.interpreter, 0)",
        own_interpreter=True,
    ),
    Case(
        "interpreter-per-directory",
        [get("/d/x.txt"), get("/d/e/y.txt"), get("/d/")],
        f'<Directory "@ROOT@">\n{PYTHON}PythonInterpPerDirectory On\n</Directory>',
        handler="req.write(req.interpreter, 0)",
        files={"d/x.txt": "", "d/e/y.txt": ""},
        own_interpreter=True,
    ),
    Case(
        "host-names",
        [
            get("/"),
            get("/", host="alias-one.test"),
            get("/", host="ALIAS-two.test:1234"),
            get("/", host="x.wild-alias.test"),
            get("/", host="nobody-has-this.test"),
            get("/", host="case-host-names.test."),
        ],
        "ServerAlias alias-one.test alias-two.test *.wild-alias.test\n" + PYTHON,
        handler="""
        s = req.server
        names = (s.server_hostname, sorted(s.names), sorted(s.wild_names), req.hostname)
        req.write(repr((names, s.port, s.is_virtual)), 0)
        """,
    ),
    Case(
        "conditional-sections",
        [get("/")],
        PYTHON + "<IfModule mod_alias.c>\nPythonOption alias yes\n</IfModule>\n"
        "<IfModule !alias_module>\nPythonOption alias no\n"
        "</IfModule>\n<IfModule no_such_module>\nPythonOption never 1\n</IfModule>\n"
        "<IfDefine NOT_DEFINED>\nNoSuchDirective at all\n</IfDefine>\n"
        "<IfDefine !NOT_DEFINED>\nPythonOption defined no\n"
        "</IfDefine>",
        source=SHOW,
    ),
]
