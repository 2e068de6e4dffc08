"""The first requests of a server that has just started, all at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Wire

CLIENTS = 24
HANDLERS = 6
SITES = ("one", "two")

HANDLER = """
import left, right
from package import part
import settings
from mod_python import apache

def handler(req):
    import late
    req.write(" ".join((left.name, right.name, part.name, settings.name, late.name)), 0)
    return apache.OK
"""


def write_site(directory: Path, name: str) -> None:
    """Write a site's handlers and their helpers: slow ones, a circle, a package; all as on the other site."""
    (directory / "package").mkdir(parents=True)
    for number in range(HANDLERS):
        (directory / f"app{number}.py").write_text(HANDLER)
    slow = f"import time\ntime.sleep(0.02)\nname = {name!r}\n"
    (directory / "left.py").write_text(f"import right\n{slow}")
    (directory / "right.py").write_text(f"import left\n{slow}")
    (directory / "settings.py").write_text(slow)
    (directory / "late.py").write_text(slow)
    (directory / "package" / "__init__.py").write_text("from . import part\n")
    (directory / "package" / "part.py").write_text(slow)


def site_config(directory: Path, name: str, port: int) -> str:
    """Return the virtual host of a site; each handler has a Location."""
    locations = "".join(
        f"<Location /app{number}>\nSetHandler mod_python\nPythonHandler app{number}\n</Location>\n"
        for number in range(HANDLERS)
    )
    path = f"PythonPath \"['{directory}'] + sys.path\"\n"
    return f"<VirtualHost *:{port}>\nServerName {name}.test\n{path}{locations}</VirtualHost>\n"


@pytest.mark.parametrize("attempt", range(3))
def test_none_fails(tmp_path: Path, attempt: int) -> None:
    """Every client gets its answer, of its own site's modules; on mod_python some get 500 for ever after."""
    port = free_port()
    config = base_config(tmp_path, port, ["python"], threads=16)
    for name in SITES:
        write_site(tmp_path / name, name)
        config += site_config(tmp_path / name, name, port)
    barrier = Barrier(CLIENTS)
    with Olexd(config, tmp_path, port) as server, ThreadPoolExecutor(CLIENTS) as pool:
        results = [pool.submit(ask, server, barrier, number) for number in range(CLIENTS)]
        assert [result.result(60) for result in results] == [True] * CLIENTS


def ask(server: RunningServer, barrier: Barrier, number: int) -> bool:
    """Ask for all handlers of a site, beginning with another one than the other clients."""
    name = SITES[number % 2]
    with Wire(server) as wire:
        barrier.wait(30)
        for step in range(HANDLERS):
            wire.send(f"GET /app{(number + step) % HANDLERS} HTTP/1.1\r\nHost: {name}.test\r\n\r\n".encode())
            response = wire.read()
            assert (response.status, response.body) == (200, " ".join([name] * 5).encode())
    return True
