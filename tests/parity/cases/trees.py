"""Random section trees: whatever stands in whatever, both servers merge it in the same order.

The trees are the same in every run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.parity.cases.sections import PYTHON, SHOW
from tests.parity.runner.case import Case, get

TREES = 80
DIRECTORIES = ("", "/a", "/a/b", "/a/b/c", "/d")
NAMES = ("x.txt", "y.html", ".hidden", "x")
FILES = tuple(f"{directory}/{name}".lstrip("/") for directory in DIRECTORIES for name in NAMES)
URLS = (
    "/x.txt",
    "/a/x.txt",
    "/a/y.html/info",
    "/a/b/x",
    "/a/b/c/y.html?x",
    "/a/b/nope",
    "/d/",
    "/d",
    "/a/b/c/",
    "/nope/x.txt",
    "/a/bnope/info",
)
DIRECTORY_HEADERS = (
    'Directory "@ROOT@"',
    'Directory "@ROOT@/a"',
    'Directory "@ROOT@/a/b"',
    'Directory "@ROOT@/a/b/c/"',
    'Directory "@ROOT@/*"',
    'Directory "@ROOT@/?/b"',
    'Directory "@ROOT@/d"',
    'Directory "@ROOT@/nope"',
    'Directory "/"',
    'Directory ~ "/a/[b-d]"',
    'DirectoryMatch "^@ROOT@/(?<first>[a-z])/"',
    'DirectoryMatch "/b"',
    'DirectoryMatch "/[b-n][^/]+$"',
)
FILES_HEADERS = (
    'Files "x.txt"',
    'Files "x*"',
    'Files "?.html"',
    'FilesMatch "^[xy]"',
    'Files ~ "html$"',
    'Files ""',
)
LOCATION_HEADERS = (
    'Location "/"',
    'Location "/a"',
    'Location "/a/"',
    'Location "/a/b"',
    'Location "/*/x.txt"',
    'LocationMatch "^/[ad]/"',
    'Location ~ "x$"',
    'Location "/nope"',
)
CONDITIONS = (
    "true",
    "false",
    "%{QUERY_STRING} == 'x'",
    "%{REQUEST_URI} =~ m#^/a/b#",
    "%{REQUEST_FILENAME} =~ m#x.txt$#",
    "!(%{REQUEST_URI} -strmatch '*x*')",
)
OVERRIDES = ("All", "None", "Indexes", "None FileInfo", "All None", "Nonfatal=All", "Options Limit")


class Tree:
    """One random configuration; every section in it leaves a mark of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.marks = 0

    def mark(self) -> str:
        """Return directives that tell that, and after what, this place was merged."""
        self.marks += 1
        return f"PythonOption last m{self.marks}\nPythonOption m{self.marks} on\n"

    def section(self, header: str, inside: str) -> str:
        """Return a section."""
        return f"<{header}>\n{inside}</{header.split()[0]}>\n"

    def pick(self, headers: Sequence[str], depth: int, files: bool) -> str:
        """Return a section with a random header and random contents."""
        return self.section(self.random.choice(headers), self.body(depth, files))

    def ifs(self, depth: int) -> str:
        """Return an `<If>` with what follows it."""
        text = self.section(f'If "{self.random.choice(CONDITIONS)}"', self.body(depth, False))
        if self.random.random() < 0.4:
            text += self.mark() if self.random.random() < 0.3 else ""
            text += self.section(f'ElseIf "{self.random.choice(CONDITIONS)}"', self.body(depth, False))
        if self.random.random() < 0.4:
            text += self.section("Else", self.body(depth, False))
        return text

    def body(self, depth: int, files: bool) -> str:
        """Return what stands in a section: marks, `<If>` and, where they are allowed, `<Files>`."""
        parts = [self.mark()]
        if depth > 0 and self.random.random() < 0.35:
            parts.append(self.ifs(depth - 1))
        if files and depth > 0 and self.random.random() < 0.4:
            parts.append(self.pick(FILES_HEADERS, depth - 1, False))
        self.random.shuffle(parts)
        return "".join(parts)

    def directory(self) -> str:
        """Return a Directory section, perhaps with AllowOverride."""
        header = self.random.choice(DIRECTORY_HEADERS)
        inside = self.body(2, True)
        if header.startswith('Directory "') and self.random.random() < 0.6:
            inside += f"AllowOverride {self.random.choice(OVERRIDES)}\n"
        return self.section(header, inside)

    def config(self) -> str:
        """Return the configuration of a virtual host."""
        parts = [self.directory() for _ in range(self.random.randrange(6))]
        parts += [self.pick(FILES_HEADERS, 2, False) for _ in range(self.random.randrange(3))]
        parts += [self.pick(LOCATION_HEADERS, 2, False) for _ in range(self.random.randrange(4))]
        parts += [self.ifs(2) for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.8:
            parts.append('<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n')
        self.random.shuffle(parts)
        return PYTHON + "".join(parts)

    def case(self, name: str) -> Case:
        """Return the tree as a case, with .htaccess files in some directories."""
        config = self.config()
        own = {
            f"{directory}/.htaccess".lstrip("/"): self.body(2, True)
            for directory in DIRECTORIES
            if self.random.random() < 0.5
        }
        files = dict.fromkeys(FILES, "text") | own
        return Case(name, [get(url) for url in URLS], config, source=SHOW, files=files)


CASES = [Tree(seed).case(f"tree-{seed}") for seed in range(TREES)]
