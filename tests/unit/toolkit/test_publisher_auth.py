"""Who may use what is published: `__auth__`, `__access__`, `__auth_realm__`."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mod_python import publisher
from olexd.errors import ServerReturn
from tests.unit.python_support import make_request
from tests.unit.toolkit.publishing import ask, credentials, page, status, text

AUTH = """
from functools import wraps
seen = []
def index(): return 'in'
def kept(req):
    __auth_realm__ = 'the "realm"'
    def __auth__(req, user, passwd):
        return user == 'joe' and passwd == 'a:b'
    def __access__(req, user):
        return user != 'ann'
    return 'kept'
def checked(req):
    __auth__ = lambda req, user, passwd: passwd == 'right'
    __access__ = ('joe', 'ann')
    return 'checked'
def realm(req):
    return 'realm'
realm.__auth_realm__ = 'ignored without a guard'
def constant(req):
    __auth__ = True
    return 'constant'
def closed(req):
    __access__ = False
    return 'closed'
def unclear(req, strict=False):
    if strict:
        __auth__ = False
    else:
        __auth__ = True
    return 'unclear'
def either(req, strict=False):
    __auth__ = False if strict else True
    return 'either'
def mapping(req):
    __auth__ = {'joe': 'x'}
    return 'mapping'
def looped(req):
    for __access__ in (True,):
        pass
    return 'looped'
def tied(req, secret='x'):
    def __auth__(req, user, passwd):
        return passwd == secret
    return 'tied'
def maker(secret):
    def made(req):
        def __auth__(req, user, passwd):
            return passwd == secret
        return 'made'
    return made
made = maker('x')
def decorator(function):
    @wraps(function)
    def wrapper(req): return function(req)
    return wrapper
wrapped = decorator(checked)
def slow(req):
    async def __auth__(req, user, passwd): return False
    return 'slow'
def lazy(req):
    def __access__(req, user): yield False
    return 'lazy'
def attribute(req): return 'attribute'
attribute.__auth__ = lambda *args: False
class Door:
    __auth_realm__ = 'door'
    def __init__(self, auth): self.__auth__ = auth
    def method(self, req):
        __access__ = ['joe'] and ('joe',)
        return 'method'
    def plain(self): return 'plain'
    def inner(self, req):
        def __access__(req, user): return user == 'joe'
        return 'inner'
door = Door({'joe': 'x', 'ann': 'x', 'odd': None})
class Room:
    __access__ = ['joe']
    def __str__(self): return 'room'
room = Room()
class Set:
    __access__ = {'joe'}
    def __str__(self): return 'set'
