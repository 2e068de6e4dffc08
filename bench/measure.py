"""Measuring one server once: requests per second, latency, processor time; memory of idle connections."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path

from bench.scenarios import SESSIONS, Scenario
from tests.integration.servers import REPOSITORY, RunningServer

TICKS = 100.0
"""Clock ticks in a second, as /proc counts them."""
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


class MeasureFailed(Exception):
    """A response was wrong, or wrk could not do its work."""


@dataclass(frozen=True)
class Sample:
    """What one run of wrk found: requests per second, 99th percentile in ms, CPU microseconds a request."""

    rate: float
    p99: float
    cpu: float
    errors: int


def fetch(url: str, body: bytes | None = None, cookie: str = "") -> tuple[bytes, str]:
    """Return the body and the first cookie (`name=value`) of a response; MeasureFailed unless 200."""
    request = urllib.request.Request(url, body, {"Cookie": cookie} if cookie else {})
    with urllib.request.urlopen(request, timeout=30) as response:
        assert isinstance(response, HTTPResponse)
        if response.status != 200:
            raise MeasureFailed(f"{url} answered {response.status}")
        return response.read(), (response.headers["Set-Cookie"] or "").split(";")[0]


def check(scenario: Scenario, url: str) -> bytes:
    """Ask once and return the body; MeasureFailed when it is not what the scenario expects."""
    body, cookie = fetch(url, b"x" * scenario.body if scenario.body else None)
    if not scenario.check(body):
        raise MeasureFailed(f"{url} answered {body[:200]!r}")
    if scenario.sessions:
        again, _ = fetch(url, cookie=cookie)
        if not again.startswith(b"visit 2 "):
            raise MeasureFailed(f"{url} forgot its session: {again!r}")
    return body


def new_cookies(scenario: Scenario, url: str) -> list[str]:
    """Return the cookies of new sessions, none for a scenario without sessions."""
    return [fetch(url)[1] for _ in range(SESSIONS)] if scenario.sessions else []


def run_wrk(
    scenario: Scenario, url: str, script: Path | None, seconds: int, watched: RunningServer
) -> Sample:
    """Run wrk for `seconds`; the processor time is that of `watched` and its children."""
    command = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    command += ["-s", str(script)] if script else []
    before = cpu_seconds(watched.pid)
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=seconds + 60, check=False)
    used = cpu_seconds(watched.pid) - before
    return parse_wrk(done.stdout + done.stderr, used)


def parse_wrk(text: str, used: float) -> Sample:
    """Return what wrk printed as a Sample; `used` are seconds of processor time."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"\n\s+99%\s+([\d.]+)(us|ms|s|m)\b", text)
    total = re.search(r"(\d+) requests in", text)
    if rate is None or p99 is None or total is None or not int(total[1]):
        raise MeasureFailed(f"wrk said:\n{text}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    errors = (int(bad[1]) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    return Sample(float(rate[1]), float(p99[1]) * UNITS[p99[2]], used / int(total[1]) * 1e6, errors)


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        below = [int(word) for word in children.read_text().split()]
    except FileNotFoundError:
        return []
    return [pid, *(one for child in below for one in family(child))]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have used."""
    total = 0.0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants."""
    total = 0
    for one in family(pid):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{one}/status").read_text())
        total += int(found[1]) * 1024 if found else 0
    return total


def idle_bytes(server: RunningServer, path: str, connections: int) -> float:
    """Return the memory that one more idle keep-alive connection takes, in bytes."""
    for _ in range(50):
        fetch(f"http://127.0.0.1:{server.address}{path}")
    before = resident_bytes(server.pid)
    command = [sys.executable, "-m", "bench.idle", str(server.address), path, str(connections)]
    client = subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    try:
        said = client.stdout.readline().strip()
        if said != f"idle {connections}":
            raise MeasureFailed(f"{server.name}: {said or 'the client with many connections failed'}")
        time.sleep(1.0)
        return (resident_bytes(server.pid) - before) / connections
    finally:
        client.communicate("", timeout=60)
