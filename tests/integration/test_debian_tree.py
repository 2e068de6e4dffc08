"""The configuration that Debian's Apache starts with loads unchanged, and the default site answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.modules.registry import SPECS
from tests.integration.debian_tree import copy_installed, environment, write_tree
from tests.unit.support import answer, make_request

Writer = Callable[[Path], Path | None]


@pytest.mark.parametrize("write", [write_tree, copy_installed], ids=["equivalent", "installed"])
def test_default_tree(write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads; what has no effect here is warned of, once each; the page is served, .ht files are not."""
    main = write(tmp_path)
    if main is None:
        pytest.skip("Debian's package apache2 is not installed")
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    config = load(str(main), SPECS)
    assert all("is accepted without effect" in warning for warning in config.warnings)
    named = [warning.partition(": ")[2].split(" ")[0] for warning in config.warnings]
    assert sorted(named) == sorted(set(named))
    host = config.selector.select("127.0.0.1", 80, "localhost")
    for path, status in (("/", 200), ("/index.html", 200), ("/.htaccess", 403), ("/nope", 404)):
        request = make_request(config, path)
        request.host = host
        request.conf = host.merged()
        response = answer(request)
        assert response.status == status
        assert b"It works" in response.body or status != 200
