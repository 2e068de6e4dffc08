"""What the real Apache says of a configuration, error by error.

Apache stops at the first error. Each one is taken out, and Apache asked again, until it has none left.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.servers import ENVIRONMENT, SYSTEM_PATH, load_modules

_NAMES = """
    mpm_event access_compat alias allowmethods auth_basic auth_digest authn_core authn_file authz_core
    authz_groupfile authz_host authz_owner authz_user autoindex brotli cgi deflate dir env expires filter
    headers include macro mime proxy proxy_http proxy_wstunnel remoteip rewrite setenvif ssl python"""
MODULES = _NAMES.split()
"""The modules that olexd has, too."""
MAX_ERRORS = 80

_PLACES = (
    re.compile(r"(?P<file>\S+):(?P<line>\d+): (?P<message><\S+> was not closed\.)"),
    re.compile(
        r"Syntax error on line (?P<line>\d+) of "
        r"(?P<file>macro '.*?' \(defined on line \d+ of \"[^\"]*\"\)|\S+?)(?: used on .*)?:\s(?P<message>.*)",
        re.DOTALL,
    ),
    re.compile(r"(?P<message>AH\d+: .* defined at (?P<file>\S+):(?P<line>\d+))"),
)
_INCLUDED = re.compile(r"Syntax error on line \d+ of \S+: (?=Syntax error|\S+:\d+: )")
_USED = re.compile(r'used on line (\d+) of "(/[^"]*)"')
_STRUCTURE = re.compile(
    r"was not closed|without matching|^Expected|missing closing|before end of|not found: </"
)
_HEADER = re.compile(r"\s*<([A-Za-z]+)")

Place = tuple[str, int]
"""A file and a line in it."""


@dataclass
class Verdict:
    """Where Apache finds errors, in the order in which it does; `covered` are lines it never looked at.

    An error in how sections begin and end is the last one: without it others would follow that are none.
    `final` is what Apache said last when it named no place, or when the structure was at fault.
    """

    places: list[Place] = field(default_factory=list)
    covered: set[Place] = field(default_factory=set)
    final: str = ""


def ask(root: Path, defines: Sequence[str] = ("GIVEN",)) -> Verdict:
    """Return what Apache says of `root`/httpd.conf. The files are changed on the way."""
    main = root / "apache.conf"
    main.write_text(
        f'ServerRoot "{root}"\n{load_modules(MODULES)}ServerName verdict.test\nErrorLog "{root}/error.log"\n'
        f'PidFile "{root}/pid"\nDefaultRuntimeDir "{root}"\nInclude "{root}/httpd.conf"\n'
    )
    verdict = Verdict()
    while text := said(main, defines):
        assert len(verdict.places) < MAX_ERRORS, text
        place, message = parse(text)
        if place is not None:
            verdict.places.append(place)
        if place is None or _STRUCTURE.search(message):
            verdict.final = message
            break
        verdict.covered |= take_out(*(_use(text) or place))
    return verdict


def said(main: Path, defines: Sequence[str]) -> str:
    """Return what `apache2 -t` complains of, "" when it accepts the configuration."""
    program = shutil.which("apache2", path=SYSTEM_PATH)
    assert program is not None
    words = [word for name in defines for word in ("-D", name)]
    result = subprocess.run(
        [program, "-t", "-f", str(main), *words],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    return "" if result.returncode == 0 else result.stderr.decode("utf-8", "backslashreplace")


def parse(text: str) -> tuple[Place | None, str]:
    """Return where the error is that Apache complains of, None for nowhere, and what it says of it."""
    text = text.strip().removesuffix("AH00014: Configuration check failed").strip()
    inner = _INCLUDED.sub("", text)
    for pattern in _PLACES:
        if found := pattern.search(inner):
            return (found["file"], int(found["line"])), found["message"].strip()
    return None, text


def _use(text: str) -> Place | None:
    """Return the line outside of macros that uses the one with the error, None for an error in no macro."""
    uses = _USED.findall(text)
    return (uses[-1][1], int(uses[-1][0])) if uses else None


def take_out(file: str, line: int) -> set[Place]:
    """Make comments of a line and, when a section begins there, of all of it; return those lines."""
    path = Path(file)
    lines = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    header = _HEADER.match(lines[line - 1])
    end = _end(lines, line, header[1].lower()) if header else line
    lines[line - 1 : end] = ["#"] * (end + 1 - line)
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return {(file, number) for number in range(line, end + 1)}


def _end(lines: Sequence[str], line: int, name: str) -> int:
    """Return the line in which the section that begins in `line` ends."""
    depth = 0
    for number, text in enumerate(lines[line - 1 :], line):
        word = text.strip().lower()
        depth += bool(re.match(rf"<{name}\b", word)) - bool(re.match(rf"</{name}\b", word))
        if depth == 0:
            return number
    return line
