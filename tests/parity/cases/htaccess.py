""".htaccess files: where they are looked for, what they may say, how they merge, what is wrong with them."""

from __future__ import annotations

from tests.parity.cases.sections import PYTHON, SHOW, option
from tests.parity.runner.case import Case, get, head


def override(*lines: str, more: str = "") -> str:
    """A Directory section for the document root with AllowOverride lines."""
    return '<Directory "@ROOT@">\n' + "\n".join(lines) + f"\n{more}</Directory>\n"


ALL = override("AllowOverride All")
INNER = (
    'PythonOption last htaccess\nPythonOption htaccess 1\n<Files "f.txt">\nPythonOption last htaccess-files\n'
    "PythonOption htaccess-files 1\n</Files>\n"
)


def refused(name: str, text: str, config: str = ALL, log: str = "") -> Case:
    """A case in which a .htaccess file with `text` is an error."""
    return Case(
        name,
        [get("/sub/page.html"), get("/page.html"), get("/sub/nope")],
        config,
        files={"sub/.htaccess": text, "sub/page.html": "page", "page.html": "page"},
        log=[log] if log else [],
    )


def accepted(name: str, text: str, config: str = ALL, log: str = "", path: str = "/sub/page.html") -> Case:
    """A case in which a .htaccess file with `text` is fine."""
    return Case(
        name,
        [get(path), head(path), get("/page.html")],
        config,
        files={"sub/.htaccess": text, "sub/page.html": "page", "page.html": "page"},
        log=[log] if log else [],
    )


TYPE = "ForceType text/x-marked\n"

