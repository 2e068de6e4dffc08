"""What the server calls itself, and what extensions of a file's name mean when they are taken back."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, STATIC, Case, get, raw

SELF = """
req.add_common_vars()
env = req.subprocess_env
req.write("%s %s\\n" % (req.server.server_hostname, req.hostname))
req.write("%s %s\\n" % (env["SERVER_NAME"], env["SERVER_PORT"]))
req.write("%s %s\\n" % (req.construct_url("/x"), req.get_remote_host(apache.REMOTE_NOLOOKUP)))
"""
HOSTS = (
    "",
    "other.test",
    "case-names.test:99",
    "[::1]",
    "[2001:DB8::1]:80",
    "[::FFFF:1.2.3.4]",
    "UPPER.test",
    "dot.test.",
)
TOLD = 'Header set X-Name "expr=%{SERVER_NAME} %{SERVER_PORT} %{REQUEST_SCHEME} %{HTTP_HOST}"\n'


def self_named(name: str, config: str) -> Case:
    """Return a case that asks under several names for a page and for a redirect to itself."""
    paged = [get("/", host=host) for host in HOSTS]
    moved = [get(path, host=host) for path in ("/dir", "/gone") for host in HOSTS]
    text = f"{LOCATION.replace('Location />', 'Location /page>', 1)}Redirect /gone /page\n{TOLD}{config}\n"
    return Case(
        f"names-{name}",
        [*[get("/page", host=request.host) for request in paged], *moved],
        text,
        SELF,
        files={"dir/x.txt": "x"},
        own_address=True,
        access="%v %V %{canonical}p",
    )


def extensions(name: str, config: str, *paths: str) -> Case:
    """Return a case that asks for files whose names have several extensions."""
    files = {path.removeprefix("/"): f"the file {path}" for path in NAMED}
    files["dir/page.html.de"] = "deutsch"
    files["dir/.htaccess"] = "RemoveLanguage .de\nRemoveType .html\nRemoveEncoding .gz\nRemoveCharset .utf8\n"
    return Case(
        f"extensions-{name}",
        [get(path) for path in paths or (*NAMED, "/dir/page.html.de")],
        config,
        files=files,
    )


NAMED = (
    "/page.html.de",
    "/page.de.html",
    "/page.html.utf8",
    "/page.utf8.html.gz",
    "/page.gz",
    "/a.tar.gz",
    "/x.py",
    "/x.py.html",
    "/x.unknown",
    "/x.unknown.html",
    "/x.html.unknown",
    "/plain",
    "/.hidden",
    "/.hidden.html",
    "/html",
    "/trailing.",
    "/two..html",
    "/UPPER.HTML",
    "/x.html.fr.de",
    "/x.asis.html",
)
KNOWN = (
    "AddLanguage de .de\nAddLanguage fr .fr\nAddCharset utf-8 .utf8\nAddEncoding x-gzip .gz\n"
    "AddType text/x-python .py\nAddHandler default-handler .asis\n"
)
BELOW = '<Directory "@ROOT@">\n{}\n</Directory>\n'

CASES = [
    self_named("default", ""),
    self_named("off", "UseCanonicalName Off"),
    self_named("on", "UseCanonicalName On"),
    self_named("on-port", "ServerName canonical.test:8123\nUseCanonicalName On"),
    self_named("off-port", "ServerName canonical.test:8123\nUseCanonicalName Off"),
    self_named("scheme", "ServerName https://canonical.test\nUseCanonicalName On"),
    self_named("physical", "UseCanonicalPhysicalPort On"),
    self_named("off-port-physical", "ServerName canonical.test:8123\nUseCanonicalPhysicalPort On"),
    self_named("on-port-physical", "ServerName a.test:81\nUseCanonicalName On\nUseCanonicalPhysicalPort On"),
    self_named("on-physical", "UseCanonicalName On\nUseCanonicalPhysicalPort On"),
    self_named("in-a-directory", BELOW.format("UseCanonicalName On")),
    Case(
        "names-absolute-targets",
        [
            raw(b"GET http://%b/page HTTP/1.1\r\nHost: other.test\r\n\r\n" % authority)
            for authority in (b"A.Test.", b"A.test:0081", b"a.test:80", b"[2001:DB8::1]", b"[2001:DB8::1]:82")
        ],
        LOCATION,
        SELF + "req.write('%s %s' % (env['HTTP_HOST'], req.parsed_uri))",
        own_address=True,
    ),
    Case(
        "names-addresses-as-aliases",
        [
            get("/x.txt", host=host)
            for host in ("[::7777]", "[::8888]", "[::7777]:80", "[::8888]:80", "[::9]")
        ],
        "ServerAlias [::7777] ::8888\n",
        files={"x.txt": "x"},
    ),
    extensions("known", KNOWN),
    extensions("unknown", STATIC),
    extensions("removed-type", KNOWN + BELOW.format("RemoveType .html .py")),
    extensions("removed-language", KNOWN + BELOW.format("RemoveLanguage de .fr")),
    extensions("removed-charset", KNOWN + BELOW.format("RemoveCharset .utf8")),
    extensions("removed-encoding", KNOWN + BELOW.format("RemoveEncoding gz")),
    extensions("removed-handler", KNOWN + BELOW.format("RemoveHandler .asis")),
    extensions("removed-and-added", KNOWN + BELOW.format("RemoveType .py\nAddType text/plain .py")),
    extensions("added-and-removed", BELOW.format("AddType text/x-mine .unknown\nRemoveType .unknown")),
    *(
        extensions(f"removed-and-added-{number}", config)
        for number, config in enumerate(
            (
                "RemoveEncoding .gz\nAddEncoding gzip .gz\n",
                "AddLanguage fr .de\n" + BELOW.format("RemoveLanguage .de\nAddLanguage de .de .fr"),
                "AddCharset utf-8 .utf8\n" + BELOW.format("AddCharset koi8-r .utf8\nRemoveCharset .utf8"),
                BELOW.format("RemoveCharset .utf8 .x") + "<Files *.utf8>\nAddCharset utf-8 .utf8\n</Files>",
                BELOW.format("RemoveHandler .py\nAddHandler mod_python .py\nPythonHandler none"),
                "RemoveOutputFilter .py\nAddOutputFilter DEFLATE .py .html\n",
                "AddType text/a .py\n" + BELOW.format("AddType text/b .py\nRemoveType .py"),
            )
        )
    ),
    extensions("default-language", KNOWN + "DefaultLanguage en\n"),
    extensions("default-language-below", KNOWN + "DefaultLanguage en\n" + BELOW.format("DefaultLanguage nl")),
    extensions("forced", KNOWN + BELOW.format("ForceType text/x-forced")),
    extensions("forced-none", KNOWN + "ForceType text/x-forced\n" + BELOW.format("ForceType None")),
    extensions("htaccess", KNOWN + BELOW.format("AllowOverride FileInfo")),
    extensions("default-charset", KNOWN + "AddDefaultCharset On\n"),
    extensions("named-charset", KNOWN + "AddDefaultCharset koi8-r\n"),
    extensions(
        "path-info",
        KNOWN + BELOW.format("ModMimeUsePathInfo On\nAcceptPathInfo On"),
        *(f"{path}/more.html.de" for path in NAMED[:8]),
        "/plain/x.py",
        "/plain/x.py/y",
    ),
    extensions(
        "path-info-unused",
        KNOWN + BELOW.format("AcceptPathInfo On"),
        *(f"{path}/m.html.de" for path in NAMED[:4]),
    ),
    extensions(
        "several", "AddLanguage de .de .fr\nAddCharset utf-8 .utf8 .gz\nAddType text/a .py .unknown\n"
    ),
    extensions("twice", "AddLanguage de .de\nAddLanguage nl .de\nAddEncoding a .gz\nAddEncoding b .gz\n"),
    extensions(
        "case",
        "AddType Text/X-Mixed .PY\nAddCharset UTF-8 .Utf8\nAddLanguage DE .de\nAddEncoding X-GZIP .gz\n",
    ),
]
