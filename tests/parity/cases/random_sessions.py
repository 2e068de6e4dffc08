"""Random visits: sessions are opened, changed, saved, left to expire and ended, the same on both servers.

They are the same in every run: they are made from fixed seeds. In mod_python different sessions may share a
lock, FileSession takes its lock again behind `unlock()`, and ids made within a tenth of a millisecond are the
same: programs hold one lock at a time, let no file session unlock itself, and wait before a second session.
"""

from __future__ import annotations

import random

from tests.parity.cases.random_cookies import MENDED
from tests.parity.cases.sessions import CONFIG, KINDS
from tests.parity.runner.case import Case, Request, get

HANDLER = """\
from mod_python import apache, Cookie, Session
import time
@SETUP@
SIDS = []
PROGRAMS = @PROGRAMS@

class Visit:
    "One request: the sessions `s`, opened by the cookie, and `t`, opened by its id."
    def __init__(self, req):
        self.req = req
    def open(self, kind, **arguments):
        self.s = getattr(Session, kind)(self.req, **arguments)
        return self.known(self.s)
    def again(self, kind, number):
        if SIDS:
            time.sleep(0.001)
            self.t = getattr(Session, kind)(self.req, sid=SIDS[number % len(SIDS)], lock=0)
            return self.known(self.t)
    def known(self, session):
        if session.id() not in SIDS:
            SIDS.append(session.id())
        age = time.time() - session.created()
        return SIDS.index(session.id()), session.is_new(), session.timeout(), -5 < age < 60, dict(session)
    def age(self, session, seconds):
        session._accessed -= seconds
    def set(self, session, key, value):
        session[key] = value
    def add(self, session, value):
        session.setdefault('list', []).append(value)
        return session['list']
    def drop(self, session, key):
        del session[key]

def handler(req):
    req.content_type = 'text/plain'
    visit = Visit(req)
    for line in PROGRAMS[int(req.args)]:
        try:
            shown = repr(eval(line, {'visit': visit, 'req': req, 's': getattr(visit, 's', None),
                                     't': getattr(visit, 't', None)}))
        except Exception as error:
            shown = '%s: %s' % (type(error).__name__, error)
        req.write('%s -> %s\\n' % (line, shown), 0)
    return int(req.headers_in.get('X-Result', 0))
"""
KEYS = ("'a'", "'b'", "'\u00e4'", "1", "None", "('t', 1)", "b'a'")
VALUES = (
    "1",
    "'text'",
    "'\u00e4\u20ac'",
    "None",
    "[1, {'x': 2}]",
    "b'\\x00\\xff'",
    "(1, 2.5)",
    "True",
    "'x' * 300",
)
OPENINGS = ("", "", "", ", lock=0", ", timeout=100", ", timeout=100.5", ", sid=''", ", sid=None")
BAD_SIDS = ("'x'", "'0' * 31", "'0' * 33", "'A' * 32", "'../' * 10", "'0' * 32")
SIGNED = ((r"\b[0-9a-f]{64}\b", "SIGNED-ID"),)
STEPS = (
    *("visit.set({s}, {key}, {value})", "visit.set({s}, {key}, {value})", "visit.add({s}, {value})"),
    *(
        "{s}.get({key}, 'none')",
        "{s}[{key}]",
        "visit.drop({s}, {key})",
        "{s}.pop({key}, 'none')",
        "{key} in {s}",
    ),
    *("len({s}), bool({s})", "list({s})", "list({s}.items())", "{s}.copy(), type({s}.copy())", "{s} == {{}}"),
    *("{s}.update({{{key}: {value}}})", "{s}.clear()", "{s}.setdefault({key}, {value})", "repr(dict({s}))"),
    *(
        "{s}.save()",
        "{s}.save()",
        "{s}.save()",
        "{s}.load()",
        "{s}.load(), dict({s})",
        "{s}.timeout(), {s}.is_new()",
    ),
    *("{s}.set_timeout({seconds})", "visit.age({s}, {seconds})", "visit.age({s}, 2000)"),
    *("{s}.delete()", "{s}.invalidate()", "visit.known({s})", "{s}._locked, {s}._invalid, {s}._new"),
)
"""What programs do with a session."""


class Visits:
    """One random visitor, who keeps the cookies."""

    def __init__(self, seed: int, kind: str) -> None:
        self.random = random.Random(seed)
        self.kind = kind

    def step(self, session: str) -> str:
        """Return an expression about a session."""
        return self.random.choice(STEPS).format(
            s=session,
            key=self.random.choice(KEYS),
            value=self.random.choice(VALUES),
            seconds=self.random.choice(("0", "50", "100", "1e9")),
        )

    def program(self, secret: str) -> list[str]:
        """Return the expressions of one request."""
        bad = f", sid={self.random.choice(BAD_SIDS)}" if self.random.random() < 0.05 else ""
        opening = bad or self.random.choice(OPENINGS)
        lines = [f"visit.open({self.kind!r}{opening}{secret})"]
        lines += [self.step("s") for _ in range(self.random.randrange(9))]
        if self.random.random() < 0.6:
            lines.append("s.save()")
        if self.kind != "FileSession" and self.random.random() < 0.3:
            lines += ["s.unlock()"] * self.random.randrange(1, 3)
            lines += [self.step("s") for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.3 and (self.kind != "FileSession" or "lock=0" in opening):
            lines.append(f"visit.again({self.kind!r}, {self.random.randrange(4)})")
            lines += [self.step(self.random.choice("st")) for _ in range(self.random.randrange(5))]
        if self.kind == "MemorySession" and self.random.random() < 0.2:
            lines.append("s.cleanup()")
        return lines

    def request(self, number: int) -> Request:
        """Return a visit, which seldom ends in an error."""
        result = self.random.choice((0,) * 8 + (403, 500))
        return get(f"/?{number}", *((f"X-Result: {result}",) if result else ()))

    def case(self, name: str, secret: str = "") -> Case:
        """Return several visits as a case."""
        programs = [self.program(secret) for _ in range(8)]
        source = HANDLER.replace("@PROGRAMS@", repr(programs)).replace("@SETUP@", MENDED if secret else "")
        requests = [self.request(number) for number in range(len(programs))]
        return Case(
            name, requests, CONFIG, source=source, cookies=True, masks=SIGNED, own_interpreter=bool(secret)
        )


def visits(seed: int) -> Case:
    """Return a case about sessions of one kind."""
    kind = KINDS[seed % len(KINDS)]
    return Visits(seed, kind).case(f"random-visits-{seed}")


def signed(seed: int) -> Case:
    """Return a case about sessions with a secret, which the real mod_python opens when it is mended."""
    kind = KINDS[seed % len(KINDS)]
    return Visits(seed, kind).case(f"random-visits-signed-{seed}", ", secret='secret'")


CASES = [*(visits(seed) for seed in range(30)), *(signed(seed) for seed in range(3))]
