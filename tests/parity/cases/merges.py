"""Random section trees whose directives merge in every way there is, over main server, host and .htaccess.

What comes of them is seen in statuses, types, fields and bodies of files. The trees are the same in every
run.
"""

from __future__ import annotations

from tests.parity.cases.trees import (
    DIRECTORIES,
    DIRECTORY_HEADERS,
    FILES,
    FILES_HEADERS,
    LOCATION_HEADERS,
    Tree,
)
from tests.parity.runner.case import Case, Request, ask, get

TREES = 100
VARIABLES = ("A", "B", "C")
REQUESTS = [
    get("/x.txt"),
    get("/a/x.txt"),
    get("/a/y.html/info"),
    get("/a/b/c/y.html?x"),
    get("/a/b/"),
    get("/d"),
    get("/a/nope", "X-A: yes"),
    ask("POST", "/a/b/x.txt", body="body"),
    ask("HEAD", "/a/b/x"),
    ask("PUT", "/d/x.txt", body="body"),
    ask("OPTIONS", "/a/x.txt"),
]
SHOWN = 'Header always set X-Variables "{}"\n'.format(" ".join(f"%{{{name}}}e" for name in VARIABLES))
MASKS = (
    # Lists of directories look different, and are tested elsewhere.
    (r"(?is)<!DOCTYPE html.*Index of.*", "A LIST"),
    (r"Content-Type: text/html;charset=\S+", "Content-Type: text/html"),
)
RULES = (
    "Require all granted",
    "Require all denied",
    "Require method GET HEAD",
    "Require env A",
    "Require ip 127.0.0.1",
    "Require expr %{HTTP:X-A} == 'yes'",
    "AuthMerging And",
    "AuthMerging Or",
    "Order allow,deny\nAllow from all",
    "Order deny,allow\nDeny from env=B",
    "Satisfy any",
)
METHODS = ("GET", "POST", "PUT POST", "GET OPTIONS", "DELETE")


class Mixed(Tree):
    """One random configuration of many kinds of directives.

    Where `restricts` is off, none says who may ask: an `<If>` of a whole host may not.
    """

    restricts = True

    def number(self) -> int:
        """Return a number that no other directive of the tree has."""
        self.marks += 1
        return self.marks

    def directive(self) -> str:
        """Return a random directive that tells itself apart from others of its kind."""
        number, name = self.number(), self.random.choice(VARIABLES)
        return self.random.choice(
            (
                f"Header set X-H h{number}",
                f"Header append X-H h{number}",
                f"Header merge X-H h{number}",
                "Header unset X-H",
                f"Header always append X-Always a{number}",
                f'Header edit X-H "^" "{number} "',
                f"SetEnv {name} e{number}",
                f"UnsetEnv {name}",
                f'SetEnvIf Request_URI "^/a" {name}=i{number}',
                f"AddType text/t{number} .txt .html",
                "RemoveType .txt",
                f"ForceType text/f{number}",
                "ForceType None",
                f"AddCharset utf-{number} .html",
                f"AddLanguage l{number} .html",
                f"AddDefaultCharset c{number}",
                "AddDefaultCharset Off",
                f"DirectoryIndex nope{number} {self.random.choice(('x.txt', 'y.html', 'x'))}",
                "DirectoryIndex disabled",
                "DirectorySlash Off",
                f'ErrorDocument 404 "missing {number}"',
                f'ErrorDocument 403 "shut {number}"',
                "ErrorDocument 404 default",
                "Options +Indexes",
                "Options -Indexes",
                "FileETag None",
                "FileETag MTime Size",
                "FileETag -Size",
                "ExpiresActive On",
                f"ExpiresDefault A{number}",
                f'ExpiresByType text/html "access plus {number} hours"',
                "ExpiresActive Off",
                "AcceptPathInfo Off",
                "AcceptPathInfo On",
                "SetHandler None",
            )
        )

    def rules(self) -> str:
        """Return who may ask, perhaps for some methods."""
        rules = self.random.choice(RULES) + "\n"
        kind = self.random.choice(("", "Limit", "LimitExcept"))
        return self.section(f"{kind} {self.random.choice(METHODS)}", rules) if kind else rules

    def mark(self) -> str:
        """Return some directives."""
        text = "".join(f"{self.directive()}\n" for _ in range(self.random.randrange(1, 4)))
        return text + (self.rules() if self.restricts and self.random.random() < 0.25 else "")

    def main(self) -> str:
        """Return what the main server says about the case's own directories."""
        own = [header for header in DIRECTORY_HEADERS if "@ROOT@" in header]
        return "".join(self.pick(own, 2, True) for _ in range(self.random.randrange(3)))

    def config(self) -> str:
        """Return the configuration of a virtual host."""
        parts = [self.directory() for _ in range(self.random.randrange(1, 5))]
        parts += [self.pick(FILES_HEADERS, 2, False) for _ in range(self.random.randrange(2))]
        parts += [self.pick(LOCATION_HEADERS, 1, False) for _ in range(self.random.randrange(3))]
        self.restricts = False
        parts += [self.ifs(1) for _ in range(self.random.randrange(2))]
        parts += [f"{self.directive()}\n" for _ in range(self.random.randrange(4))]
        self.random.shuffle(parts)
        open_up = '<Directory "@ROOT@">\nAllowOverride All\nRequire all granted\n</Directory>\n'
        return open_up + SHOWN + "".join(parts)

    def mixed(self, name: str, requests: list[Request]) -> Case:
        """Return the tree as a case, with .htaccess files in some directories."""
        main, config = self.main(), self.config()
        self.restricts = True
        own = {
            f"{directory}/.htaccess".lstrip("/"): self.body(1, True)
            for directory in DIRECTORIES
            if self.random.random() < 0.3
        }
        files = dict.fromkeys(FILES, "text") | own
        return Case(name, requests, config, main=main, files=files, masks=MASKS)


CASES = [Mixed(1000 + seed).mixed(f"merge-tree-{seed}", REQUESTS) for seed in range(TREES)]
