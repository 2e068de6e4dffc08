"""Golden files: a configuration above the line `----`, what comes of it below.

Parts that begin with `=== NAME` are files beside the main one. A comment `#? location /path`,
`#? directory /path`, `#? files NAME` or `#? host ADDRESS PORT NAME` asks the result what it matches,
`#? vhosts` which hosts there are. `$ROOT` stands for the directory of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.config.dump import dump
from olexd.config.errors import ConfigError
from olexd.config.module import ModuleSpec
from olexd.config.report import virtual_hosts
from olexd.config.sections import match_files
from olexd.config.server import Section, ServerConfig
from olexd.modules.registry import SPECS
from tests.unit.config.specimen import SITE

FOLDER = Path(__file__).parent / "config"
CASES = sorted(FOLDER.glob("*.txt"))
OF_MODULES = sorted(path for name in ("modules", "httpd") for path in (FOLDER.parent / name).glob("*.txt"))
"""The files about directives that httpd has."""


def write_files(config: str, root: Path) -> str:
    """Write the files of a golden file's upper part to `root`; return the main one's text."""
    main, *others = config.split("=== ")
    (root / "httpd.conf").write_text(main.replace("$ROOT", str(root)), newline="")
    for other in others:
        name, _, text = other.partition("\n")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("$ROOT", str(root)), newline="")
    return main


def outcome(config: str, root: Path, specs: Sequence[ModuleSpec] = (SITE,)) -> str:
    """Return what comes of a golden file's upper part, its files written to `root`."""
    main = write_files(config, root)
    try:
        result = load(str(root / "httpd.conf"), specs, ["GIVEN"])
    except ConfigError as error:
        return f"{error}\n".replace(str(root), "$ROOT")
    text = dump(result) + "".join(f"{line}\n" for line in _answers(result, main, root))
    return text.replace(str(root), "$ROOT")


def _answers(config: ServerConfig, main: str, root: Path) -> Iterator[str]:
    for line in main.splitlines():
        if line == "#? vhosts":
            yield from virtual_hosts(config)
        elif line.startswith("#? "):
            question = line[3:]
            yield f"? {question} -> {_answer(config, question.replace('$ROOT', str(root)).split())}"


def _answer(config: ServerConfig, words: Sequence[str]) -> str:
    host = config.hosts[-1]
    match words:
        case ["location", *parts]:
            return _places(host.locations.match(" ".join(parts)))
        case ["directory", path]:
            return _places(host.directories.match(path))
        case ["files", name]:
            return _places(match_files(host.files, name))
        case ["host", address, port, *name]:
            return config.selector.select(address, int(port), name[0] if name else None).name
    raise ValueError(f"golden files know no such question: {words}")


def _places(sections: Sequence[Section]) -> str:
    return " ".join(str(section.where.line) for section in sections) or "nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration gives the result that stands below it."""
    monkeypatch.setenv("OLEXD_GOLDEN", "from the environment")
    config, _, expected = case.read_bytes().decode().partition("----\n")
    assert outcome(config, tmp_path) == expected


@pytest.mark.parametrize("case", OF_MODULES, ids=lambda case: case.stem)
def test_golden_of_modules(case: Path, tmp_path: Path) -> None:
    """The configuration of the built-in modules gives the result that stands below it."""
    config, _, expected = case.read_bytes().decode().partition("----\n")
    assert outcome(config, tmp_path, SPECS) == expected
