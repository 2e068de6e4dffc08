"""Sessions: what they remember, for how long, their cookie, what subclasses and options change."""

from __future__ import annotations

from collections.abc import Sequence

from tests.parity.runner.case import LOCATION, Case, Expect, Request, get
from tests.parity.runner.shows import shows

KINDS = ("MemorySession", "DbmSession", "FileSession")
STATE = "PythonOption mod_python.session.database_directory @STATE@\n"
PLAIN = "PythonOption mod_python.session.samesite off\nPythonOption mod_python.session.httponly off\n"
"""olexd's cookies as mod_python sends them."""
CONFIG = LOCATION + STATE + PLAIN
DIRECTORY = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>\n'


def visits(
    name: str,
    handler: str,
    *queries: str,
    config: str = CONFIG,
    **details: object,
) -> Case:
    """Return a case in which a visitor, who keeps cookies, comes once for each query.

    The handler's statements see `req`, `Session`, `time` and `say(...)`, which writes a line.
    """
    requests: list[Request] = [get(f"/?{query}" if query else "/") for query in queries or ("",)]
    body = "\n".join(f"    {line}" for line in handler.strip().splitlines())
    source = (
        "from mod_python import apache, Cookie, Session\nimport time\n"
        "def handler(req):\n    req.content_type = 'text/plain'\n"
        "    def say(*words):\n        req.write(' '.join(map(str, words)) + '\\n', 0)\n"
        f"{body}\n    return apache.OK\n"
    )
    details.setdefault("cookies", True)
    return Case(f"session-{name}", requests, config, source=source, **details)  # type: ignore[arg-type]


def each_kind(name: str, handler: str, *queries: str, kinds: Sequence[str] = KINDS) -> list[Case]:
    """Return a case for each of mod_python's classes; the handler's `Kind` is the class."""
    return [
        visits(
            f"{name}-{kind.removesuffix('Session').lower()}", f"Kind = Session.{kind}\n{handler}", *queries
        )
        for kind in kinds
    ]


def options(name: str, *settings: str, config: str = LOCATION, handler: str = "") -> Case:
    """Return a case about PythonOptions and the cookie of a new session."""
    lines = "".join(f"PythonOption {setting}\n" for setting in settings)
    shown = ", type(session).__name__" if "type" in name else ""
    return visits(
        f"option-{name}",
        handler or f"session = Session.Session(req)\nsession.save()\nsay(session.is_new(){shown})",
        "",
        "",
        config=config + STATE + PLAIN + lines,
    )


