"""What the references in rules and conditions stand for in a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.model.logging import is_logged, log_request
from olexd.model.request import Request
from olexd.model.variables import HEADER_VARIABLES, RequestVariables
from olexd.modules.mappers.rewrite.flags import RuleFlags
from olexd.modules.mappers.rewrite.maps import RewriteMap
from olexd.modules.mappers.rewrite.settings import RuleSet
from olexd.modules.mappers.rewrite.text import Group, Lookup, Text, Variable
from olexd.phases.sides import to_pool
from olexd.phases.subrequest import lookup_file, lookup_uri

_PLAIN: Final = re.compile(r"[A-Za-z0-9_]")
_CONTROLS: Final = re.compile(r"[\x00-\x20\x7f]")


class References:
    """A request and what patterns caught of it.

    `_subject` is what the rule's pattern was compared with, `_groups` what its groups caught, `_caught` those
    of the last condition that matched, `_asked` the request fields that conditions looked at.
    """

    def __init__(self, request: Request, rules: RuleSet, maps: Mapping[str, RewriteMap]) -> None:
        self.request = request
        self._rules = rules
        self._maps = maps
        self._groups: tuple[str, ...] = ()
        self._caught: tuple[str, ...] = ()
        self._subject = ""
        self._asked: list[str] = []
        self._traced = is_logged(request.conf, Level.TRACE1, "rewrite")

    def _log(self, message: str, level: Level = Level.ERR) -> None:
        log_request(self.request, message, level, "rewrite")

    async def _expand(self, text: Text, vary: bool = False) -> str:
        """Return a text with all references filled in."""
        return "".join(await self._parts(text, None, vary))

    async def _parts(self, text: Text, flags: RuleFlags | None, vary: bool = False) -> list[str]:
        """Return what the parts of a text stand for; `flags` say how to escape what groups caught."""
        plain: list[str] = []
        for part in text.parts:
            if isinstance(part, str):
                plain.append(part)
            elif isinstance(part, Group):
                plain.append(self._group(part, flags))
            elif isinstance(part, Variable):
                plain.append(await self._variable(part, vary))
            else:
                plain.append(await self._map_value(part))
        return plain

    def _group(self, group: Group, flags: RuleFlags | None) -> str:
        found = self._groups if group.sign == "$" else self._caught
        value = found[group.number] if group.number < len(found) else ""
        if flags is None or (flags.escape is None and not flags.escape_controls):
            return value
        return _escaped(value, flags)

    async def _variable(self, variable: Variable, vary: bool) -> str:
        request = self.request
        name = variable.name
        if variable.kind in ("LA-U", "LA-F"):
            return await self._look_ahead(variable)
        if variable.kind == "ENV":
            return RequestVariables(request, False).function("env", name)
        if variable.kind == "SSL":
            return ""
        header = name if variable.kind == "HTTP" else HEADER_VARIABLES.get(name)
        if header is None:
            return RequestVariables(request, False).variable(name)
        value: str | None = request.headers_in.get(header)
        if vary and value is not None and header.lower() != "host":
            self._asked.append(header)
        return value or ""

    async def _look_ahead(self, variable: Variable) -> str:
        """Return a variable as it will be when the path, or the file, is served."""
        is_file = variable.kind == "LA-F"
        path = self.request.filename or "" if is_file else self._subject
        if not path.startswith("/"):
            path = (self._rules.base or self._rules.directory).rstrip("/") + "/" + path
        found = await self._look_up(path, is_file)
        return "" if found is None else RequestVariables(found, False).variable(variable.name.upper())

    async def _map_value(self, lookup: Lookup) -> str:
        found = self._maps.get(lookup.map)
        if found is None:
            self._log(f"map '{lookup.map}' is not defined", Level.DEBUG)
            return await self._expand(lookup.default)
        key = await self._expand(lookup.key)
        await to_pool(self.request)
        try:
            value = found.find(key)
        except OSError as error:
            self._log(f"AH00656: can't look up in RewriteMap {lookup.map}: {error.strerror}")
            value = None
        return await self._expand(lookup.default) if value is None else value

    async def _look_up(self, target: str, is_file: bool) -> Request | None:
        """Return a subrequest, None where it would not end or the path cannot be one."""
        request = self.request
        if not target or (request.main is not None and request.main.uri == request.uri):
            return None
        path, args = request.filename, request.args
        try:
            return await (lookup_file(request, target) if is_file else lookup_uri(request, target))
        except BadRequest:
            return None
        finally:
            request.filename, request.args = path, args


def groups_of(match: re.Match[str] | None) -> tuple[str, ...]:
    """Return a match and what its groups caught, "" for groups that took no part."""
    return () if match is None else (match[0], *(group or "" for group in match.groups()))


def _escaped(value: str, flags: RuleFlags) -> str:
    """Return what a group caught with the characters escaped that `B` and its like name."""
    blank = "%20" if flags.blanks_as_percent else "+"

    def one(char: str) -> str:
        if char in flags.unescaped:
            return char
        if flags.escape_controls and flags.escape is None:
            special = _CONTROLS.match(char) is not None
        elif flags.escape:
            special = char in flags.escape
        else:
            special = _PLAIN.match(char) is None
        if not special:
            return char
        if char == " ":
            return blank
        return "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))

    return "".join(map(one, value))
