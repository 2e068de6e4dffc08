"""Two servers side by side, and what it means that a case passes on them."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.integration.servers import Apache, Olexd, RunningServer, ServerFailed, free_port
from tests.parity.runner.case import Case
from tests.parity.runner.client import Response
from tests.parity.runner.compare import View, difference, unmet
from tests.parity.runner.secrets import leaks
from tests.parity.runner.site import Served, Site

LOG_DEADLINE = 3.0


class Side:
    """One server with its port, its logs and the cases that its configuration holds."""

    def __init__(self, kind: type[RunningServer], site: Served, directory: Path) -> None:
        directory.mkdir()
        self.site = site
        self.port = free_port()
        self.directory = directory
        self.refused: dict[str, str] = {}
        self.kind = kind
        self.server = self.build(site.cases)

    def build(self, cases: Sequence[Case]) -> RunningServer:
        """Return the server, not started, with these cases."""
        text = self.site.config(self.directory, self.port, cases, self.kind.account())
        return self.kind(text, self.directory, self.port)

    def start(self) -> RunningServer:
        """Start with all cases; when that fails, without those that alone make it fail."""
        try:
            self.server.start()
        except ServerFailed as error:
            if not self.works([]):
                raise error
            good = self.working(self.site.cases)
            self.server = self.build(good)
            self.server.start()
        return self.server

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()

    def working(self, cases: Sequence[Case]) -> list[Case]:
        """Return the cases with which the server starts, found by halving."""
        if self.works(cases):
            return list(cases)
        if len(cases) == 1:
            return []
        middle = len(cases) // 2
        return self.working(cases[:middle]) + self.working(cases[middle:])

    def works(self, cases: Sequence[Case]) -> bool:
        """Whether the server starts with these cases; for a single one its message is kept."""
        server = self.build(cases)
        try:
            server.start()
        except ServerFailed as error:
            self.refused |= {case.name: str(error) for case in cases if len(cases) == 1}
            return False
        finally:
            server.stop()
        return True

    def view(self, case: Case) -> View:
        """Return how to read this side's responses to a case."""
        places = [
            *self.site.places(case),
            (self.directory / "logs", "@LOGS@"),
            (self.directory / "state", "@STATE@"),
        ]
        return View(case, self.port, self.site.directory, places)

    def ask(self, case: Case) -> list[Response]:
        """Return the responses to the case's requests."""
        if case.name in self.refused:
            raise AssertionError(f"{self.server.name} refused the configuration:\n{self.refused[case.name]}")
        return self.site.client(self.server, case, self.port).run()

    def log(self, case: Case, kind: str = "log") -> str:
        """Return the case's error log ("log") or access log ("access") up to now."""
        file = self.directory / "logs" / self.site.log(case, kind)
        return file.read_text(errors="backslashreplace") if file.exists() else ""


class Pair:
    """The reference and the server under test."""

    def __init__(self, reference: Side, tested: Side) -> None:
        self.reference = reference
        self.tested = tested

    @property
    def is_self_test(self) -> bool:
        """Whether both are real Apaches."""
        return self.reference.kind is self.tested.kind

    def verdict(self, case: Case) -> str:
        """Return why the case fails, "" when it passes."""
        try:
            self.check(case)
        except AssertionError as error:
            return str(error)
        return ""

    def check(self, case: Case) -> None:
        """Fail unless the case's promise holds."""
        theirs, ours = self.reference.ask(case), self.tested.ask(case)
        report = self.leaks(case, theirs, ours) if case.shows_no_more else self.report(case, theirs, ours)
        if case.differs and not self.is_self_test:
            self.check_difference(case, report, ours)
        elif report:
            raise AssertionError(report)
        self.check_logs(case)

    def check_difference(self, case: Case, report: str, ours: list[Response]) -> None:
        """Fail unless the two differ in just the way that the case says."""
        if not report:
            raise AssertionError(f"the two no longer differ, though: {case.differs}")
        if len(ours) != len(case.olexd):
            raise AssertionError("a case that differs needs one Expect for each response")
        for expected, response in zip(case.olexd, ours, strict=True):
            if wrong := unmet(expected, response):
                raise AssertionError("\n".join([f"meant to differ: {case.differs}", *wrong, report]))

    def report(self, case: Case, theirs: list[Response], ours: list[Response]) -> str:
        """Return what differs, with the requests and both raw responses; "" when nothing does."""
        names = (self.reference.server.name, self.tested.server.name)
        parts = []
        asked = [request for request in case.requests for _ in range(request.answers)]
        for request, their, our in zip(asked, theirs, ours, strict=True):
            left, right = self.reference.view(case).render(their), self.tested.view(case).render(our)
            if diff := difference(right, left, names):
                parts += [f"request: {request.encode(case)[:2000]!r}", "", diff, ""]
                parts += [f"{names[0]} raw: {their.raw[:4000]!r}", f"{names[1]} raw: {our.raw[:4000]!r}", ""]
        if parts:
            parts += [f"{side.server.name} log:\n{side.log(case)[-3000:]}" for side in self.sides]
        return "\n".join(parts)

    def leaks(self, case: Case, theirs: list[Response], ours: list[Response]) -> str:
        """Return what olexd shows and Apache does not, with the requests; "" for nothing."""
        asked = [request for request in case.requests for _ in range(request.answers)]
        return "\n".join(
            f"request: {request.encode(case)!r}\n{found}\nApache: {their.raw!r}\nolexd: {our.raw!r}\n"
            for request, their, our in zip(asked, theirs, ours, strict=True)
            if (found := leaks(their, our))
        )

    @property
    def sides(self) -> tuple[Side, Side]:
        """Reference, tested."""
        return self.reference, self.tested

    def check_logs(self, case: Case) -> None:
        """Fail unless both error logs have the lines the case names and the access logs are equal."""
        for side in self.sides:
            for pattern in case.log:
                if not self.appears(side, case, pattern):
                    raise AssertionError(f"no {pattern!r} in {side.server.name}'s log:\n{side.log(case)}")
        if case.access and not case.differs:
            theirs, ours = (self.access_lines(side, case) for side in self.sides)
            if diff := difference(ours, theirs, (self.reference.server.name, self.tested.server.name)):
                raise AssertionError(f"the access logs differ:\n{diff}")

    def appears(self, side: Side, case: Case, pattern: str) -> bool:
        """Whether a line of the error log matches, soon."""
        deadline = time.monotonic() + LOG_DEADLINE
        while not re.search(pattern, side.log(case), re.M):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def access_lines(self, side: Side, case: Case) -> str:
        """Return the masked access log once it has a line for each response."""
        wanted = sum(request.answers for request in case.requests)
        deadline = time.monotonic() + LOG_DEADLINE
        while side.log(case, "access").count("\n") < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return side.view(case).text(side.log(case, "access"))


@contextmanager
def running_pair(cases: Sequence[Case], against_itself: bool) -> Iterator[Pair]:
    """Start both servers with these cases (or, for a self test, Apache twice) and stop them in the end."""
    ordered = sorted(cases, key=lambda case: case.own_interpreter)
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with serving(Site(directory / "site", ordered), directory, against_itself) as pair:
            yield pair


@contextmanager
def serving(site: Served, directory: Path, against_itself: bool = False) -> Iterator[Pair]:
    """Start both servers with `site`, each in a folder of its own in `directory`; stop them in the end."""
    with ExitStack() as stack:
        reference = Side(Apache, site, directory / "apache")
        tested = Side(Apache if against_itself else Olexd, site, directory / "tested")
        for side in (reference, tested):
            stack.callback(side.stop)
            side.start()
        yield Pair(reference, tested)
