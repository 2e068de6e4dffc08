"""The command: both servers side by side, asked in turns, and a table of ratios. See README.md here."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from bench import configuration, guarded, sessions
from bench.measure import MeasureFailed, Sample, check, idle_bytes, new_cookies, run_wrk
from bench.scenarios import SCENARIOS, Scenario
from bench.site import KINDS, PROXY, front, server, write_site
from tests.integration.servers import RunningServer, missing

IDLE = "idle"
SCALE = "sessions-scale"
"""Takes minutes and no server: only when asked for."""
CONFIG = "config"
GUARDED = "guarded"
"""Both start servers of their own: only when asked for."""
NAMES = [*(scenario.name for scenario in SCENARIOS), IDLE]
HEADINGS = ("scenario", "apache/s", "olexd/s", "ratio", "p99 apache", "p99 olexd", "cpu apache", "cpu olexd")
WIDTHS = (32, 10, 10, 7, 12, 12, 11, 11)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[*NAMES, SCALE, CONFIG, GUARDED],
        help="measure this one (may be repeated)",
    )
    parser.add_argument("--seconds", type=int, default=3, help="length of one run (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="runs for each server (default 3)")
    parser.add_argument("--threads", type=int, default=25, help="ThreadsPerChild of both (default 25)")
    parser.add_argument("--idle", type=int, default=5000, help="idle connections to open (default 5000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    return parser.parse_args(argv)


class Bench:
    """Both servers, running, and what was found so far."""

    def __init__(self, options: argparse.Namespace, stack: ExitStack) -> None:
        self.options = options
        self.stack = stack
        self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        self.directory.chmod(0o755)
        self.site = self.directory / "site"
        write_site(self.site)
        self.servers = {name: self.start(name) for name in KINDS}
        self.fronts: dict[str, RunningServer] = {}
        self.results: dict[str, object] = {}

    def start(self, name: str) -> RunningServer:
        """Start a server of its own directory."""
        made = server(KINDS[name], self.site, self.directory / name, self.options.threads)
        return self.stack.enter_context(made)

    def asked(self, scenario: Scenario, name: str) -> RunningServer:
        """Return the server that wrk asks: the server itself, or the proxy in front of it."""
        if not scenario.proxied:
            return self.servers[name]
        if name not in self.fronts:
            made = front(self.servers[name], self.directory / f"front-{name}", self.options.threads)
            self.fronts[name] = self.stack.enter_context(made)
        return self.fronts[name]

    def measure(self, scenario: Scenario) -> str:
        """Measure both servers in turns and return the row of the table."""
        urls, scripts, kinds = {}, {}, []
        for name in KINDS:
            urls[name] = f"http://127.0.0.1:{self.asked(scenario, name).address}{scenario.path_on(name)}"
            body = check(scenario, urls[name])
            kinds.append(body.split()[-1].decode() if scenario.sessions else "")
            scripts[name] = self.script(scenario, name, new_cookies(scenario, urls[name]))
        samples: dict[str, list[Sample]] = {name: [] for name in KINDS}
        for turn in range(-1, self.options.rounds):
            seconds = self.options.seconds if turn >= 0 else 1
            for name in list(KINDS)[:: 1 if turn % 2 else -1]:
                sample = run_wrk(scenario, urls[name], scripts[name], seconds, self.servers[name])
                if turn >= 0:
                    samples[name].append(sample)
        self.results[scenario.name] = {
            name: [asdict(one) for one in found] for name, found in samples.items()
        }
        note = f"  [{kinds[0]} | {kinds[1]}]" if scenario.sessions else ""
        return row(scenario.title, samples) + note

    def script(self, scenario: Scenario, name: str, cookies: list[str]) -> Path | None:
        """Write wrk's script, when the scenario needs one."""
        text = scenario.script(cookies)
        if not text:
            return None
        path = self.directory / f"{scenario.name}-{name}.lua"
        path.write_text(text)
        return path

    def measure_idle(self) -> str:
        """Measure the memory of idle connections on fresh servers and return the row."""
        found = {}
        for name in KINDS:
            made = server(KINDS[name], self.site, self.directory / f"idle-{name}", self.options.threads)
            with made as fresh:
                found[name] = idle_bytes(fresh, "/hello", self.options.idle)
        self.results[IDLE] = found
        ratio = found["olexd"] / found["apache"] if found["apache"] > 0 else float("nan")
        return (
            f"one of {self.options.idle} idle connections: apache {found['apache'] / 1024:.1f} KiB, "
            f"olexd {found['olexd'] / 1024:.1f} KiB, ratio {ratio:.2f}"
        )


def median(samples: Sequence[Sample], field: str) -> float:
    """Return the median of a field over the rounds."""
    values: list[float] = [getattr(sample, field) for sample in samples]
    return statistics.median(values)


def row(title: str, samples: dict[str, list[Sample]]) -> str:
    """Return a line of the table: medians over the rounds."""
    apache, olexd = samples["apache"], samples["olexd"]
    rates = median(apache, "rate"), median(olexd, "rate")
    cells = [title, f"{rates[0]:.0f}", f"{rates[1]:.0f}", f"{rates[1] / rates[0]:.2f}"]
    cells += [f"{median(one, 'p99'):.2f} ms" for one in (apache, olexd)]
    cells += [f"{median(one, 'cpu'):.0f} us" for one in (apache, olexd)]
    errors = [f"{name} {sum(one.errors for one in found)}" for name, found in samples.items()]
    return line(cells) + (
        f"  errors: {', '.join(errors)}" if any(not e.endswith(" 0") for e in errors) else ""
    )


def line(cells: Sequence[str]) -> str:
    """Return cells in columns."""
    first, *others = [
        cell.ljust(width) if not number else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    ]
    return " ".join([first, *others])


def unusable() -> str:
    """Return what is missing on this machine, "" when nothing is."""
    if shutil.which("wrk") is None:
        return "wrk is not installed (Debian: apt-get install wrk)"
    return missing(["python", *PROXY]) or ""


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks; return the exit status."""
    options = arguments(argv)
    wanted = options.only or NAMES
    if SCALE in wanted:
        sessions.main()
        if len(wanted) == 1:
            return 0
    if reason := unusable():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    for name, alone in ((CONFIG, configuration.main), (GUARDED, guarded.main)):
        if name in wanted:
            alone(options.seconds, options.threads)
            if len(wanted) == 1:
                return 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    failed = 0
    print(
        f"{os.cpu_count()} processors, Python {platform.python_version()}, {options.threads} threads, ",
        end="",
    )
    print(f"median of {options.rounds} rounds of {options.seconds} s\n")
    print(line(HEADINGS), flush=True)
    with ExitStack() as stack:
        bench = Bench(options, stack)
        for scenario in SCENARIOS:
            if scenario.name in wanted:
                failed += report(bench, scenario)
        if IDLE in wanted:
            print("\n" + bench.measure_idle())
        if options.json:
            options.json.write_text(json.dumps(bench.results, indent=1) + "\n")
    return 1 if failed else 0


def report(bench: Bench, scenario: Scenario) -> int:
    """Print a scenario's row; return 1 when it could not be measured."""
    try:
        print(bench.measure(scenario), flush=True)
    except (MeasureFailed, OSError) as error:
        print(f"{scenario.title:32} failed: {error}", flush=True)
        return 1
    return 0
