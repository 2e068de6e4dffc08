"""Random virtual hosts of one address: whose request it is, what the host says of itself, what it adds.

The hosts are the same in every run: they are made from fixed seeds. Schemes in a ServerName and absolute
targets are not in one case: see docs/differences.md.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.parity.runner.case import Case, Request, raw

SITES = 12
REQUESTS = 25
"""How many requests a case sends."""
SHOW = """
from mod_python import apache
def handler(req):
    req.add_common_vars()
    env, server = req.subprocess_env, req.server
    req.content_type = 'text/plain'
    req.write('%s %s %s\\n' % (req.hostname, server.server_hostname, server.port), 0)
    names = 'SERVER_NAME SERVER_PORT HTTP_HOST REQUEST_SCHEME SERVER_ADMIN DOCUMENT_ROOT E F G'.split()
    req.write(''.join('%s=%s\\n' % (name, env.get(name)) for name in names), 0)
    req.write('%s %s %s\\n' % (req.construct_url('/x'), server.server_admin, server.names), 0)
    req.write('%s %s\\n' % (server.wild_names, sorted(req.get_options().items())), 0)
    req.write('%s %s' % (server.timeout, server.keep_alive_timeout), 0)
    return apache.OK
"""
HANDLED = "<Location /page>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
INTERPRETER = "PythonInterpreter main_interpreter\n"
FILES = {
    "a.txt": "a",
    "d/a.txt": "a of d",
    "d/index.html": "index",
    "d/other.html": "other index",
    "e/a.txt": "a of e",
    "404.html": "not found",
}
ADDRESSES = (
    "@ADDRESS@:@PORT@", "@ADDRESS@:@PORT@", "@ADDRESS@:@PORT@", "@ADDRESS@", "@ADDRESS@:*", "@ADDRESS@:9",
    "@ADDRESS@:@PORT@ [::9]:@PORT@", "@ADDRESS@:9 @ADDRESS@:@PORT@", "@ADDRESS@:@PORT@ 127.0.9.9",
)  # fmt: skip
NAMES = (
    "a.test", "A.Test", "b.test", "b.test:80", "c.test:8443", "https://d.test", "https://e.test:444",
    "http://f.test", "www.a.test", "x.y.test", "127.0.0.7", "a.test.", "h_i.test", "@HOST@",
)  # fmt: skip
ALIASES = (
    "b.test", "*.a.test", "*.test", "?.test", "w?w.*", "B.TEST", "c.test www.c.test", "*", "127.0.0.*",
    "x.*.test", "a.test.", "*.TEST d.test", "[::7]", "h_i.*", "@HOST@",
)  # fmt: skip
ASKED = (
    "a.test", "A.TEST", "b.test", "c.test", "d.test", "e.test", "f.test", "www.a.test", "WWW.A.test",
    "x.y.test", "x.test", "a.test.", "b.test:8", "b.test:81", "c.test:8443", "d.test:443", "none",
    "www.c.test", "wxw.z", "127.0.0.7", "127.0.0.8:80", "[::7]", "[::7]:8", "h_i.test", "@HOST@",
    "@HOST@:0080", "", "a.b.a.test", ".test", "localhost", "w.w",
)  # fmt: skip
URLS = (
    "/page", "/page", "/page", "/page/x?y", "/d", "/d/", "/a.txt", "/none", "/e", "/e/none", "/r/x?y",
    "/s/a.txt", "/d/a.txt", "/q", "/page/",
)  # fmt: skip
SETTINGS = (
    "UseCanonicalName {flag}",
    "UseCanonicalPhysicalPort {flag}",
    "UseCanonicalName {flag}",
    "StrictHostCheck {flag}",
    "ServerAdmin {admin}",
    'Header {when} {action} X-{number} "{value}"',
    'Header {when} {action} X-{number} "{value}"',
    "Header {when} unset X-{number}",
    'RequestHeader {action} X-{number} "{value}"',
    'Header set X-Asked "%{{F}}e"',
    'Header set X-Name "expr=%{{SERVER_NAME}}:%{{SERVER_PORT}} %{{HTTP_HOST}}"',
    'Alias {url} "@ROOT@/{place}"',
    'AliasMatch "^{url}(.*)" "@ROOT@/{place}$1"',
    'Alias {url} "@ROOT@/{place}"',
    "Redirect {status} {url} {target}",
    "Redirect {url} {target}",
    'RedirectMatch "^{url}(.*)" {target}$1',
    "ErrorDocument 404 {error}",
    "SetEnv E {value}",
    "SetEnv F {value}",
    "UnsetEnv E",
    'SetEnvIf Host "{pattern}" E={number} G=$0',
    'SetEnvIf X-{number} "." F={value}',
    "PassEnv LANG",
    "PythonOption {option} {number}",
    "PythonOption parity.main",
    "DirectoryIndex {index}",
    "DirectoryIndex disabled",
    "DirectorySlash {flag}",
    "FileETag None",
    "AddType text/{option} .txt",
    "AddDefaultCharset {charset}",
    "AddLanguage de .txt",
    "TraceEnable {flag}",
    "KeepAlive {flag}",
    "KeepAliveTimeout {number}",
    "Timeout 1{number}",
    "MaxKeepAliveRequests {number}",
    "RewriteEngine {flag}",
    "RewriteOptions {inherit}",
    "RewriteRule ^/q(.*) {target}$1 [R]",
    "RewriteRule ^/q(.*) /page [PT,E=G:ruled]",
    "RewriteCond %{{HTTP_HOST}} {pattern}\n"
    "RewriteRule ^/r(.*) https://%{{SERVER_NAME}}:%{{SERVER_PORT}}$1 [R]",
    'DocumentRoot "@ROOT@/d"',
    "AcceptPathInfo {flag}",
    "AllowEncodedSlashes {flag}",
    "MergeSlashes {flag}",
    "ExpiresActive {flag}",
    "ServerSignature {flag}",
    "<Location {url}>\nHeader set X-{number} at-{option}\n</Location>",
    '<Directory "@ROOT@/d">\nDirectoryIndex {index}\nSetEnv F in-d\n</Directory>',
    '<If "%{{HTTP_HOST}} =~ /{pattern}/">\nHeader set X-If {value}\n</If>',
    '<LocationMatch "^{url}">\nErrorDocument 404 {error}\n</LocationMatch>',
    "<Files a.txt>\nHeader set X-File {value}\n</Files>",
)
WORDS = {
    "flag": ("On", "Off"),
    "admin": ("me@a.test", "you@b.test"),
    "when": ("always", "onsuccess", ""),
    "action": ("set", "add", "append", "merge", "setifempty"),
    "value": ("v", "w", "%{E}e", "%{SERVER_NAME}e"),
    "url": ("/s", "/d", "/e", "/r", "/e/", "/q"),
    "place": ("d", "e", "d/", "none"),
    "status": ("301", "303", "permanent", "307"),
    "target": ("/page", "/to/", "http://h.test/", "https://h.test:444/x"),
    "error": ("/404.html", "/page?error", "text", "default", "http://h.test/error"),
    "pattern": ("a", "^b", "test$", "[A-Z]"),
    "option": ("o", "p", "q"),
    "index": ("other.html", "index.html other.html", "none /page"),
    "charset": ("On", "utf-8", "Off"),
    "inherit": ("Inherit", "InheritBefore", "InheritDown", "IgnoreInherit", "InheritDownBefore"),
}


class Hosts:
    """One random set of hosts that share an address, and what they are asked."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names_schemes = seed % 2 == 0

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def setting(self) -> str:
        """Return a setting."""
        words = {name: self.pick(choices) for name, choices in WORDS.items()}
        return self.pick(SETTINGS).format(**words, number=self.random.randrange(1, 4)) + "\n"

    def settings(self, most: int) -> str:
        """Return a few settings."""
        return "".join(self.setting() for _ in range(self.random.randrange(most)))

    def name(self) -> str:
        """Return a ServerName."""
        name = self.pick(NAMES)
        return name if self.names_schemes else name.removeprefix("https://")

    def names(self) -> str:
        """Return what a host is called."""
        own = f"ServerName {self.name()}\n"
        return own + "".join(f"ServerAlias {self.pick(ALIASES)}\n" for _ in range(self.random.randrange(3)))

    def host(self) -> str:
        """Return a host."""
        log = 'ErrorLog "@LOGS@/@HOST@.others"\n'
        root = 'DocumentRoot "@ROOT@"\n'
        inside = self.names() + log + root + self.settings(6) + HANDLED + INTERPRETER
        return f"<VirtualHost {self.pick(ADDRESSES)}>\n{inside}</VirtualHost>\n"

    def request(self) -> Request:
        """Return a request."""
        url, version = self.pick(URLS), self.pick(("1.1",) * 9 + ("1.0",))
        asked = self.pick(ASKED)
        if not self.names_schemes and self.random.random() < 0.1:
            asked = asked or "x"
            url = f"{self.pick(('http', 'HTTP'))}://{self.pick(ASKED[:20])}{url}"
        fields = [f"Host: {asked}"] if version == "1.1" or self.random.random() < 0.5 else []
        if self.random.random() < 0.3:
            fields.append(f"X-{self.random.randrange(1, 4)}: asked")
        method = self.pick(("GET",) * 9 + ("OPTIONS", "HEAD"))
        body = ""
        if method == "GET" and self.random.random() < 0.1:
            method, body = "POST", "abc"
            fields.append("Content-Length: 3")
        lines = [f"{method} {url} HTTP/{version}", *fields, "", ""]
        return raw("\r\n".join(lines).encode() + body.encode())

    def case(self, name: str) -> Case:
        """Return the hosts as a case."""
        main = "".join(self.host() for _ in range(self.random.randrange(1, 5)))
        own = (f"ServerName {self.name()}\n" if self.random.random() < 0.4 else "") + self.settings(6)
        if self.random.random() < 0.5:
            own += f"ServerAlias {self.pick(ALIASES)}\n"
        requests = [self.request() for _ in range(REQUESTS)]
        return Case(name, requests, own + HANDLED, source=SHOW, files=FILES, main=main, own_address=True)


CASES = [Hosts(seed).case(f"hosts-{seed}") for seed in range(SITES)]
