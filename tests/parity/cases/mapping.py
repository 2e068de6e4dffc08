"""mod_alias and mod_dir beyond the everyday: fallbacks, path info, index redirects, aliases of Locations."""

from __future__ import annotations

from dataclasses import replace

from tests.parity.runner.case import Case, Expect, Request, ask, get, head

FILES = {
    "a.txt": "file a",
    "index.html": "front",
    "dir/index.html": "index of dir",
    "dir/second.html": "second of dir",
    "bare/x.txt": "x",
    "other/f.txt": "file f",
    "other/sub/g.txt": "file g",
    "show.py": "",
}
SHOW = """
    for name in ("uri", "args", "path_info", "filename"):
        req.write("%s=%s\\n" % (name, getattr(req, name) or ""))
    env = dict(req.subprocess_env)
    for name in ("CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT"):
        req.add_cgi_vars()
        req.write("%s=%s\\n" % (name, req.subprocess_env.get(name)))
"""
HANDLE = """
<Files show.py>
    SetHandler mod_python
    PythonHandler @M@
</Files>
"""


def mapping(name: str, config: str, *requests: Request | str) -> Case:
    """A case over the common files; `show.py` shows what a request became."""
    asked = [get(request) if isinstance(request, str) else request for request in requests]
    return Case(f"mapping-{name}", asked, f"{config}\n{HANDLE}", SHOW, files=FILES)


def inside(lines: str) -> str:
    """Return lines in a section for the document root."""
    return f'<Directory "@ROOT@">\n{lines}\n</Directory>'


CASES = [
    mapping(
        "fallback",
        "FallbackResource /show.py",
        "/none",
        "/none/deep?q=1",
        "/a.txt",
        "/a.txt/x",
        "/bare/",
        "/bare",
    ),
    mapping(
        "fallback-html",
        "FallbackResource /index.html",
        "/none",
        "/dir/none",
        ask("POST", "/none"),
        head("/none"),
    ),
    mapping("fallback-directory", inside("FallbackResource /show.py"), "/none", "/bare/", "/bare/none?a=b"),
    mapping(
        "fallback-disabled",
        inside("FallbackResource /show.py")
        + '\n<Directory "@ROOT@/bare">\nFallbackResource disabled\n</Directory>',
        "/none",
        "/bare/none",
        "/bare/",
    ),
    replace(
        mapping("fallback-missing", "FallbackResource /nowhere", "/none", "/nowhere"),
        differs="a fallback that does not exist is not looked for in itself",
        olexd=[Expect(404), Expect(404)],
    ),
    mapping(
        "fallback-handler",
        "FallbackResource /a.txt\n<Location /none>\nSetHandler default-handler\n</Location>",
        "/none",
        "/other/none",
    ),
    mapping("path-info", "", "/a.txt/x", "/show.py/x/y", "/dir/index.html/x"),
    mapping("path-info-on", inside("AcceptPathInfo On"), "/a.txt/x", "/a.txt/", "/show.py/x", "/none/x"),
    mapping("path-info-off", inside("AcceptPathInfo Off"), "/a.txt/x", "/show.py/x"),
    mapping("index-redirect", "DirectoryIndexRedirect On", "/", "/dir/?q=1", "/bare/"),
    mapping("index-redirect-status", "DirectoryIndexRedirect permanent", "/dir/"),
    mapping("index-redirect-see-other", inside("DirectoryIndexRedirect seeother"), "/dir/"),
    mapping("index-redirect-number", inside("DirectoryIndexRedirect 307"), "/dir/"),
    mapping(
        "index-redirect-off", "DirectoryIndexRedirect On\n" + inside("DirectoryIndexRedirect Off"), "/dir/"
    ),
    mapping("check-handler", inside("SetHandler default-handler\nDirectoryCheckHandler On"), "/dir/", "/dir"),
    mapping("check-handler-off", inside("SetHandler default-handler"), "/dir/"),
    mapping("index-list", inside("DirectoryIndex none.html second.html index.html"), "/dir/", "/"),
    mapping("index-absolute", inside("DirectoryIndex none.html /show.py"), "/dir/?q=1", "/bare/"),
    mapping("index-disabled", inside("DirectoryIndex disabled"), "/dir/"),
    mapping("slash-off", inside("DirectorySlash Off"), "/dir", "/bare"),
    mapping(
        "location-alias",
        '<Location /loc>\nAlias "@ROOT@/other"\n</Location>',
        "/loc",
        "/loc/f.txt",
        "/loc/none",
    ),
    mapping(
        "location-alias-file", '<Location /loc>\nAlias "@ROOT@/other/f.txt"\n</Location>', "/loc", "/loc/any"
    ),
    mapping(
        "location-alias-preserve",
        '<Location /loc>\nAlias "@ROOT@/other"\nAliasPreservePath On\n</Location>',
        "/loc/f.txt",
        "/loc/sub/g.txt",
        "/loc/none",
    ),
    mapping(
        "location-alias-preserve-server",
        'AliasPreservePath On\n<Location /loc>\nAlias "@ROOT@/other"\n</Location>',
        "/loc/f.txt",
    ),
    mapping(
        "location-alias-match",
        '<LocationMatch "^/m/(?<name>[a-z]+)">\nAlias "@ROOT@/other/%{env:MATCH_NAME}.txt"\n</LocationMatch>',
        "/m/f",
        "/m/none",
    ),
    mapping("alias-context", 'Alias /al "@ROOT@"', "/al/show.py", "/al/show.py/x", "/show.py"),
    mapping("alias-match-context", 'AliasMatch ^/am/(.*) "@ROOT@/$1"', "/am/show.py"),
    mapping(
        "redirect-relative",
        "RedirectRelative On\nRedirect /r /to\nRedirectMatch ^/m(.*) /to$1",
        "/r/x?q=1",
        "/mx",
    ),
    mapping("redirect-relative-off", inside("RedirectRelative On\nRedirect /r /to"), "/r/x"),
    mapping(
        "redirect-relative-location",
        "<Location /r>\nRedirectRelative On\nRedirect 301 /to\n</Location>",
        "/r/x",
    ),
    mapping("script-alias", 'ScriptAlias /cgi/ "@ROOT@/other/"', "/cgi/none", "/cgi/", "/cgi"),
    *(
        mapping(
            f"index-refused-{name}",
            inside(
                f'Options +Indexes\nDirectoryIndex {names}\n<Files "{refused}">\nRequire all denied\n</Files>'
            ),
            "/bare/",
            "/dir/",
            "/",
        )
        for name, names, refused in (
            ("missing", "no.html", "no.html"),
            ("missing-among", "no.php index.html", "*.php"),
            ("missing-behind", "index.html no.php", "*.php"),
            ("there", "index.html", "index.html"),
        )
    ),
]

