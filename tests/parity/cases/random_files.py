"""Random settings for static files: types, encodings, tags, fields, and requests with conditions and ranges.

The settings are the same in every run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.parity.cases.ranges import MODIFIED, TAG
from tests.parity.runner.case import Case, Request, ask

SITES = 40
REQUESTS = 25
"""How many requests a case sends."""
NAMES = ("a.txt", "b.html.de", "c.tar.gz", "d.x.html", "e", "f.X", "g.de.en.txt.y", "h.gz.x", ".i.txt", "j.")
FILES = {
    f"{place}{name}": "0123456789" * 10 if name == "a.txt" else f"content of {name}"
    for place in ("", "s/")
    for name in NAMES
}
EXTENSIONS = ("x", ".y", "txt", "html .x", "de", "en", "gz", ".X y", "tar")
TYPES = ("text/x", "text/html;charset=utf-8", "application/x-y", "image/png", "text/plain")
MIME = (
    "AddType {type} {extensions}",
    "RemoveType {extensions}",
    "AddEncoding {coding} {extensions}",
    "RemoveEncoding {extensions}",
    "AddLanguage {language} {extensions}",
    "RemoveLanguage {extensions}",
    "AddCharset {charset} {extensions}",
    "RemoveCharset {extensions}",
    "AddDefaultCharset {default}",
    "DefaultLanguage {language}",
    "ForceType {forced}",
    "MultiviewsMatch Any",
)
RULES = (
    'Header {action} X-{number} "{value}"',
    "Header always {action} X-{number} v",
    "Header unset {field}",
    "Header always unset {field}",
    "Header setifempty {field} x",
    'Header edit {field} "[0-9]+" "n"',
    'Header edit* {field} "(.)" "$1$1"',
    'Header merge Vary "X-A, {field}"',
    "Header echo ^X-",
    "Header note {field} noted",
    'RequestHeader {action} {asked} "{value}"',
    "RequestHeader unset {asked}",
    'RequestHeader edit {asked} "0" "1"',
    'SetEnvIf {attribute} "{pattern}" E={number} !F G$0=$0',
    'BrowserMatch "^x" E',
    "SetEnv E by-setenv",
    "UnsetEnv E",
    "PassEnv LANG",
    "ExpiresActive {flag}",
    'ExpiresDefault "access plus 1 day"',
    'ExpiresByType text/plain "modification plus 2 hours 5 minutes"',
    "ExpiresByType text/html M60",
    "FileETag {tag}",
    "MaxRanges {ranges}",
    "Options {options}",
)
WORDS = {
    "coding": ("x-gzip", "gzip", "br"),
    "language": ("de", "en-GB", "fr"),
    "charset": ("utf-8", "iso-8859-2"),
    "default": ("On", "Off", "utf-8"),
    "forced": ("text/forced", "None", "application/z"),
    "action": ("set", "add", "append", "merge", "setifempty"),
    "value": ("v", "a,b", "%{E}e", "100%%", "expr=%{REQUEST_URI}"),
    "field": ("ETag", "Last-Modified", "Accept-Ranges", "X-1", "Cache-Control"),
    "asked": ("Range", "If-None-Match", "X-A", "If-Modified-Since", "Accept"),
    "attribute": ("Request_URI", "X-A", "Request_Method", "^X-", "Remote_Addr", "Range", "E"),
    "pattern": ("^/s", "GET", "(.)", "html$", "1"),
    "flag": ("On", "Off"),
    "tag": ("None", "All", "MTime Size", "Size", "INode", "-Size", "+MTime", "Digest"),
    "ranges": ("none", "default", "unlimited", "1", "2"),
    "options": ("Indexes", "-FollowSymLinks", "None", "+Includes", "All"),
}
CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")
DATES = (
    MODIFIED, "Sun, 05 May 2024 11:59:59 GMT", "Sun, 05 May 2024 12:00:01 GMT", "Sun May  5 12:00:00 2024",
    "Sunday, 05-May-24 12:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "never", "0",
)  # fmt: skip
TAGS = (
    TAG,
    f"W/{TAG}",
    '"x"',
    f'"x", {TAG}',
    f'"x",W/{TAG},"y"',
    "*",
    TAG.strip('"'),
    "",
    f'{TAG[:-1]}-gzip"',
    '"x',
)
RANGES = (
    "bytes=0-9", "bytes=-5", "bytes=90-", "bytes=0-0,99-99", "bytes=5-1", "bytes=200-",
    "bytes=0-9,5-14,20-29", "bytes=0-", "bytes=", "bytes=a-b", "lines=0-1", "bytes=0-0,200-201",
    "bytes=-0", "bytes= 0-1 , 3-4", "bytes=99-200",
)  # fmt: skip
SECTIONS = (
    'Directory "@ROOT@/s"',
    'Files "*.txt"',
    'FilesMatch "x$"',
    "Location /s",
    "If \"%{HTTP:X-A} == '1'\"",
)


class Site:
    """One random site and what it is asked."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def lines(self, most: int) -> str:
        """Return a few settings."""
        words = {name: self.pick(choices) for name, choices in WORDS.items()}
        chosen = [self.pick(self.random.choice((MIME, RULES))) for _ in range(self.random.randrange(1, most))]
        return "".join(
            line.format(
                **words,
                type=self.pick(TYPES),
                extensions=self.pick(EXTENSIONS),
                number=self.random.randrange(3),
            )
            + "\n"
            for line in chosen
        )

    def section(self) -> str:
        """Return a section with settings."""
        header = self.pick(SECTIONS)
        return f"<{header}>\n{self.lines(4)}</{header.split()[0]}>\n"

    def field(self) -> str:
        """Return a field that makes a request conditional or partial."""
        name = self.pick(CONDITIONS)
        if self.random.random() < 0.3:
            return f"Range: {self.pick(RANGES)}"
        by_date = name.endswith("Since") or (name == "If-Range" and self.random.random() < 0.5)
        return f"{name}: {self.pick(DATES if by_date else TAGS)}"

    def request(self) -> Request:
        """Return a request for a file."""
        fields = list(
            {
                (field := self.field()).partition(":")[0]: field for _ in range(self.random.randrange(4))
            }.values()
        )
        if self.random.random() < 0.3:
            fields.append(self.pick(("X-A: 1", "X-A: abc", "User-Agent: xyz", "Accept: text/*")))
        method = self.pick(("GET",) * 8 + ("POST", "OPTIONS") + ("HEAD", "HEAD") * (not fields))
        names = ("a.txt",) * 8 + NAMES
        return ask(method, f"/{self.pick(('', 's/'))}{self.pick(names)}", *fields)

    def case(self, name: str) -> Case:
        """Return the site as a case, in some with a .htaccess file."""
        config = '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n' + self.lines(6)
        config += "".join(self.section() for _ in range(self.random.randrange(4)))
        own = {"s/.htaccess": self.lines(4)} if self.random.random() < 0.5 else {}
        masks = [(r"\b[0-9a-f]{12,}\b", "BOUNDARY"), (r"Expires: .*", "Expires: THEN")]
        return Case(name, [self.request() for _ in range(REQUESTS)], config, files=FILES | own, masks=masks)


CASES = [Site(seed).case(f"served-{seed}") for seed in range(SITES)]
