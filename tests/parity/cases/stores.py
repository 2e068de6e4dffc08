"""What session stores keep, for how long, where, and what their clean-up leaves in the log."""

from __future__ import annotations

from tests.parity.cases.sessions import CONFIG, KINDS, each_kind, visits
from tests.parity.runner.case import LOCATION, Case, get
from tests.parity.runner.shows import shows

LOGGED = f"LogLevel info\n{CONFIG}"
OWN_PLACE = """
import os
options = req.get_options()
options['session_directory'] = options['mod_python.session.database_directory'] + '/' + __name__
options['mod_python.session.database_directory'] = options['session_directory']
os.makedirs(options['session_directory'], exist_ok=True)
"""
PATH = """
def path_of(session):
    return os.path.join(session._sessdir, session.id()[:2], session.id())
"""


def files(name: str, handler: str, *queries: str, **details: object) -> Case:
    """Return a case about the files of sessions, in a directory of its own."""
    details.setdefault("config", LOGGED)
    return visits(f"file-{name}", OWN_PLACE + PATH + handler, *queries, cookies=False, **details)  # type: ignore[arg-type]


LAYOUT = """
import pickle, stat
session = Session.FileSession(req, lock=0)
session.save()
with open(path_of(session), 'rb') as file:
    data = file.read()
say(data[:2], sorted(pickle.loads(data)))
say(os.path.basename(session._sessdir), len([n for n in os.listdir(session._sessdir) if len(n) == 2]))
say(oct(stat.S_IMODE(os.stat(os.path.dirname(path_of(session))).st_mode)))
os.utime(path_of(session), (5, 5))
again = Session.FileSession(req, sid=session.id(), lock=0)
say(again.is_new(), os.stat(path_of(session)).st_mtime > 5)
again.delete()
again.delete()
say(os.path.exists(path_of(session)))
"""
EXPIRED_FILE = """
session = Session.FileSession(req, lock=0)
session._accessed = 5
session.save()
os.utime(path_of(session), (5, 5))
say(Session.FileSession(req, sid=session.id(), lock=0).is_new(), os.stat(path_of(session)).st_mtime)
"""
BROKEN = """
session = Session.FileSession(req, lock=0)
session.save()
with open(path_of(session), 'wb') as file:
    file.write(b'junk')
say(Session.FileSession(req, sid=session.id(), lock=0).is_new())
"""
SWEPT = """
for age in (0, 5000, 5000):
    session = Session.FileSession(req, lock=0)
    session.save()
    os.utime(path_of(session), (time.time() - age,) * 2)
Session.FileSession(req, lock=0, verify_cleanup=0).cleanup()
"""
STATUS = """
session = Session.FileSession(req, lock=0)
session.save()
if req.args == 'look':
    with open(os.path.join(session._sessdir, 'fs_status.txt')) as file:
        say(file.read().split()[:4])
else:
    session.cleanup()
"""
ANOTHER_SWEEP = """
session = Session.FileSession(req, lock=0)
session.save()
lock = os.path.join(session._sessdir, '.mp_sess.lck')
open(lock, 'w').close()
if req.args:
    os.utime(lock, (5, 5))
session.cleanup()
"""
LOADS_AGAIN = """
session = Kind(req, lock=0)
session['a'] = 1
session.save()
session['a'], session['b'] = 5, 2
say(session.load(), sorted(session.items()))
session.clear()
say(session.load(), sorted(session.items()))
"""
DELETED = """
session = Kind(req, lock=0)
session.save()
session.delete()
session.delete()
session['x'] = 1
session.save()
say(session.load(), sorted(session.items()), session.is_new())
session.invalidate()
session.invalidate()
session.save()
say(session._invalid, session.load())
"""
EXPIRED = """
session = Kind(req, lock=0)
session['n'] = 1
session._accessed = time.time() - 5000
session.save()
other = Kind(req, sid=session.id(), lock=0)
say(other.is_new(), dict(other))
other._sid = session.id()
say(other.do_load()['_data'])
"""
READ_ONLY = """
session = Kind(req, lock=0)
if session.is_new():
    session._accessed = time.time() - 1700
    session.save()
else:
    say(time.time() - session.do_load()['_accessed'] > 1600, time.time() - session.last_accessed() < 5)
"""
LOCKS = """
session = Kind(req, lock=0)
session.lock()
say(session._locked, session._lock, session._secret, session._invalid, session._new)
session.unlock()
"""
POSITIONS = """
class Own(Session.BaseSession):
    def do_load(self): return {'_accessed': time.time()}
    def do_save(self, record): pass
    def do_delete(self): pass
session = Own(req, None, None, 0, 77)
say(session._lock, session.timeout(), session._locked)
try:
    Own(req, '0' * 32, None, 0)
except KeyError as error:
    say(error)
say(Session.MemorySession(req, 0, None, 88, 0).timeout(), Session.FileSession(req, 0, None, 89, 0).timeout())
say(Session.DbmSession(req, None, 0, None, Session.dbm, 90, 0).timeout())
say(Session.Session(req, 0, None, 91, 0).timeout())
"""

CASES = [
    *each_kind("loads-again", LOADS_AGAIN),
    *each_kind("deleted-twice", DELETED),
    *each_kind("expired-stays", EXPIRED),
    *each_kind("read-only", READ_ONLY, "", "", "", kinds=("MemorySession", "DbmSession")),
    *each_kind("locks-by-hand", LOCKS, kinds=[kind for kind in KINDS if kind != "FileSession"]),
    visits("arguments-by-position", POSITIONS, cookies=False),
    files("layout", LAYOUT),
    files("expired", EXPIRED_FILE),
    files("broken", BROKEN, log=["Error while loading a session : Traceback"]),
    files(
        "unknown",
        "say(Session.FileSession(req, sid='0' * 32, lock=0).is_new())",
        log=["Error while loading a session : Traceback"],
    ),
    files(
        "swept",
        SWEPT,
        log=[
            r"FileSession: registered filesession cleanup\.",
            r"FileSession cleanup: \(fast=True, verify=(0|False)\)",
            # The original gives two sessions that are made at once the same id.
            r"FileSession cleanup: deleted (2 of 3|1 of 2|1 of 1) in [\d.]+ seconds",
        ],
    ),
    files("sweep-status", STATUS, "", "look"),
    files("sweep-beside-another", ANOTHER_SWEEP, "", "old", log=[r"FileSession cleanup[: ]"]),
    shows(
        "session-words",
        *(f"Session.true_or_false({word})" for word in ("'YES'", "'nO'", "'None'", "2", "1.0", "0.0", "[]")),
        "Session.md5_hash('\u20ac')",
        "Session._check_sid(5)",
        "Session.Session(req, 'x')",
        "Session.Session(req, sid=5)",
        "Session.MemorySession(req, sid=b'x')",
        "Session.mem_cleanup({})",
    ),
    Case(
        "session-mutex-options",
        [get("/")],
        "PythonOption mod_python.mutex_directory /nowhere\nPythonOption mod_python.mutex_locks 4\n"
        + LOCATION,
        handler="from mod_python import Session\nreq.write(str(Session.MemorySession(req).is_new()), 0)",
        masks=[(r"(?m)^(Set-Cookie): .*", r"\1")],
    ),
]
