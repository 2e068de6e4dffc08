"""The scenario `config`: what a request costs when the configuration is large, and how long it takes to load.

A static file is asked for on both servers, with more and more sections, hosts and patterns that do not
concern it, and with `.htaccess` files. The columns should be flat.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.measure import MeasureFailed, Sample, fetch, run_wrk
from bench.scenarios import SCENARIOS, Scenario
from bench.site import KINDS, config, write_site
from olexd.config.build import load_text
from olexd.modules.registry import SPECS
from tests.integration.servers import RunningServer, free_port

SIZES: Final = (10, 100, 1_000)
LINES: Final = 20_000
HEADINGS: Final = ("configuration", "apache/s", "olexd/s", "ratio", "cpu apache", "cpu olexd")
WIDTHS: Final = (32, 10, 10, 7, 11, 11)
SCENARIO: Final[Scenario] = next(one for one in SCENARIOS if one.name == "static")


@dataclass(frozen=True)
class Variant:
    """One row: what is added to the configuration, and whether the file's directory has a `.htaccess`."""

    title: str
    text: str
    htaccess: str = ""


def _locations(count: int, kind: str = "Location", pattern: str = "/other{}") -> str:
    places = (pattern.format(number) for number in range(count))
    return "".join(f"<{kind} {place}>\nOptions None\n</{kind}>\n" for place in places)


def _hosts(count: int) -> str:
    # The last host is the one that answers, by its name.
    return "".join(
        f"<VirtualHost *:@PORT@>\nServerName {name}\n</VirtualHost>\n"
        for name in (*(f"h{number}.test" for number in range(count)), "127.0.0.1")
    )


def variants(site: Path) -> Iterator[Variant]:
    """Yield the rows of the table."""
    yield Variant("nothing more", "")
    for size in SIZES:
        yield Variant(f"{size} Locations", _locations(size))
    yield Variant("1000 virtual hosts", _hosts(1000))
    yield Variant("20 regex sections", _locations(20, "LocationMatch", "^/other{}/.*z$"))
    allowed = f'<Directory "{site}/htdocs">\nAllowOverride All\n</Directory>\n'
    yield Variant(".htaccess allowed, none there", allowed)
    yield Variant(".htaccess", allowed, "Options None\n")


def measure(variant: Variant, kind: type[RunningServer], site: Path, seconds: int, threads: int) -> Sample:
    """Start a server with the configuration, and let wrk ask it."""
    htaccess = site / "htdocs" / ".htaccess"
    htaccess.unlink(missing_ok=True)
    if variant.htaccess:
        htaccess.write_text(variant.htaccess)
    with tempfile.TemporaryDirectory(prefix="bench-config-") as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)
        port = free_port()
        text = config(site, directory, port, threads) + variant.text.replace("@PORT@", str(port))
        server = stack.enter_context(kind(text, directory, port))
        url = f"http://127.0.0.1:{server.address}{SCENARIO.path}"
        if not SCENARIO.check(fetch(url)[0]):
            raise MeasureFailed(f"{url} did not answer as expected")
        run_wrk(SCENARIO, url, None, 1, server)
        return run_wrk(SCENARIO, url, None, seconds, server)


def loading() -> float:
    """Return how many seconds a configuration of 20,000 lines takes to load, the median of five."""
    text = "DocumentRoot /\n" + "".join(
        f"<VirtualHost *:80>\nServerName h{n}.test\nServerAlias w{n}.test\n<Directory /srv/{n}>\n"
        f"Require all granted\nOptions None\n</Directory>\n<Location /app{n}>\nSetHandler mod_python\n"
        f"PythonHandler module{n}\nPythonOption name value{n}\nSetEnv NAME value\n</Location>\n"
        f"Alias /static /srv/static{n}\nErrorDocument 404 /missing\n</VirtualHost>\n"
        for n in range(LINES // 16)
    )
    times = []
    for _ in range(5):
        started = time.perf_counter()
        load_text(text, SPECS)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main(seconds: int, threads: int) -> None:
    """Measure everything and print the table."""
    print(f"a configuration of {LINES} lines loads in {loading():.2f} s\n")
    print(_line(HEADINGS), flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        site = Path(name) / "site"
        Path(name).chmod(0o755)
        write_site(site)
        for variant in variants(site):
            found = {name: measure(variant, kind, site, seconds, threads) for name, kind in KINDS.items()}
            apache, olexd = found["apache"], found["olexd"]
            cells = [variant.title, f"{apache.rate:.0f}", f"{olexd.rate:.0f}"]
            cells += [f"{olexd.rate / apache.rate:.2f}", f"{apache.cpu:.0f} us", f"{olexd.cpu:.0f} us"]
            print(_line(cells), flush=True)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    first, *others = [
        cell.rjust(width) if number else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return " ".join([first, *others])
