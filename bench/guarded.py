"""The scenario `guarded`: what a page behind a password costs.

Good hashes are slow by design. olexd checks one once and then remembers for a short time that it was right,
so the table shows the first check and a remembered one, in process; then both servers with Basic
authentication, asked by wrk.
"""

from __future__ import annotations

import base64
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.measure import MeasureFailed, Sample, run_wrk
from bench.scenarios import SCENARIOS, Scenario
from bench.site import KINDS, config, write_site
from olexd.modules.aaa.passwords import Remembered
from tests.integration.servers import RunningServer, free_port

HASHES: Final = {
    "bcrypt, cost 5 (htpasswd -B)": b"$2y$05$bZ03G7cXRLBDDYnV0oD35.1Wz.E/Z8Hj/bTNtCWdD8tZPGstUZsl2",
    "bcrypt, cost 10": b"$2y$10$pS.pADj19wkgi7Kcs4MHbui/xJARrBc7kLWzJHkdoYe9KtlUWmery",
    "SHA-512 crypt": b"$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/"
    b"TsVArtr91iR1",
    "apr1 (htpasswd -m)": b"$apr1$Ldy6t/BR$4vaoBH69AXpdl/JGnsVIR1",
    "SHA-1 (htpasswd -s)": b"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
}
"""Hashes of the password "secret"."""
ASKED: Final = [title for title in HASHES if title != "bcrypt, cost 10"]
"""Those that a server which hashes for every request can be asked for in seconds."""
PASSWORD: Final = b"secret"
TURNS: Final = 20_000
SCENARIO: Final[Scenario] = next(one for one in SCENARIOS if one.name == "static")


def seconds(action: Callable[[], object], turns: int) -> float:
    """Return how long one of `turns` calls takes."""
    started = time.perf_counter()
    for _ in range(turns):
        action()
    return (time.perf_counter() - started) / turns


def check(stored: bytes) -> tuple[float, float]:
    """Return how many seconds a first check of a password takes (median of five), and a remembered one."""
    first = [seconds(lambda: Remembered().matches(PASSWORD, stored), 1) for _ in range(5)]
    remembered = Remembered()
    remembered.matches(PASSWORD, stored)
    return statistics.median(first), seconds(lambda: remembered.matches(PASSWORD, stored), TURNS)


def guarded(site: Path, users: Path) -> str:
    """Return the lines that guard the whole site."""
    return (
        f'<Directory "{site}/htdocs">\nAuthType Basic\nAuthName "bench"\nAuthUserFile "{users}"\n'
        "Require valid-user\n</Directory>\n"
    )


def measure(stored: bytes, kind: type[RunningServer], site: Path, seconds: int, threads: int) -> Sample:
    """Start a server of the site with one user, and let wrk ask as that user."""
    with tempfile.TemporaryDirectory(prefix="bench-guarded-") as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)
        users, script = directory / "users", directory / "script.lua"
        users.write_bytes(b"joe:" + stored + b"\n")
        credentials = base64.b64encode(b"joe:" + PASSWORD).decode()
        script.write_text(f'wrk.headers["Authorization"] = "Basic {credentials}"\n')
        port = free_port()
        text = config(site, directory, port, threads) + guarded(site, users)
        server = stack.enter_context(kind(text, directory, port))
        url = f"http://127.0.0.1:{server.address}{SCENARIO.path}"
        run_wrk(SCENARIO, url, script, 1, server)
        sample = run_wrk(SCENARIO, url, script, seconds, server)
        if sample.errors:
            raise MeasureFailed(f"{sample.errors} of the answers of {server.name} were errors")
        return sample


def main(seconds: int, threads: int) -> None:
    """Print both tables."""
    print(f"{'a password, in process':32} {'first':>12} {'remembered':>12}")
    for title, stored in HASHES.items():
        first, again = check(stored)
        print(f"{title:32} {first * 1e3:9.3f} ms {again * 1e6:9.2f} us", flush=True)
    print(f"\n{'a guarded file of 4 KiB':32} {'apache/s':>10} {'olexd/s':>10} {'ratio':>7}")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        site = Path(name) / "site"
        Path(name).chmod(0o755)
        write_site(site)
        for title in ASKED:
            stored = HASHES[title]
            apache, olexd = (measure(stored, kind, site, seconds, threads).rate for kind in KINDS.values())
            print(f"{title:32} {apache:10.0f} {olexd:10.0f} {olexd / apache:7.2f}", flush=True)