COUNT = """
session = Kind(req)
session['n'] = session.get('n', 0) + 1
if req.args != 'unsaved':
    session.save()
say(session['n'], session.is_new(), sorted(session))
say(session == {'n': session['n']}, type(session.copy()).__name__)
"""
TIMES = """
session = Kind(req, timeout=100)
first = session.setdefault('created', session.created())
say(session.timeout(), first == session.created(), session.last_accessed() - time.time() > -5)
if req.args:
    session.set_timeout(int(req.args))
    say(session.timeout())
session.save()
"""
EXPIRES = """
session = Kind(req)
say(session.is_new(), session.get('who'))
session['who'] = 'visitor'
session._accessed = time.time() - 5000
session.save()
"""
ENDS = """
session = Kind(req)
say(session.is_new(), dict(session))
session['who'] = 'visitor'
session.save()
if req.args == 'delete':
    sid = session.id()
    session.delete()
    say(dict(session), session.id() == sid, session.is_new())
if req.args == 'invalidate':
    session.invalidate()
    session['who'] = 'ghost'
    session.save()
"""
BY_ID = """
session = Kind(req)
session['who'] = 'visitor'
session.save()
session.unlock()
again = Kind(req, sid=session.id())
say(again.is_new(), again['who'], again.id() == session.id(), len(again.id()))
again.unlock()
for bad in ('x', '../../etc/passwd', 'A' * 32, '0' * 31, '0' * 33):
    try:
        Kind(req, sid=bad)
    except ValueError as error:
        say(error)
unknown = Kind(req, sid='0' * 32)
say(unknown.is_new(), unknown.id() == '0' * 32)
"""
UNLOCKS = """
session = Kind(req)
say(session._locked)
session.unlock()
session.unlock()
say(session._locked)
session['n'] = session.get('n', 0) + 1
session.save()
other = Kind(req, sid=session.id(), lock=0)
say(other._locked, other['n'])
if req.args:
    1 / 0
"""
NESTED = """
session = Kind(req)
session.setdefault('items', []).append(req.args)
if req.args == 'first':
    session.save()
say(session['items'])
"""
CLEANS_UP = """
session = Session.FileSession(req, timeout=99)
say(session._fast_cleanup, session._verify_cleanup, session._cleanup_timeout)
say(session._grace_period, session._cleanup_time_limit)
"""
OWN_STORE = """
from mod_python import apache, Session
STORE = {}
CALLS = []
class Own(Session.BaseSession):
    def __init__(self, req, sid=0, secret=None, timeout=0, lock=1):
        Session.BaseSession.__init__(self, req, sid=sid, secret=secret, timeout=timeout, lock=lock)
    def init_lock(self):
        CALLS.append('init_lock %s' % bool(self._sid))
    def do_load(self):
        CALLS.append('load')
        return STORE.get(self._sid)
    def do_save(self, dict):
        CALLS.append('save %s' % sorted(dict))
        STORE[self._sid] = dict
    def do_delete(self):
        CALLS.append('delete')
        STORE.pop(self._sid, None)
    def do_cleanup(self):
        CALLS.append('cleanup')
def handler(req):
    req.content_type = 'text/plain'
    del CALLS[:]
    session = Own(req)
    session['n'] = session.get('n', 0) + 1
    session.save()
    if req.args == 'cleanup':
        session.cleanup()
    if req.args == 'drop':
        session.invalidate()
    req.write('%s %s %s' % (session['n'] if session else None, session.is_new(), CALLS), 0)
    return apache.OK
"""

