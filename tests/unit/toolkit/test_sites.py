"""Pages, published modules and scripts import the helpers of their own site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from tests.unit.importer_support import fresh_importer
from tests.unit.support import configure, get

SITE = """
<Location /{site}>
    SetHandler mod_python
    PythonInterpreter {site}
    PythonPath "['{path}'] + sys.path"
    PythonOption olexd.map_locations On
    PythonHandler {handler}
</Location>
"""
SOURCES = {
    "psp": (
        "page.psp",
        "<%\nimport site_helper\nfrom site_helper import name\n%><%= site_helper.name + name %>",
    ),
    "publisher": (
        "page.py",
        "from site_helper import name\ndef index():\n    import site_helper as h\n    return h.name + name\n",
    ),
    "cgihandler": (
        "page.py",
        "import site_helper as h\nfrom site_helper import *\nprint('X-A: 1\\n\\n' + h.name + name, end='')\n",
    ),
}


@pytest.fixture(autouse=True)
def clean_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing."""
    with fresh_importer(monkeypatch):
        yield


def two_sites(tmp_path: Path, kind: str, source: tuple[str, str], helper: str) -> ServerConfig:
    """Return a configuration of the sites `a` and `b`, each with its helper."""
    file, text = source
    sections = [f'DocumentRoot "{tmp_path}"\n']
    for site in "ab":
        (tmp_path / site / "lib").mkdir(parents=True)
        (tmp_path / site / file).write_text(text)
        (tmp_path / site / "lib" / "site_helper.py").write_text(helper.replace("SITE", site))
        handler = f"mod_python.{kind}"
        sections.append(SITE.format(site=site, path=tmp_path / site / "lib", handler=handler))
    return configure("".join(sections), tmp_path)


@pytest.mark.parametrize("kind", SOURCES)
def test_helpers_of_the_same_name(tmp_path: Path, kind: str) -> None:
    """Two sites whose helpers have the same name get each its own."""
    config = two_sites(tmp_path, kind, SOURCES[kind], "name = 'SITE'")
    for site in "aba":
        assert get(config, f"/{site}/{SOURCES[kind][0]}").body.count(site.encode()) == 2


def test_what_a_star_import_brings_is_not_published(tmp_path: Path) -> None:
    """Whichever site's module of the name came first, the names that it brings stay imported ones."""
    source = ("page.py", "from site_helper import *\n\n\ndef own():\n    return 'own'\n")
    config = two_sites(tmp_path, "publisher", source, "def helped():\n    return 'SITE'\n")
    for site in "ab":
        assert get(config, f"/{site}/page/own").body == b"own"
        assert get(config, f"/{site}/page/helped").status == 403
