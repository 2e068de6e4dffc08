"""The scenario `sessions-scale`: what the default store costs with few and with very many sessions in it.

In process, without HTTP: load and save of random sessions, the sweep, the size of the file, and how long a
new process needs to open the store and load its first session. All of it should be flat in the number of
sessions, but for the file, for the disk that has to take it, and for the processor's caches, which hold a
thousand sessions and not a million. What the caches alone cost is seen beside it: the same records, pickled,
in a dict of the process.
"""

from __future__ import annotations

import os
import pickle
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from olexd.sessions.lmdb_store import LmdbStore
from olexd.sessions.store import SessionRecord

SIZES: Final = (1_000, 1_000_000)
TURNS: Final = 20_000
"""Sessions that are loaded and saved."""
EXPIRED: Final = 1_000
"""Sessions that the sweep has to remove."""
DATA: Final = {"user": "visitor", "basket": list(range(20)), "seen": "x" * 100}

HEADINGS: Final = (
    "sessions",
    "new/s",
    "load+save/s",
    "in a dict",
    "sync",
    "sweep, none due",
    "one swept",
    "file",
    "start-up",
)
WIDTHS: Final = (10, 10, 12, 10, 10, 16, 10, 11, 10)

START: Final = """
import sys, time
from olexd.sessions.lmdb_store import LmdbStore
started = time.perf_counter()
assert LmdbStore(sys.argv[1]).load(sys.argv[2]) is not None
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Scale:
    """What was found for one number of sessions. Times in seconds, sizes in bytes."""

    sessions: int
    new: float
    turns: float
    dict_turns: float
    sync: float
    sweep: float
    swept: float
    file: int
    start: float

    def row(self) -> str:
        """Return a line of the table."""
        return line(
            [
                f"{self.sessions:,}",
                f"{self.new:,.0f}",
                f"{self.turns:,.0f}",
                f"{self.dict_turns:,.0f}",
                f"{self.sync * 1e3:,.0f} ms",
                f"{self.sweep * 1e6:,.0f} us",
                f"{self.swept * 1e6:.1f} us",
                f"{self.file / (1 << 20):,.1f} MiB",
                f"{self.start * 1e3:.2f} ms",
            ]
        )


def line(cells: Sequence[str]) -> str:
    """Return cells in columns."""
    return " ".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))


def record(timeout: float = 1800.0) -> SessionRecord:
    """Return a session of some hundred bytes."""
    now = time.time()
    return {"_data": DATA, "_created": now, "_accessed": now, "_timeout": timeout}


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(count: int, directory: Path) -> Scale:
    """Fill a store in `directory` and measure it."""
    store = LmdbStore(str(directory))
    sids = [secrets.token_hex(16) for _ in range(count)]
    filled = seconds(lambda: [store.save(sid, record()) for sid in sids])
    chosen = visits(sids)
    turned = seconds(lambda: [turn(store, sid) for sid in chosen])
    turned_in_dict = dict_seconds(sids, chosen)
    # The first sweep writes everything to the disk; the next ones leave that out for some seconds.
    synced = seconds(lambda: store.sweep(time.time()))
    idle = seconds(lambda: store.sweep(time.time()))
    for _ in range(EXPIRED):
        store.save(secrets.token_hex(16), record(-1.0))
    swept = seconds(lambda: store.sweep(time.time()))
    size = (directory / "data.mdb").stat().st_blocks * 512
    store.close()
    started = subprocess.run(
        [sys.executable, "-c", START, str(directory), sids[0]], check=True, capture_output=True, text=True
    )
    start = float(started.stdout)
    return Scale(
        count,
        count / filled,
        TURNS / turned,
        TURNS / turned_in_dict,
        synced,
        idle,
        swept / EXPIRED,
        size,
        start,
    )


def visits(sids: Sequence[str]) -> list[str]:
    """Return ids chosen at random: new strings, as they come with requests, not the far-off first ones."""
    return [bytes(sid, "ascii").decode() for sid in random.choices(sids, k=TURNS)]


def turn(store: LmdbStore, sid: str) -> None:
    """Do what a request does with its session."""
    found = store.load(sid)
    assert found is not None
    found["_accessed"] = time.time()
    store.save(sid, found)


def dict_seconds(sids: Sequence[str], chosen: Sequence[str]) -> float:
    """Return what the same turns take when the pickled records are in a dict."""
    records = {sid: pickle.dumps(record()) for sid in sids}

    def turn_in_dict(sid: str) -> None:
        found = pickle.loads(records[sid])
        found["_accessed"] = time.time()
        records[sid] = pickle.dumps(found)

    return seconds(lambda: [turn_in_dict(sid) for sid in chosen])


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print the table."""
    print(f"{os.cpu_count()} processors, one thread\n{line(HEADINGS)}", flush=True)
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-sessions-") as directory:
            print(measure(count, Path(directory, "store")).row(), flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