CASES = [
    *each_kind("counts", COUNT, "", "", "unsaved", "", "unsaved"),
    *each_kind("times", TIMES, "", "50", ""),
    *each_kind("expires", EXPIRES, "", "", ""),
    *each_kind("ends", ENDS, "", "delete", "", "invalidate", ""),
    *each_kind("by-id", BY_ID),
    # The reference's file session takes its lock again when it is saved, and would wait for itself.
    *each_kind("unlocks", UNLOCKS, "", "", "fail", "", kinds=("MemorySession", "DbmSession")),
    *each_kind("mutable-values", NESTED, "first", "second", "third"),
    Case(
        "session-own-store",
        [get("/"), get("/"), get("/?cleanup"), get("/?drop"), get("/")],
        CONFIG,
        source=OWN_STORE,
        cookies=True,
    ),
    visits(
        "without-a-store",
        "try:\n    Session.BaseSession(req).save()\nexcept AttributeError as error:\n    say(error)",
        cookies=False,
    ),
    visits(
        "own-cookie",
        "class Own(Session.MemorySession):\n    def make_cookie(self):\n"
        "        cookie = Session.MemorySession.make_cookie(self)\n"
        "        cookie.secure = 1\n        cookie.comment = 'own'\n        return cookie\n"
        "session = Own(req)\nif req.args:\n    session.invalidate()\nsay(session.is_new())",
        "",
        "end",
        cookies=False,
    ),
    visits(
        "invalidate-header",
        "Session.Session(req).invalidate()\nsay(req.headers_out['Cache-Control'])",
        cookies=False,
    ),
    visits(
        "lost-on-error",
        "Session.Session(req).save()\nreturn int(req.args)",
        "403",
        "404",
        cookies=False,
    ),
    visits(
        "cleanup-is-announced",
        "session = getattr(Session, req.args)(req)\nsession.cleanup()\nsay('asked')",
        *KINDS,
        config=f"LogLevel info\n{CONFIG}",
        log=[
            r"MemorySession: registered session cleanup\.",
            r"DbmSession: registered database cleanup\.",
            r"FileSession: registered filesession cleanup\.",
        ],
    ),
    visits(
        "cleanup-chance",
        "Session.CLEANUP_CHANCE = 1\nsession = Session.MemorySession(req)\n"
        "Session.CLEANUP_CHANCE = 1000\nsay('made')",
        config=f"LogLevel info\n{CONFIG}",
        log=[r"MemorySession: registered session cleanup\."],
    ),
    visits(
        "that-cannot-be-pickled",
        "session = Session.DbmSession(req)\nsession['f'] = lambda: 1\n"
        "try:\n    session.save()\nexcept Exception as error:\n    say('not saved')",
    ),
    visits(
        "file-that-cannot-be-pickled",
        "session = Session.FileSession(req)\nsession['f'] = lambda: 1\nsession.save()\nsay('no error')",
        log=["Error while saving a session"],
    ),
    options("none"),
    options("cookie-name", "mod_python.session.cookie_name mine"),
    options("cookie-name-legacy", "session_cookie_name mine"),
    options("path", "mod_python.session.application_path /some/where"),
    options("path-legacy", "ApplicationPath /some"),
    options("path-both", "ApplicationPath /legacy", "mod_python.session.application_path /new"),
    options("domain", "mod_python.session.application_domain .example.test"),
    options("type-both", "session DbmSession", "mod_python.session.session_type FileSession"),
    *(options(f"type-{kind.lower()}", f"mod_python.session.session_type {kind}") for kind in KINDS),
    *(options(f"type-legacy-{kind.lower()}", f"session {kind}") for kind in KINDS),
    options(
        "type-unknown",
        "mod_python.session.session_type NoSession",
        handler="try:\n    Session.Session(req)\nexcept Exception as error:\n    say(error)",
    ),
    options("in-a-directory", "session MemorySession", config=DIRECTORY),
    Case(
        "session-path-of-a-directory",
        [get("/pub/page"), get("/pub/deeper/page")],
        f'{PLAIN}<Directory "@ROOT@/pub">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>',
        files={"pub/page": "", "pub/deeper/page": ""},
        handler="from mod_python import Session\nSession.MemorySession(req)\nreq.write(req.hlist.directory)",
    ),
    options(
        "file-clean-up",
        "mod_python.file_session.enable_fast_cleanup no",
        "mod_python.file_session.verify_session_timeout 0",
        "mod_python.file_session.cleanup_grace_period 10",
        "mod_python.file_session.cleanup_time_limit 5",
        handler=CLEANS_UP,
    ),
    options(
        "file-clean-up-legacy",
        "session_fast_cleanup false",
        "session_verify_cleanup 1",
        "session_grace_period 11",
        "session_cleanup_time_limit 6",
        handler=CLEANS_UP,
    ),
    options(
        "file-clean-up-wrong",
        "mod_python.file_session.enable_fast_cleanup on",
        handler="try:\n    Session.FileSession(req)\nexcept Exception as error:\n    say(repr(error))",
    ),
    options(
        "dbm-file",
        "session_dbm @STATE@/own.dbm",
        handler="session = Session.DbmSession(req)\nsay(session._dbmfile.rsplit('/', 1)[1])",
    ),
    shows(
        "session-helpers",
        "[Session.true_or_false(word) for word in ('yes', 'TRUE', '1', 1, True)]",
        "[Session.true_or_false(word) for word in ('no', 'False', '0', 0, False, None)]",
        "Session.true_or_false('on')",
        "Session.true_or_false('')",
        "Session.md5_hash('text'), Session.md5_hash(b'text') == Session.md5_hash('text')",
        "[bool(Session._check_sid(sid)) for sid in ('0' * 32, '0' * 31, '0' * 33, 'G' * 32, '')]",
        "bool(Session._check_sid(Session._new_sid(req)))",
        "Session.COOKIE_NAME, Session.DFT_TIMEOUT, Session.DFT_LOCK, Session.CLEANUP_CHANCE",
        "Session.DFT_FAST_CLEANUP, Session.DFT_VERIFY_CLEANUP, Session.DFT_GRACE_PERIOD",
        "Session.DFT_CLEANUP_TIME_LIMIT, Session.FS_STAT_VERSION",
    ),
    visits(
        "signed",
        "session = Session.MemorySession(req, secret='secret')\nsession.save()\nsay(session.is_new())",
        "",
        "",
        differs="a session with a secret works",
        olexd=[Expect(200, {"set-cookie": "pysid=[0-9a-f]{64}; .*"}, "True\n"), Expect(200, {}, "False\n")],
    ),
]
