"""One pass of a set of rules over a request.

While it goes on, `request.filename` is the path or URL as rewritten so far, and `request.args` its query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from olexd.config.core import CoreServer
from olexd.errorlog import Level
from olexd.model.cgi_env import own_url, scheme
from olexd.model.request import Request
from olexd.modules.mappers.rewrite.conditions import Conditions
from olexd.modules.mappers.rewrite.cookies import set_cookie
from olexd.modules.mappers.rewrite.flags import RuleFlags
from olexd.modules.mappers.rewrite.maps import RewriteMap
from olexd.modules.mappers.rewrite.references import groups_of
from olexd.modules.mappers.rewrite.rules import Rule
from olexd.modules.mappers.rewrite.settings import RuleSet
from olexd.status import FORBIDDEN, INTERNAL_SERVER_ERROR

_ABSOLUTE: Final = re.compile(
    r"(?:ajp|balancer|fcgi|ftp|gopher|h2|h2c|http|https|ldap|ldaps|nntp|scgi|unix|uwsgi|ws|wss)://"
    r"|(?:mailto|news|nntp):",
    re.IGNORECASE,
)
_WITHOUT_QUERY: Final = re.compile(r"(?:ftp|gopher|ldaps?|mailto|news|nntp):", re.IGNORECASE)
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/:?]+)(?::(?P<port>\d+))?(?P<path>/.*)?", re.IGNORECASE | re.DOTALL
)


def is_absolute(target: str) -> bool:
    """Return whether a target is a URL with a scheme and so leads away from this server."""
    return _ABSOLUTE.match(target) is not None


class Pass(Conditions):
    """A set of rules on its way over a request.

    `answer` is the status to answer with at once, 0 for none; `redirect` the 3xx status for a target that is
    a URL. `noescape`, `pass_through`, `proxy` and `end` tell what the last rules asked for, `free_prefix`
    whether their path may be one of the file system.
    """

    def __init__(self, request: Request, rules: RuleSet, maps: Mapping[str, RewriteMap]) -> None:
        super().__init__(request, rules, maps)
        self.answer = 0
        self.redirect = 302
        self.noescape = False
        self.pass_through = False
        self.proxy = False
        self.end = False
        self.free_prefix = True

    async def run(self) -> bool:
        """Apply the rules; return whether one of them changed something, or there is an `answer`."""
        rules = self._rules.rules
        changed = False
        position = rounds = 0
        while position < len(rules):
            rule = rules[position]
            position += 1
            if self._is_left_out(rule):
                continue
            if not await self._apply(rule):
                position = _behind_chain(rules, position)
                continue
            flags = rule.flags
            self._check_length()
            self.answer = self.answer or flags.answer
            if self.answer:
                return True
            changed = changed or rule.target is not None or flags.pass_through
            if rule.target is not None:
                self.noescape = flags.noescape
            self.pass_through, self.end, self.proxy = flags.pass_through, flags.end, flags.proxy
            if flags.pass_through or flags.end or flags.proxy or flags.last:
                break
            if flags.rounds:
                rounds += 1
                if rounds > flags.rounds:
                    return self._give_up(rule)
                position = 0
            else:
                position += flags.skip
        return changed

    def _is_left_out(self, rule: Rule) -> bool:
        return self.request.main is not None and (rule.flags.no_subrequests or bool(rule.flags.redirect))

    def _check_length(self) -> None:
        """Stop rules that make the path longer and longer."""
        limit = 2 * self.request.host.server[CoreServer].limit_request_line
        if limit and len(self.request.filename or "") > limit:
            self._log("AH10230: rewritten URL is too long, probably rules that loop")
            self.answer = INTERNAL_SERVER_ERROR

    def _give_up(self, rule: Rule) -> bool:
        self._log(f"AH10494: RewriteRule '{rule.source}' exceeded its maximum number of rounds")
        self.answer = INTERNAL_SERVER_ERROR
        return True

    # One rule

    async def _apply(self, rule: Rule) -> bool:
        """Return whether a rule and its conditions match; if so do what it says."""
        self._subject = self._path()
        match = rule.pattern.search(self._subject)
        if self._traced:
            self._log(f"applying pattern '{rule.pattern.pattern}' to uri '{self._subject}'", Level.TRACE3)
        if (match is None) is not rule.negated:
            return False
        self._groups = groups_of(match)
        self._caught = ()
        self._asked = []
        if not await self._conditions_hold(rule):
            return False
        parts = None if rule.target is None else await self._parts(rule.target, rule.flags)
        await self._set_variables(rule.flags)
        self._vary()
        if rule.target is not None and parts is not None:
            if self._smuggles(rule, parts):
                return True
            target = "".join(parts)
            if self._traced:
                self._log(f"rewrite '{self._subject}' -> '{target}'", Level.TRACE2)
            self._use(rule, target)
        await self._choose_content(rule.flags)
        return True

    def _path(self) -> str:
        """Return what patterns are compared with: in a section, the path below its directory."""
        request, directory = self.request, self._rules.directory
        path = request.filename or ""
        if not directory:
            return path
        path += request.path_info or ""
        return path[len(directory) :] if path.startswith(directory) else path

    def _smuggles(self, rule: Rule, parts: list[str]) -> bool:
        """Refuse a question mark that the client had encoded and that would begin the query."""
        if rule.flags.allow_question_mark or "%3f" not in self.request.unparsed_uri.lower():
            return False
        assert rule.target is not None
        pairs = zip(rule.target.parts, parts, strict=True)
        first = next((part for part, text in pairs if "?" in text), "")
        if isinstance(first, str):
            return False
        self._log("AH10508: Unsafe URL with %3f URL rewritten without UnsafeAllow3F")
        self.answer = FORBIDDEN
        return True

    def _use(self, rule: Rule, target: str) -> None:
        request, flags = self.request, rule.flags
        request.filename = target
        if flags.discard_path_info:
            request.path_info = ""
        self.free_prefix = flags.allow_prefix or not (rule.target is not None and rule.target.begins_open)
        self._split_query(rule)
        self._reduce()
        path = request.filename
        if self._rules.directory and not path.startswith("/") and not is_absolute(path):
            path = request.filename = self._rules.directory + path
        if flags.redirect:
            self.redirect = flags.redirect
            if not is_absolute(path):
                request.filename = _qualified(request, path)
        elif is_absolute(path) and not flags.proxy:
            self.redirect = 302

    def _split_query(self, rule: Rule) -> None:
        """Take the query off the target: in place of the request's own, or before it."""
        request, flags = self.request, rule.flags
        path = request.filename or ""
        if _WITHOUT_QUERY.match(path):
            request.args = None
            return
        own = None if flags.query_discard else request.args
        before, mark, query = path.rpartition("?") if flags.query_last else path.partition("?")
        if not mark:
            request.args = own
            return
        request.filename = before
        if flags.query_append and own:
            query = f"{query}&{own}"
        request.args = query.removesuffix("&") or None

    def _reduce(self) -> None:
        """Make a URL of this very host a path of it."""
        match = _URL.fullmatch(self.request.filename or "")
        if match is None or match["scheme"].lower() != scheme(self.request):
            return
        host = self.request.host
        port = int(match["port"] or (443 if match["scheme"].lower() == "https" else 80))
        if match["host"].lower() == host.name.lower() and port == host.port:
            self.request.filename = match["path"] or "/"

    async def _set_variables(self, flags: RuleFlags) -> None:
        request = self.request
        for entry in flags.environment:
            name = await self._expand(entry.name)
            if entry.value is None:
                del request.subprocess_env[name]
            else:
                value = await self._expand(entry.value)
                request.subprocess_env[name] = value.encode("utf-8", "surrogateescape")
        for cookie in flags.cookies:
            set_cookie(request, await self._expand(cookie))

    async def _choose_content(self, flags: RuleFlags) -> None:
        notes = self.request.notes
        if flags.content_type is not None:
            notes["rewrite-type"] = (await self._expand(flags.content_type)).lower().encode()
        if flags.handler is not None:
            notes["rewrite-handler"] = (await self._expand(flags.handler)).lower().encode()

    def _vary(self) -> None:
        """Tell caches which request fields the conditions that matched looked at."""
        headers = self.request.headers_out
        for name in self._asked:
            present = headers.get("Vary")
            if present is None:
                headers["Vary"] = name
            elif name.lower() not in [word.strip().lower() for word in present.split(",")]:
                headers["Vary"] = f"{present},{name}"


def _behind_chain(rules: tuple[Rule, ...], position: int) -> int:
    """Return where to go on after a rule that did not match: behind those chained to it."""
    while position < len(rules) and rules[position - 1].flags.chain:
        position += 1
    return position


def _qualified(request: Request, path: str) -> str:
    path = path if path.startswith("/") else f"/{path}"
    return own_url(request, path)
