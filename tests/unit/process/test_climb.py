"""Finding out how many handlers should run at once."""

from __future__ import annotations

from collections.abc import Callable

from olexd.process.climb import LAST_DELAY, Concurrency

TICK = 0.002


def simulate(rate: Callable[[int], float], seconds: float, most: int = 25, late: bool = True) -> Concurrency:
    """Run the search against jobs that get done at `rate(runners)` a second."""
    climb = Concurrency(most)
    now, completed = 0.0, 0.0
    while now < seconds:
        now += TICK
        completed += rate(climb.allowed) * TICK
        climb.tick(now, int(completed), late)
    return climb


def test_computing_handlers_stay_alone() -> None:
    """Where company brings nothing, one runner does the work but for short trials."""
    times: list[int] = []

    def rate(runners: int) -> float:
        times.append(runners)
        return 20_000.0 / runners**0.1

    simulate(rate, 10.0)
    assert times.count(1) / len(times) > 0.9


def test_waiting_handlers_get_company() -> None:
    """Where every runner gets as much done as the first, all of them are let in soon."""
    reached = simulate(lambda runners: 500.0 * runners, 2.0).allowed
    assert reached > 15


def test_only_as_many_as_help() -> None:
    """Runners beyond what is of use are sent away again."""
    counts: list[int] = []

    def rate(runners: int) -> float:
        counts.append(runners)
        return 1000.0 * min(runners, 4)

    simulate(rate, 20.0)
    late = counts[len(counts) // 2 :]
    assert 3 <= sum(late) / len(late) <= 7


def test_never_out_of_bounds() -> None:
    """At least one, at most as many as there may be threads."""
    seen: set[int] = set()

    def rate(runners: int) -> float:
        seen.add(runners)
        return 100.0 * runners

    simulate(rate, 5.0, most=3)
    assert seen == {1, 2, 3}


def test_no_trial_without_need() -> None:
    """While nothing has to wait nothing is tried."""
    assert simulate(lambda runners: 500.0 * runners, 5.0, late=False).allowed == 1


def test_vain_trials_become_rare() -> None:
    """After trials that brought nothing the next one is seconds away."""
    trials = 0
    before = 1

    def rate(runners: int) -> float:
        nonlocal trials, before
        trials += runners > before
        before = runners
        return 1000.0

    simulate(rate, 30.0)
    assert trials < 30.0 / LAST_DELAY + 10
