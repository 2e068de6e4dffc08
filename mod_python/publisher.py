"""Publishing a module's functions and objects by URL: `PythonHandler mod_python.publisher`.

`/dir/module/obj/method` calls `obj.method` of `dir/module.py` with the form's fields as arguments and sends
what it returns. What a module imports is not published, unless the module lists it in `__all__`; nor are
names with a leading underscore, modules, classes, attributes of functions and of Python's own objects.

Differences from mod_python 3.5: imported names and what belongs to Python or mod_python are refused, also
classes that have a metaclass and modules whose own name starts with an underscore; a form is read once in a
request; an empty part of the path is 404; `__auth__` may be a dict; results that are bytes are sent as they
are, and text in the charset of the content type.
"""

from __future__ import annotations

import os
import re
import types
from typing import Any, Final

from mod_python import apache, util
from mod_python._pages import PageCache
from mod_python._published import is_imported, is_publishable, is_traversable
from mod_python._restrictions import process_auth
from olexd.errorlog import Level
from olexd.errors import ServerReturn
from olexd.model.mp_request import mp_request
from olexd.status import OK

__all__ = [
    "PageCache",
    "apache",
    "default_builtins_tp_rule",
    "default_tp_rule",
    "handler",
    "page_cache",
    "process_auth",
    "publish_object",
    "resolve_object",
    "tp_rules",
    "util",
]

METHODS: Final = ("GET", "POST", "HEAD")

page_cache: Final = PageCache()
re_html: Final = re.compile(r"</html\s*>\s*\Z", re.IGNORECASE)
re_charset: Final = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)

Rule = tuple[bool, bool]
"""Whether objects of a type may be entered, and whether they may be published."""

default_tp_rule: Rule = (True, True)
default_builtins_tp_rule: Rule = (False, True)
tp_rules: Final[dict[type, Rule]] = {
    **dict.fromkeys((kind for kind in vars(types).values() if type(kind) is type), default_builtins_tp_rule),
    **dict.fromkeys((types.ModuleType, type, types.BuiltinFunctionType), (False, False)),
}
"""The rules by exact type. Applications may add their own types; what olexd never publishes stays closed."""


def handler(req: mp_request) -> int:
    """Publish the object that the URL names; return OK. Raises `SERVER_RETURN` with the status otherwise."""
    req.allow_methods(METHODS)
    if req.method not in METHODS:
        raise ServerReturn(405)
    path = _locate(req)
    module = page_cache[req]
    found = resolve_object(req, module, path, *process_auth(req, module))
    if not publish_object(req, found):
        _note_nothing(req)
    return OK


def _locate(req: mp_request) -> str:
    """Let the request's file name be that of the module; return the dotted path of the object in it.

    A module that does not exist is taken for an object of its directory's index module.
    """
    if req.filename is None:
        raise ServerReturn(404)
    directory, file = os.path.split(req.filename)
    name = _without_suffix(req, file or "index")
    path = (req.path_info or "").removeprefix("/").removesuffix("/")
    if _use_file(req, directory, name):
        if name.startswith("_"):
            raise _refusal(req, "load", name, "it starts with an underscore")
    else:
        path = f"{name}/{path}" if path else name
        if not _use_file(req, directory, "index"):
            raise ServerReturn(404)
    return path.replace("/", ".") or "index"


def _without_suffix(req: mp_request, name: str) -> str:
    for suffix in ("py", *req.get_addhandler_exts().split(), req.extension or ""):
        if suffix and name.endswith("." + suffix.lstrip(".")):
            return name[: -len(suffix.lstrip(".")) - 1]
    return name


def _use_file(req: mp_request, directory: str, name: str) -> bool:
    file = os.path.normpath(os.path.join(directory, name + ".py"))
    if not os.path.isfile(file):
        return False
    req.filename = file
    return True


def resolve_object(
    req: mp_request,
    obj: Any,
    object_str: str,
    realm: str | None = None,
    user: str | None = None,
    passwd: str | None = None,
) -> Any:
    """Return the object at the dotted path `object_str` below `obj`, each step's restrictions passed.

    Raises `SERVER_RETURN`: 404 for a missing name, 403 for one that is not to be had, 401 and 400 as
    `process_auth()`.
    """
    name = ""
    found_realm = "unknown" if realm is None else realm
    for number, name in enumerate(object_str.split(".")):
        if not name:
            raise ServerReturn(404)
        if name.startswith("_"):
            raise _refusal(req, "traverse", name, "it starts with an underscore")
        if number and not (_rule(obj)[0] and is_traversable(obj)):
            raise _refusal(req, "traverse", name, f"{type(obj).__name__} objects are not traversable")
        parent, obj = obj, _attribute(obj, name)
        if not number and is_imported(parent, name, obj):
            raise _refusal(req, "publish", name, "it is imported, and not in the module's __all__")
        found_realm, user, passwd = process_auth(req, obj, found_realm, user, passwd)
    if not (_rule(obj)[1] and is_publishable(obj)):
        raise _refusal(req, "publish", name, f"{type(obj).__name__} objects are not publishable")
    return obj


def _rule(obj: object) -> Rule:
    return tp_rules.get(type(obj), default_tp_rule)


def _attribute(obj: Any, name: str) -> Any:
    try:
        return getattr(obj, name)
    except AttributeError:
        raise ServerReturn(404) from None


def _refusal(req: mp_request, verb: str, name: str, reason: str) -> ServerReturn:
    """Log why something is refused; return what to raise."""
    req.log_error(f"Cannot {verb} {name} in {req.uri} because {reason}", Level.WARNING)
    return ServerReturn(403)


def publish_object(req: mp_request, obj: Any) -> bool:
    """Send an object, or what it and then its results return when called; return whether there was any text.

    Bytes are sent as they are, text in the charset of the content type, else in UTF-8. The content type,
    unless it is set, is text/html for what ends in `</html>`, else text/plain.
    """
    function = obj if callable(obj) else getattr(obj, "__call__", None)  # noqa: B004 - an instance's own
    if callable(function):
        return publish_object(req, util.apply_fs_data(function, _form(req), req=req))
    if obj is None:
        return False
    data = obj if isinstance(obj, bytes) else str(obj)
    if not req._content_type_set:
        end = data[-100:]
        text = end.decode("latin-1") if isinstance(end, bytes) else end
        req.content_type = "text/html" if re_html.search(text) else "text/plain"
    req.write(data if isinstance(data, bytes) else _encoded(data, req.content_type), 0)
    return True


def _encoded(text: str, content_type: str | None) -> str | bytes:
    """Return text in the charset that the content type promises; as it is without one that can hold it."""
    charset = re_charset.search(content_type or "")
    if charset is None:
        return text
    try:
        return text.encode(charset[1])
    except (LookupError, UnicodeEncodeError):
        return text


def _form(req: Any) -> util.FieldStorage:
    """Return the request's form; a body is read only once."""
    form = getattr(req, "form", None)
    if not isinstance(form, util.FieldStorage):
        form = req.form = util.FieldStorage(req, keep_blank_values=1)
    return form


def _note_nothing(req: mp_request) -> None:
    if req._bytes_queued or req.next is not None or req._peek_config().get("PythonDebug") != "1":
        return
    req.log_error("mod_python.publisher: nothing to publish.")