sets = Set()
"""


def as_user(user: str, passwd: str) -> dict[str, Any]:
    """Return the header of a user's request."""
    return {"headers": [(b"Authorization", credentials(user, passwd))]}


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A site with a page full of guards."""
    page(tmp_path, AUTH)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "user", "passwd", "answer"),
    [
        ("kept", "joe", "a:b", "kept"),
        ("kept", "joe", "a", 401),
        ("kept", "ann", "a:b", 401),
        ("checked", "joe", "right", "checked"),
        ("checked", "joe", "wrong", 401),
        ("checked", "eve", "right", 403),
        ("constant", "anybody", "", "constant"),
        ("constant", "", "x", 401),
        ("closed", "joe", "x", 403),
        ("made", "joe", "x", "made"),
        ("made", "joe", "y", 401),
        ("wrapped", "joe", "right", "checked"),
        ("wrapped", "joe", "wrong", 401),
        ("door/plain", "joe", "x", "plain"),
        ("door/plain", "joe", "y", 401),
        ("door/plain", "eve", "x", 401),
        ("door/plain", "odd", "", 401),
        ("door/inner", "joe", "x", "inner"),
        ("door/inner", "ann", "x", 403),
        ("door/missing", "joe", "y", 401),
        ("room", "joe", "", "room"),
        ("room", "ann", "", 403),
        ("sets", "joe", "", "set"),
        ("sets", "ann", "", 403),
    ],
)
def test_guards(guarded: Path, path: str, user: str, passwd: str, answer: str | int) -> None:
    """Guards of functions, methods and objects let in whom they should, and nobody else."""
    details = as_user(user, passwd)
    if isinstance(answer, int):
        assert status(guarded, f"page/{path}", **details) == answer
    else:
        assert text(guarded, f"page/{path}", **details) == answer


@pytest.mark.parametrize("name", ["kept", "checked", "constant", "made", "wrapped", "door/plain", "door"])
def test_nobody_is_asked_who_they_are(guarded: Path, name: str) -> None:
    """Without credentials `__auth__` is 401."""
    assert status(guarded, f"page/{name}") == 401


@pytest.mark.parametrize("name", ["room", "sets", "closed"])
def test_access_asks_nobody(guarded: Path, name: str) -> None:
    """`__access__` alone is 403, without a challenge."""
    assert status(guarded, f"page/{name}") == 403


@pytest.mark.parametrize("name", ["unclear", "either", "mapping", "looped", "tied", "door/method"])
def test_guards_that_cannot_be_read_refuse(guarded: Path, name: str) -> None:
    """What a function defines in too clever a way lets nobody in, whatever it would have said."""
    assert status(guarded, f"page/{name}", **as_user("joe", "x")) == 403


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("name", ["slow", "lazy"])
def test_undecided_guards_fail(guarded: Path, name: str) -> None:
    """A coroutine or generator is no decision, although it counts as true."""
    with pytest.raises(TypeError, match="must decide at once"):
        ask(guarded, f"page/{name}", **as_user("joe", "x"))


def test_attributes_of_functions_are_no_guards(guarded: Path) -> None:
    """As in mod_python, only what is defined inside of a function guards it."""
    assert text(guarded, "page/attribute") == "attribute"


def test_the_challenge_names_the_realm(guarded: Path) -> None:
    """The realm is the innermost one, its quotes escaped."""
    for path, realm in (("kept", r"the \"realm\""), ("checked", "unknown"), ("door/plain", "door")):
        req = make_request(uri=f"/page/{path}")
        req.filename, req.path_info = str(guarded / "page"), f"/{path}"
        with pytest.raises(ServerReturn):
            publisher.handler(req)
        assert req.err_headers_out["WWW-Authenticate"] == f'Basic realm="{realm}"'


@pytest.mark.parametrize(
    "value",
    [
        b"Digest username=x",
        b"Basic",
        b"Basic !!!",
        b"Basic " + b64encode(b"no colon"),
        b"Basic " + b64encode(b"\xff:\xff"),
        b"Bearer" + b64encode(b"joe:right"),
        b"Digest " + b64encode(b"joe:right"),
    ],
)
def test_bad_credentials_are_400(guarded: Path, value: bytes) -> None:
    """Only well-formed Basic credentials are looked at, and only where there is a guard."""
    assert status(guarded, "page/checked", headers=[(b"Authorization", value)]) == 400
    assert text(guarded, "page", headers=[(b"Authorization", value)]) == "in"


def test_a_module_guards_everything_below(tmp_path: Path) -> None:
    """A module's guard comes before any look for objects, and does not set the request's user."""
    page(tmp_path, "__auth__ = {'joe': 'x'}\ndef index(req): return repr(req.user)")
    assert status(tmp_path, "page/missing") == 401
    assert status(tmp_path, "page") == 401
    assert status(tmp_path, "page/missing", **as_user("joe", "x")) == 404
    assert text(tmp_path, "page", **as_user("joe", "x")) == "None"


@pytest.mark.parametrize("value", ["None", "False", "0", "''", "{}", "()"])
def test_an_empty_guard_refuses(tmp_path: Path, value: str) -> None:
    """A guard that is there and says nothing says no."""
    page(tmp_path, f"__auth__ = {value}\nindex = 'in'", "auth.py")
    page(tmp_path, f"__access__ = {value}\nindex = 'in'", "access.py")
    assert status(tmp_path, "auth", **as_user("joe", "x")) == 401
    assert status(tmp_path, "access", **as_user("joe", "x")) == 403


def test_credentials_are_carried_on(tmp_path: Path) -> None:
    """Each object on the path may have its say about the same user."""
    page(
        tmp_path,
        "__auth__ = {'joe': 'x', 'ann': 'x'}\nclass C:\n    __access__ = ['joe']\n    x = 'in'\nobj = C()",
    )
    assert text(tmp_path, "page/obj/x", **as_user("joe", "x")) == "in"
    assert status(tmp_path, "page/obj/x", **as_user("ann", "x")) == 403


def test_an_empty_realm_is_a_realm(tmp_path: Path) -> None:
    """It is asked for as it is, also below where it was said."""
    page(tmp_path, "__auth_realm__ = ''\nclass C:\n    def __auth__(self, *known): return 0\nc = C()\n")
    req = make_request(uri="/page/c")
    req.filename = os.path.join(tmp_path, "page")
    req._record.path_info = "/c"
    with pytest.raises(ServerReturn):
        publisher.handler(req)
    assert req.err_headers_out["WWW-Authenticate"] == 'Basic realm=""'


def test_a_guarded_index_is_asked_about_hidden_names(tmp_path: Path) -> None:
    """A name with an underscore that is no module is a name of the index, which comes first."""
    page(tmp_path, "def __auth__(req, user, passwd): return user == 'joe'", "index.py")
    assert status(tmp_path, "_name") == 401
    assert status(tmp_path, "_name", **as_user("joe", "x")) == 403
