"""`__auth__`, `__access__` and `__auth_realm__`: who may use a published object (toolkit spec 5.5).

A restriction that cannot be understood refuses everybody.
"""

from __future__ import annotations

import base64
import dis
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterator, Mapping
from functools import lru_cache
from hmac import compare_digest
from types import CodeType, FunctionType, MethodType
from typing import Any, Final, NamedTuple

from olexd.errorlog import Level
from olexd.errors import ServerReturn
from olexd.model.challenge import FIELD, basic_challenge
from olexd.model.mp_request import mp_request

AUTH: Final = "__auth__"
ACCESS: Final = "__access__"
REALM: Final = "__auth_realm__"

_NAMES: Final = (AUTH, ACCESS, REALM)
_STORES: Final = frozenset({"STORE_FAST", "STORE_DEREF"})
_CONSTANTS: Final = frozenset({"LOAD_CONST", "LOAD_SMALL_INT"})
_BETWEEN: Final = frozenset({"MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE", "EXTENDED_ARG", "NOP"})
"""Instructions between the loading of a nested function's code and the storing of the function."""

_MAX_LAYERS: Final = 32


class _Mark:
    """A value like no other."""


_ABSENT: Final = _Mark()
_UNCLEAR: Final = _Mark()
"""What a function defines in a way that cannot be read from outside."""


class _Restrictions(NamedTuple):
    auth: Any
    access: Any
    realm: Any


def process_auth(
    req: mp_request, object: Any, realm: str = "unknown", user: str | None = None, passwd: str | None = None
) -> tuple[str, str | None, str | None]:
    """Let a request pass an object's restrictions, or refuse it; return the realm and the credentials so far.

    A module or instance has them as attributes, a function defines them inside itself (nested functions or
    constants). `__auth__` is `f(req, user, password)`, a mapping of passwords or a truth value; `__access__`
    is `f(req, user)`, a collection of users or a truth value. Raises `SERVER_RETURN`: 401 without good
    credentials, 403 for a user who has no access, 400 for credentials that are not well-formed Basic ones.
    """
    found = _restrictions(object)
    if isinstance(found.realm, str):
        realm = found.realm
    if found.auth is _ABSENT and found.access is _ABSENT:
        return realm, user, passwd
    if not user:
        user, passwd = _credentials(req.headers_in.get("Authorization"))
    _check_clear(req, object, found)
    if found.auth is not _ABSENT and not (user and _is_known(req, found.auth, user, passwd)):
        req.err_headers_out[FIELD] = basic_challenge(realm)
        raise ServerReturn(401)
    if found.access is not _ABSENT and not _has_access(req, found.access, user):
        raise ServerReturn(403)
    return realm, user, passwd


def _check_clear(req: mp_request, object: Any, found: _Restrictions) -> None:
    if found.auth is _UNCLEAR or found.access is _UNCLEAR:
        req.log_error(
            f"{AUTH} and {ACCESS} in {object.__qualname__} must be functions or constants, defined once: "
            "nobody has access",
            Level.ERR,
        )
        raise ServerReturn(403)


def _credentials(header: str | None) -> tuple[str | None, str | None]:
    """Return user and password of an Authorization header, None for both without one; 400 for a bad one."""
    if header is None:
        return None, None
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode()
        user, passwd = text.split(":", 1)
    except ValueError:
        raise ServerReturn(400) from None
    if header[:6].lower() != "basic ":
        raise ServerReturn(400)
    return user, passwd


def _is_known(req: mp_request, auth: Any, user: str, passwd: str | None) -> bool:
    if callable(auth):
        return _decided(auth(req, user, passwd))
    if isinstance(auth, Mapping):
        return user in auth and _is_equal(auth[user], passwd)
    return bool(auth)


def _is_equal(expected: object, passwd: str | None) -> bool:
    """Compare passwords in a time that does not tell how far they are equal."""
    if not isinstance(expected, str) or passwd is None:
        return False
    return compare_digest(expected.encode("utf-8", "surrogatepass"), passwd.encode("utf-8"))


def _has_access(req: mp_request, access: Any, user: str | None) -> bool:
    if callable(access):
        return _decided(access(req, user))
    if isinstance(access, list | tuple | set | frozenset):
        return user in access
    return bool(access)


def _decided(result: object) -> bool:
    """Return a decision; what has yet to run, like a coroutine, is none although it counts as true."""
    if isinstance(result, Awaitable | Generator | AsyncGenerator):
        raise TypeError(f"{AUTH} and {ACCESS} must decide at once, not return a {type(result).__name__}")
    return bool(result)


def _restrictions(obj: Any) -> _Restrictions:
    function = obj.__func__ if isinstance(obj, MethodType) else obj
    if not isinstance(function, FunctionType):
        return _Restrictions(*(getattr(obj, name, _ABSENT) for name in _NAMES))
    found = {REALM: getattr(function, REALM, _ABSENT)}
    for layer in _layers(function):
        code = layer.__code__
        if _may_restrict(code):
            inner = {name: _made(layer, value) for name, value in _stored(code).items()}
            found = {**found, **inner}
    return _Restrictions(*(found.get(name, _ABSENT) for name in _NAMES))


def _layers(function: Any) -> Iterator[FunctionType]:
    """Yield the functions inside decorators' wrappers first: the outermost has the last word."""
    layers: list[FunctionType] = []
    while isinstance(function, FunctionType) and len(layers) < _MAX_LAYERS:
        layers.append(function)
        function = getattr(function, "__wrapped__", None)
    return reversed(layers)


def _may_restrict(code: CodeType) -> bool:
    """Return whether a function has a local variable of one of the names; nearly none has."""
    variables, cells = code.co_varnames, code.co_cellvars
    return any(name in variables or name in cells for name in _NAMES)


@lru_cache(maxsize=1024)
def _stored(code: CodeType) -> dict[str, Any]:
    """Return what a function assigns to the names: constants, or the code of nested functions."""
    parameters = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    own = {*code.co_varnames[parameters:], *code.co_cellvars}
    found: dict[str, Any] = {}
    last, straight = None, True
    for instruction in dis.get_instructions(code):
        if instruction.opname in _STORES and instruction.argval in _NAMES:
            clear = straight and not instruction.is_jump_target and instruction.argval not in found
            constant = clear and last is not None and last.opname in _CONSTANTS
            found[instruction.argval] = last.argval if constant and last is not None else _UNCLEAR
        if instruction.opname in _BETWEEN:
            straight = straight and not instruction.is_jump_target
        else:
            last, straight = instruction, True
    return {name: found.get(name, _UNCLEAR) for name in _NAMES if name in found or name in own}


def _made(function: FunctionType, value: Any) -> Any:
    """Return a constant, or the nested function as the outer one would make it."""
    if not isinstance(value, CodeType):
        return value
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if any(name not in cells for name in value.co_freevars):
        return _UNCLEAR
    closure = tuple(cells[name] for name in value.co_freevars)
    return FunctionType(value, function.__globals__, value.co_name, None, closure)