CASES = [
    Case(
        "htaccess-merge-order",
        [
            get(path)
            for path in ("/sub/deep/f.txt", "/sub/f.txt", "/f.txt", "/sub/deep", "/sub/deep/", "/no/f.txt")
        ],
        PYTHON
        + ALL
        + option('Directory "@ROOT@/sub/deep"', "last deep", "deep 1")
        + option('Directory "@ROOT@/sub"', "last sub", "sub 1")
        + option('DirectoryMatch "/sub"', "last match", "match 1")
        + option('Files "f.txt"', "last files", "files 1")
        + option('Location "/sub/deep"', "place 1"),
        source=SHOW,
        files={
            "f.txt": "",
            "sub/f.txt": "",
            "sub/deep/f.txt": "",
            ".htaccess": INNER.replace("htaccess", "outer"),
            "sub/.htaccess": INNER,
            "sub/deep/.htaccess": INNER.replace("htaccess", "deepest"),
        },
    ),
    Case(
        "htaccess-handler",
        [get("/sub/page.html"), get("/sub/deep/page.html"), get("/page.html"), get("/sub/nope/info")],
        ALL,
        files={
            "sub/.htaccess": "SetHandler mod_python\nPythonHandler own_handler\nPythonOption where here\n",
            "sub/own_handler.py": (
                "from mod_python import apache\ndef handler(req):\n    req.content_type = 'text/plain'\n"
                "    req.write('%s %s %s %s' % (req.hlist.directory, req.hlist.is_location, req.path_info,\n"
                "                               req.get_options().get('where')))\n    return apache.OK\n"
            ),
            "sub/page.html": "page",
            "sub/deep/page.html": "page",
            "page.html": "page",
        },
    ),
    Case(
        "htaccess-python-phases",
        [get("/sub/page.html"), get("/page.html")],
        ALL + "PythonPath \"['@DIR@'] + sys.path\"\n",
        source=(
            "from mod_python import apache\n"
            "def headerparserhandler(req):\n    req.headers_out['X-Parsed'] = str(req.hlist.directory)\n"
            "    return apache.OK\n"
            "def accesshandler(req):\n    req.headers_out['X-Access'] = 'asked'\n    return apache.OK\n"
            "def fixuphandler(req):\n    req.headers_out['X-Fixup'] = 'asked'\n    return apache.OK\n"
        ),
        files={
            "sub/.htaccess": (
                "PythonHeaderParserHandler @M@\nPythonAccessHandler @M@\nPythonFixupHandler @M@\n"
            ),
            "sub/page.html": "page",
            "page.html": "page",
        },
    ),
    accepted("htaccess-none", "Nonsense\n", override("AllowOverride None")),
    refused("htaccess-unset", TYPE, "", r"/sub/\.htaccess: ForceType not allowed here"),
    accepted("htaccess-unset-empty", "# nothing\n", ""),
    accepted("htaccess-fileinfo", TYPE, override("AllowOverride FileInfo")),
    refused(
        "htaccess-class",
        TYPE,
        override("AllowOverride Indexes Options Limit AuthConfig"),
        r"\[core:alert\] .*/sub/\.htaccess: ForceType not allowed here",
    ),
    accepted("htaccess-words-add-up", TYPE, override("AllowOverride None FileInfo")),
    accepted("htaccess-all-none", "Nonsense\n", override("AllowOverride All None")),
    refused(
        "htaccess-unknown",
        "\nForceTipe text/plain\n",
        log=r"/sub/\.htaccess: Invalid command 'ForceTipe', perhaps misspelled or defined by a module",
    ),
    refused("htaccess-arity", "ForceType\n", log=r"/sub/\.htaccess: ForceType takes one argument"),
    refused("htaccess-unclosed", "<Files x>\n", log=r"<Files> was not closed"),
    refused("htaccess-directory", '<Directory "/">\n</Directory>\n', log=r"<Directory not allowed here"),
    refused("htaccess-location", '<Location "/">\n</Location>\n', log=r"<Location not allowed here"),
    refused("htaccess-include", "Include /dev/null\n", log=r"Include not allowed here"),
    refused("htaccess-allowoverride", "AllowOverride All\n", log=r"AllowOverride not allowed here"),
    refused("htaccess-loglevel", "LogLevel debug\n", log=r"LogLevel not allowed here"),
    refused("htaccess-documentroot", "DocumentRoot /\n", log=r"DocumentRoot not allowed here"),
    refused(
        "htaccess-python-server-only",
        "PythonImport a b\n",
        log=r"PythonImport not allowed here",
    ),
    refused("htaccess-long-line", "# " + "x" * 9000 + "\n" + TYPE, log=r"[Ll]ine too long"),
    accepted("htaccess-long-enough-line", "# " + "x" * 8000 + "\n" + TYPE),
    accepted(
        "htaccess-nonfatal-override",
        TYPE + "DirectoryIndex x\n",
        override("AllowOverride FileInfo Nonfatal=Override"),
    ),
    refused(
        "htaccess-nonfatal-override-unknown",
        TYPE + "Nonsense\n",
        override("AllowOverride FileInfo Nonfatal=Override"),
        r"Invalid command 'Nonsense'",
    ),
    accepted(
        "htaccess-nonfatal-unknown",
        TYPE + "Nonsense\n",
        override("AllowOverride FileInfo Nonfatal=Unknown"),
    ),
    accepted(
        "htaccess-nonfatal-all",
        TYPE + "Nonsense\nDirectoryIndex x\n",
        override("AllowOverride FileInfo Nonfatal=All"),
    ),
    accepted("htaccess-list", TYPE, override("AllowOverride None", "AllowOverrideList forcetype")),
    refused(
        "htaccess-list-others",
        "DirectoryIndex x\n",
        override("AllowOverride None", "AllowOverrideList ForceType"),
        r"DirectoryIndex not allowed here",
    ),
    accepted("htaccess-options", "Options -Indexes\n", override("AllowOverride Options=Indexes")),
    refused(
        "htaccess-options-others",
        "Options +ExecCGI\n",
        override("AllowOverride Options=Indexes"),
        r"Option ExecCGI not allowed here",
    ),
    refused(
        "htaccess-options-all",
        "Options All\n",
        override("AllowOverride Options=Indexes,FollowSymLinks"),
        r"Option All not allowed here",
    ),
    accepted("htaccess-options-none", "Options None\n", override("AllowOverride Options=Indexes")),
    accepted("htaccess-python-any-class", "PythonOption a b\n", override("AllowOverride Indexes")),
    refused(
        "htaccess-python-no-class",
        "PythonOption a b\n",
        override("AllowOverrideList ForceType"),
        r"PythonOption not allowed here",
    ),
    accepted("htaccess-files", f"<Files page.html>\n{TYPE}</Files>\n"),
    accepted("htaccess-files-match", f'<FilesMatch "^p">\n{TYPE}</FilesMatch>\n'),
    accepted("htaccess-ifmodule", f"<IfModule mod_python.c>\n{TYPE}</IfModule>\n"),
    accepted("htaccess-errordocument", "ErrorDocument 404 nothing\n", path="/sub/nope"),
    accepted("htaccess-index", "DirectoryIndex page.html\n", path="/sub/"),
    accepted("htaccess-redirect", "Redirect /sub/page.html /page.html\n"),
    accepted("htaccess-require", "Require all denied\n"),
    accepted("htaccess-limit", "<Limit POST>\nRequire all denied\n</Limit>\n"),
    refused(
        "htaccess-limit-class",
        "<Limit POST>\nRequire all denied\n</Limit>\n",
        override("AllowOverride FileInfo"),
        r"<Limit not allowed here",
    ),
    accepted("htaccess-if", f"<If \"%{{REQUEST_METHOD}} == 'HEAD'\">\n{TYPE}</If>\n"),
    Case(
        "htaccess-names",
        [get("/a/page.html"), get("/b/page.html"), get("/c/page.html")],
        ALL + "AccessFileName .first .second\n",
        files={
            "a/.first": TYPE,
            "a/.second": "ForceType text/x-second\n",
            "b/.second": "ForceType text/x-second\n",
            "c/.htaccess": "Nonsense\n",
            "a/page.html": "",
            "b/page.html": "",
            "c/page.html": "",
        },
    ),
    Case(
        "htaccess-is-a-directory",
        [get("/sub/page.html"), get("/page.html")],
        ALL,
        files={"sub/.htaccess/": "", "sub/page.html": "page", "page.html": "page"},
    ),
    Case(
        "htaccess-inner-none",
        [get("/sub/page.html"), get("/page.html")],
        ALL + '<Directory "@ROOT@/sub">\nAllowOverride None\n</Directory>\n',
        files={".htaccess": TYPE, "sub/.htaccess": "Nonsense\n", "sub/page.html": "", "page.html": ""},
    ),
    Case(
        "htaccess-not-for-locations",
        [get("/sub/page.html")],
        ALL + "<Location />\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n",
        handler="req.write('here')",
        files={"sub/.htaccess": "Nonsense\n", "sub/page.html": "page"},
    ),
]
