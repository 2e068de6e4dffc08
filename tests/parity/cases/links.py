"""Symbolic links: followed or refused by the Options of the directory that they stand in."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, get, post

FILES = {"file.txt": "a file", "dir/inner.txt": "inside", "dir/deep/last.txt": "deep", "other/x.txt": "other"}
LINKS = {
    "link.txt": "file.txt",
    "whole.txt": "@ROOT@/file.txt",
    "there": "dir",
    "far": "@ROOT@/dir/deep",
    "dir/up": "..",
    "dir/link.txt": "../file.txt",
    "dangling": "nowhere",
    "round": "round",
    "twice": "there",
    "sys": "/etc/hostname",
}
PATHS = (
    "/file.txt",
    "/link.txt",
    "/whole.txt",
    "/link.txt/info",
    "/file.txt/info",
    "/there",
    "/there/",
    "/there/inner.txt",
    "/there/nope.txt",
    "/there/deep/last.txt/info",
    "/far/last.txt",
    "/dir/inner.txt",
    "/dir/link.txt",
    "/dir/up/file.txt",
    "/dir/up/dir/inner.txt",
    "/dangling",
    "/dangling/x",
    "/round",
    "/round/x",
    "/twice/inner.txt",
    "/sys",
    "/nope",
)
SHOW = 'req.write("%s %s" % (req.filename, req.path_info))'


def links(name: str, config: str, handler: str = "", htaccess: str = "") -> Case:
    """Return a case that asks for all paths."""
    files = dict(FILES)
    if htaccess:
        files["dir/.htaccess"] = htaccess
    requests = [get(path) for path in PATHS]
    return Case(f"links-{name}", requests, config, handler, files=files, links=LINKS)


def options(text: str, place: str = "@ROOT@") -> str:
    """Return a Directory section with Options."""
    return f'<Directory "{place}">\nOptions {text}\n</Directory>\n'


OFF = options("None")
OWN = options("SymLinksIfOwnerMatch")

CASES = [
    links("default", ""),
    links("none", OFF),
    links("off", options("-FollowSymLinks")),
    links("own", OWN),
    links("own-added", options("+SymLinksIfOwnerMatch")),
    links("own-and-off", options("-FollowSymLinks +SymLinksIfOwnerMatch")),
    links("both", options("FollowSymLinks SymLinksIfOwnerMatch")),
    links("server", "Options None\n"),
    links("on-below", OFF + options("FollowSymLinks", "@ROOT@/dir")),
    links("off-below", options("None", "@ROOT@/dir")),
    links("on-at-the-link", OFF + options("FollowSymLinks", "@ROOT@/there")),
    links("own-below", OFF + options("SymLinksIfOwnerMatch", "@ROOT@/dir")),
    links("files-on", OFF + '<Files "link.txt">\nOptions FollowSymLinks\n</Files>\n'),
    links("files-off", '<Files "link.txt">\nOptions None\n</Files>\n'),
    links("location-on", OFF + '<Location "/">\nOptions FollowSymLinks\n</Location>\n'),
    links("location-off", '<Location "/">\nOptions None\n</Location>\n'),
    links("handler", DIRECTORY, SHOW),
    links("handler-off", DIRECTORY + OFF, SHOW),
    links("handler-own", DIRECTORY + OWN, SHOW),
    links(
        "handler-location-off",
        '<Location "/">\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n' + OFF,
        SHOW,
    ),
    links(
        "htaccess-off", '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n', htaccess="Options None\n"
    ),
    links(
        "htaccess-on",
        OFF + '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n',
        htaccess="Options FollowSymLinks\n",
    ),
    links(
        "htaccess-own",
        OFF + '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n',
        htaccess="Options SymLinksIfOwnerMatch\n",
    ),
    Case(
        "links-alias",
        [get(path) for path in ("/a/inner.txt", "/b/inner.txt", "/c", "/a/link.txt", "/b/", "/d/inner.txt")],
        OFF
        + 'Alias "/a" "@ROOT@/there"\nAlias "/b" "@ROOT@/there/"\n'
        + 'Alias "/c" "@ROOT@/link.txt"\nAlias "/d" "@ROOT@/dir"\n',
        files=FILES,
        links=LINKS,
    ),
    Case(
        "links-index",
        [get("/"), get("/dir/"), get("/there/")],
        OFF + "DirectoryIndex link.txt\n",
        files=FILES,
        links=LINKS,
    ),
    Case(
        "links-chosen-by-a-handler",
        [get("/x"), get("/dir/x"), post("/x", "")],
        OFF + '<Directory "@ROOT@">\nPythonFixupHandler @M@::fixup\n</Directory>\n',
        source="""
            import os
            from mod_python import apache

            def fixup(req):
                req.filename = os.path.join(req.document_root(), "link.txt")
                req.finfo = apache.stat(req.filename, apache.APR_FINFO_NORM)
                return apache.OK
        """,
        files=FILES,
        links=LINKS,
    ),
]