CASES += [
    *(
        mapping(
            f"redirect-in-{name}",
            f"<{header}>\nRedirect 404 /dir/x\nRedirect gone /other/f.txt\n</{header.split()[0]}>",
            "/dir/x/y",
            "/other/f.txt",
            "/a.txt",
        )
        for name, header in (
            ("directory", 'Directory "@ROOT@"'),
            ("files", 'Files "*.txt"'),
            ("location", "Location /"),
            ("if", 'If "true"'),
        )
    ),
    mapping(
        "index-by-rules",
        "RewriteEngine On\nRewriteRule ^/dir/([a-z]+).html$ /show.py?$1 [PT]\n"
        + inside("DirectoryIndex none.html index.html"),
        "/dir/",
        "/bare/",
    ),
    mapping("index-by-alias", 'AliasMatch ^/(bare)/i.*l$ "@ROOT@/show.py/$1"', "/bare/", "/bare/?q"),
    mapping(
        "rules-inherited-by-later-sections",
        inside("RewriteEngine On\nRewriteRule ^none$ show.py?outer [END]")
        + "\n"
        + inside("RewriteEngine On\nRewriteOptions Inherit\nRewriteRule ^absent$ show.py?inner [END]")
        + '\n<Directory "@ROOT@/other">\nRewriteEngine On\nRewriteRule ^x$ /show.py?o [END]\n</Directory>',
        "/none",
        "/absent",
        "/other/x",
        "/other/none",
    ),
    mapping(
        "rules-keep-vary",
        inside("RewriteEngine On\nRewriteCond %{HTTP:X-A} ^$\nRewriteRule ^none$ show.py [L]"),
        "/none",
        get("/none", "X-A: 1"),
    ),
    mapping(
        "script-name-of-rules", "RewriteEngine On\nRewriteRule !^/show /show.py/n/b", "/a/b", "/a/", "/a"
    ),
]
