"""The directives of the configuration itself: names, listening, reading, AllowOverride."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended, overlaid
from olexd.config.module import ModuleSpec
from olexd.config.overrides import OVERRIDE_DIRECTIVES, AccessFiles, Overrides
from olexd.config.rows import Args, Arity, Context, Directive, Override, ignore
from olexd.config.server import Listen
from olexd.config.settings import UNSET, Merge, setting
from olexd.regex import RegexOptions, change_options, current_options


@dataclass(frozen=True, slots=True)
class Naming:
    """How a host is called. `port` 0 and `scheme` "" mean that ServerName gave none.

    A virtual host without ServerName has the main server's; aliases are each host's own.
    """

    name: str = setting("")
    port: int = setting(0)
    scheme: str = setting("")
    aliases: tuple[str, ...] = setting(())
    wild_aliases: tuple[str, ...] = setting(())

    def merged_with(self, inner: Naming) -> Naming:
        """Return the names of a virtual host below this main server."""
        if inner.name is not UNSET:  # type: ignore[comparison-overlap]
            return inner
        return dataclasses.replace(inner, name=self.name, port=self.port, scheme=self.scheme)


@dataclass(frozen=True, slots=True)
class Listeners:
    """What the server listens on, by host, port and path (main server only)."""

    listens: Mapping[tuple[str, int, str], Listen] = setting({}, Merge.OVERLAY)


_SERVER_NAME: Final = re.compile(r"(?:(?P<scheme>[^/:]*)://)?(?P<host>[^/]*)")


def _server_name(conf: Naming, args: Args) -> Naming:
    match = _SERVER_NAME.match(args.word)
    host = match["host"] if match else ""
    scheme = (match["scheme"] if match else None) or ""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, "0"
    elif not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise DirectiveError(
            f'The port number "{args.word}" is outside the appropriate range (i.e., 1..65535).'
        )
    if not name:
        raise DirectiveError(f"ServerName '{args.word}' has no host name")
    return dataclasses.replace(conf, name=name, port=int(port), scheme=scheme.lower())


def _server_alias(conf: Naming, args: Args) -> Naming:
    # Brackets belong to IPv6 addresses here.
    wild = tuple(word for word in args.words if "*" in word or "?" in word)
    plain = tuple(word for word in args.words if word not in wild)
    return extended(extended(conf, "aliases", plain), "wild_aliases", wild)


def _listen(conf: Listeners, args: Args) -> Listeners:
    if not 1 <= len(args.words) <= 2:
        raise DirectiveError("Listen requires 1 or 2 arguments.")
    address = args.word
    if address.startswith("unix:"):
        listen = Listen(path=_unix_path(address), protocol=_protocol(args, 0), where=args.where)
    else:
        host, port = _host_and_port(address)
        listen = Listen(host, port, "", _protocol(args, port), args.where)
    place = (listen.host, listen.port, listen.path)
    if conf.listens is not UNSET and place in conf.listens:  # type: ignore[comparison-overlap]
        raise DirectiveError("Cannot define multiple Listeners on the same IP:port")
    return overlaid(conf, "listens", {place: listen})


def _unix_path(address: str) -> str:
    path = address.removeprefix("unix:")
    if not path.startswith("/"):
        raise DirectiveError("Listen unix: needs an absolute path")
    return path


def _protocol(args: Args, port: int) -> str:
    return args.words[1].lower() if len(args.words) == 2 else "https" if port == 443 else "http"


def _host_and_port(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if (not colon and not address.isdecimal()) or address.endswith("]"):
        raise DirectiveError("Port must be specified")
    if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise DirectiveError("Invalid address or port")
    if not host.startswith("["):
        if ":" in host or "/" in host:
            raise DirectiveError("Invalid address or port", "an IPv6 address stands in brackets")
        return ("" if host == "*" else host), int(port)
    try:
        return str(ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError:
        raise DirectiveError("Invalid address or port") from None


_REGEX_OPTIONS: Final = frozenset(RegexOptions._fields)


def _regex_options(conf: Naming, args: Args) -> Naming:
    """Change what the patterns behind this line mean; words without a sign start from nothing."""
    options = current_options()
    for position, word in enumerate(args.words):
        name = word.lstrip("+-")
        if position == 0 and word == name:
            options = RegexOptions(*[False] * len(_REGEX_OPTIONS))
        if word.lower() == "none":
            continue
        if name.lower() not in _REGEX_OPTIONS:
            raise DirectiveError(f"RegexDefaultOptions: option '{name}' unknown")
        options = options._replace(**{name.lower(): word[0] != "-"})
    change_options(options)
    return conf


def _error(conf: Naming, args: Args) -> Naming:
    raise DirectiveError(args.raw or "The Error directive was used with no message.")


def _reading(name: str, arity: Arity, help: str) -> Directive:
    """Return the row of a directive that acts while the configuration is read."""
    return Directive(name, Context.SVD, arity, Naming, ignore, help)


BUILTIN: Final = ModuleSpec(
    name="config",
    identifiers=("core_module", "core.c", "http_module", "http_core.c", "so_module", "mod_so.c"),
    server=(Naming, Listeners, AccessFiles),
    directory=(Overrides,),
    directives=(
        Directive(
            "ServerName",
            Context.SV,
            Arity.ONE,
            Naming,
            _server_name,
            "The hostname and port of the server",
        ),
        Directive(
            "ServerAlias",
            Context.VHOST,
            Arity.ITERATE,
            Naming,
            _server_alias,
            "A name or names alternately used to access the server",
        ),
        Directive(
            "Listen",
            Context.SERVER,
            Arity.RAW,
            Listeners,
            _listen,
            "[ADDRESS:]PORT or unix:/PATH, and an optional protocol",
        ),
        *OVERRIDE_DIRECTIVES,
        Directive(
            "RegexDefaultOptions",
            Context.SERVER,
            Arity.RAW,
            Naming,
            _regex_options,
            "[+-]DOTALL, ICASE, DOLLAR_ENDONLY: what patterns in later lines mean",
            "DOTALL DOLLAR_ENDONLY",
        ),
        Directive(
            "Error",
            Context.SVDH,
            Arity.RAW,
            Naming,
            _error,
            "A message that makes the configuration fail",
            override=Override.ANY,
        ),
        _reading("Include", Arity.ONE, "Name(s) of the config file(s) to be included"),
        _reading(
            "IncludeOptional", Arity.ONE, "Name(s) of the config file(s) to be included, if there are any"
        ),
        _reading("Define", Arity.ONE_OR_TWO, "Define a variable, optionally with a value"),
        _reading("UnDefine", Arity.ONE, "Remove a variable"),
        _reading("ServerRoot", Arity.ONE, "The directory that relative paths start from"),
        _reading("LoadModule", Arity.TWO, "a module name and the name of a shared object file"),
        _reading("Use", Arity.RAW, "The name of a macro and what its parameters stand for"),
        _reading("UndefMacro", Arity.ONE, "The name of a macro to forget"),
    ),
)
