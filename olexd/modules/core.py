"""The core's directives: names, handlers, options, content; those of limits and logs have their own files."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.errors import DirectiveError
from olexd.config.gathered import overlaid
from olexd.config.module import ModuleSpec
from olexd.config.python import skips_mapping
from olexd.config.rows import Args, Arity, Context, Directive, Override, store, store_flag
from olexd.errorlog import Level
from olexd.expr import ExprError, string
from olexd.model.logging import log_request
from olexd.model.methods import register_method
from olexd.model.request import Request
from olexd.model.variables import check_text
from olexd.modules.accepted import ACCEPTED
from olexd.modules.environment import ENVIRONMENT_DIRECTIVES
from olexd.modules.hostnames import HOSTNAME_DIRECTIVES, HOSTNAME_HOOKS
from olexd.modules.limits import LIMIT_DIRECTIVES
from olexd.modules.logs import LOG_DIRECTIVES
from olexd.modules.words import current, store_choice
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED, DONE, NOT_FOUND, OK, REASONS

OPTIONS: Final = frozenset(
    {"followsymlinks", "symlinksifownermatch", "indexes", "execcgi", "includes", "includesnoexec"}
)
"""What `Options All` switches on."""

_KNOWN_STATUSES: Final = frozenset(REASONS) - {418}
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


# Setters


def set_document_root(conf: CoreServer, args: Args) -> CoreServer:
    """Store an existing directory, without a trailing slash."""
    path = args.path()
    if not os.path.isdir(path):
        raise DirectiveError(f"DocumentRoot '{args.word}' is not a directory, or is not readable")
    return replace(conf, document_root=path)


def set_error_document(conf: CoreDir, args: Args) -> CoreDir:
    """Store what stands in for a built-in page. A full URL for 401 is left out: that loses the challenge."""
    word, value = args.words
    if not word.isdigit() or int(word) not in _KNOWN_STATUSES:
        raise DirectiveError(f"Unsupported HTTP response code {word}")
    if int(word) == 401 and _ABSOLUTE.match(value):
        return conf
    documents = {int(word): check_text(value, args.vocabulary)}
    return overlaid(conf, "error_documents", documents)


def set_handler(conf: CoreDir, args: Args) -> CoreDir:
    """Store a handler's name, or an expression that makes one."""
    if "%{" not in args.word:
        return replace(conf, handler=_handler_name(args.word), handler_expression=None)
    try:
        expression = string(args.word, args.vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Can't parse handler expression '{args.word}': {error}") from None
    return replace(conf, handler_expression=expression)


def _handler_name(word: str) -> str:
    if word.lower().startswith("proxy:"):
        # A URL, whose path or socket may have capitals.
        return word
    return "" if word.lower() == "none" else word.lower()


def set_auth(conf: CoreDir, args: Args) -> CoreDir:
    """Store AuthType or AuthName, in which expressions may stand."""
    try:
        found = string(args.word, args.vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Cannot parse expression '{args.word}' in {args.name}: {error}") from None
    if args.name == "AuthName":
        return replace(conf, auth_name=found)
    return replace(conf, auth_type=None if args.word.lower() == "none" else found)


def _option_names(word: str) -> frozenset[str]:
    if word.lower() == "all":
        return OPTIONS
    if word.lower() == "none":
        return frozenset()
    if word.lower() not in OPTIONS | {"multiviews"}:
        raise DirectiveError(f"Illegal option {word}")
    return frozenset({word.lower()})


def _check_permitted(words: tuple[str, ...], permitted: frozenset[str]) -> None:
    """Refuse what `AllowOverride Options=` does not let a .htaccess file switch."""
    for word in words:
        if not _option_names(word.lstrip("+-")) <= permitted and "all" not in permitted:
            raise DirectiveError(f"Option {word.lstrip('+-')} not allowed here")


def set_options(conf: CoreDir, args: Args) -> CoreDir:
    """Store what Options switches on and off; a list without signs decides on every option."""
    words = args.words
    if args.options is not None:
        _check_permitted(words, args.options)
    signed = [word[0] in "+-" for word in words]
    if any(signed) and not all(signed):
        raise DirectiveError("Either all Options must start with + or -, or no Option may.")
    if any(word.lower() == "all" for word in words[1:]):
        raise DirectiveError("'Options All' must be the first option given.")
    if any(signed):
        edits = {name: word[0] == "+" for word in words for name in _option_names(word[1:])}
        return replace(conf, option_flags={**current(conf, "option_flags"), **edits})
    chosen = frozenset[str]().union(*map(_option_names, words))
    return replace(conf, option_flags={name: name in chosen for name in OPTIONS | {"multiviews"}})


def register_methods(conf: CoreServer, args: Args) -> CoreServer:
    """Make methods known, for the whole process."""
    for word in args.words:
        try:
            register_method(word)
        except ValueError as error:
            raise DirectiveError(f"RegisterHttpMethod: {error}") from None
    return conf


_ETAG_PARTS: Final = frozenset({"inode", "mtime", "size", "digest"})


def set_file_etag(conf: CoreDir, args: Args) -> CoreDir:
    """Store what entity tags are made of; words with a sign edit what is in force."""
    flags: dict[str, bool] = current(conf, "etag_flags")
    if not any(word[0] in "+-" for word in args.words):
        flags = dict.fromkeys((*_ETAG_PARTS, "none"), False)
    for word in args.words:
        name = word.lstrip("+-").lower()
        if name == "all":
            flags.update(dict.fromkeys(_ETAG_PARTS - {"digest"}, True))
        elif name == "none":
            flags = {**dict.fromkeys(_ETAG_PARTS, False), "none": True}
        elif name in _ETAG_PARTS:
            flags[name] = word[0] != "-"
        else:
            raise DirectiveError(f"Unknown keyword '{name}' for FileETag directive")
    return replace(conf, etag_flags=flags)


def _charset(word: str) -> str:
    return {"off": "", "on": "iso-8859-1"}.get(word.lower(), word)


_TOKENS: Final = {
    "prod": "prod",
    "productonly": "prod",
    "major": "major",
    "minor": "minor",
    "min": "min",
    "minimal": "min",
    "os": "os",
    "full": "full",
}


# Rows

_SV, _SVDH, _FILEINFO = Context.SV, Context.SVDH, Override.FILEINFO

_NAMES: Final = (
    Directive(
        "DocumentRoot",
        _SV,
        Arity.ONE,
        CoreServer,
        set_document_root,
        "Root directory of the document tree",
    ),
    Directive(
        "ServerAdmin",
        _SV,
        Arity.ONE,
        CoreServer,
        store("server_admin"),
        "The email address of the server administrator",
        "[no address given]",
    ),
    Directive(
        "UseCanonicalName",
        Context.SVD,
        Arity.ONE,
        CoreDir,
        store_choice(
            "use_canonical_name",
            {"on": "on", "off": "off", "dns": "dns"},
            "parameter must be 'on', 'off', or 'dns'",
        ),
        "Whether self-referential URLs name the server as configured or as the client did",
        "Off",
    ),
    Directive(
        "UseCanonicalPhysicalPort",
        Context.SVD,
        Arity.FLAG,
        CoreDir,
        store_flag("physical_port"),
        "Whether self-referential URLs name the real port when nobody named another",
        "Off",
    ),
    Directive(
        "StrictHostCheck",
        _SV,
        Arity.FLAG,
        CoreServer,
        store_flag("strict_host_check"),
        "Whether requests for a host that no ServerName or ServerAlias names are refused",
        "Off",
    ),
    Directive(
        "ServerTokens",
        Context.SERVER,
        Arity.ONE,
        CoreServer,
        store_choice(
            "server_tokens",
            _TOKENS,
            "ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', 'OS', or 'Full'",
        ),
        "How much the Server header tells",
        "Full",
    ),
    Directive(
        "ServerSignature",
        _SVDH,
        Arity.ONE,
        CoreDir,
        store_choice(
            "server_signature",
            {"off": "off", "on": "on", "email": "email"},
            "ServerSignature: use one of: off | on | email",
        ),
        "A line about the server at the end of built-in pages",
        "Off",
        Override.ANY,
    ),
)

_HANDLING: Final = (
    Directive(
        "SetHandler",
        _SVDH,
        Arity.ONE,
        CoreDir,
        set_handler,
        "The handler of all requests here, an expression for one, or None",
        override=_FILEINFO,
    ),
    Directive(
        "AcceptPathInfo",
        _SVDH,
        Arity.ONE,
        CoreDir,
        store_choice(
            "accept_path_info",
            {"on": "on", "off": "off", "default": "default"},
            "AcceptPathInfo must be set to on, off or default",
        ),
        "Whether a path may go on behind a file",
        "Default",
        _FILEINFO,
    ),
    Directive(
        "AllowEncodedSlashes",
        _SV,
        Arity.ONE,
        CoreServer,
        store_choice(
            "encoded_slashes",
            {"on": "on", "off": "off", "nodecode": "nodecode"},
            "AllowEncodedSlashes must be On, Off, or NoDecode",
        ),
        "Whether %2F may stand in a path",
        "Off",
    ),
    Directive(
        "MergeSlashes",
        _SV,
        Arity.FLAG,
        CoreServer,
        store_flag("merge_slashes"),
        "Whether several slashes in a path count as one",
        "On",
    ),
    Directive(
        "RegisterHttpMethod",
        Context.SERVER,
        Arity.ITERATE,
        CoreServer,
        register_methods,
        "Methods that files answer with 405 and not 501, and that may be named in Require and AllowMethods",
    ),
    Directive(
        "MergeTrailers",
        _SV,
        Arity.FLAG,
        CoreServer,
        store_flag("merge_trailers"),
        "Whether fields behind a chunked body count as header fields once the body has been read",
        "Off",
    ),
    Directive(
        "TraceEnable",
        _SV,
        Arity.ONE,
        CoreServer,
        store_choice(
            "trace_enable",
            {"on": "on", "off": "off", "extended": "extended"},
            "TraceEnable must be one of 'on', 'off', or 'extended'",
        ),
        "Whether TRACE is answered",
        "On",
    ),
    Directive(
        "Options",
        _SVDH,
        Arity.RAW,
        CoreDir,
        set_options,
        "What is allowed in a directory",
        "FollowSymLinks",
        Override.OPTIONS,
    ),
    Directive(
        "AuthType",
        Context.DH,
        Arity.ONE,
        CoreDir,
        set_auth,
        "How users are authenticated: None, Basic or a name",
        override=Override.AUTHCONFIG,
    ),
    Directive(
        "AuthName",
        Context.DH,
        Arity.ONE,
        CoreDir,
        set_auth,
        "The authentication realm",
        override=Override.AUTHCONFIG,
    ),
)

_CONTENT: Final = (
    Directive(
        "ErrorDocument",
        _SVDH,
        Arity.TWO,
        CoreDir,
        set_error_document,
        "Change responses for HTTP errors",
        override=_FILEINFO,
    ),
    Directive(
        "FileETag",
        _SVDH,
        Arity.RAW,
        CoreDir,
        set_file_etag,
        "What the entity tags of files are made of",
        "MTime Size",
        _FILEINFO,
    ),
    Directive(
        "AddDefaultCharset",
        _SVDH,
        Arity.ONE,
        CoreDir,
        store("add_default_charset", _charset),
        "The charset of text/plain and text/html responses that name none",
        "Off",
        _FILEINFO,
    ),
)

# Hooks


def map_to_document_root(request: Request) -> int:
    """Map what nobody else mapped: the path below DocumentRoot."""
    root = request.host.server[CoreServer].document_root
    uri = request.uri
    if uri == "*" and request.method == "OPTIONS":
        # It asks for nothing that could be guarded: httpd answers at once.
        return DONE
    if not uri.startswith("/"):
        return DECLINED
    if not root:
        # Without a root the path would be one of the whole file system.
        log_request(request, f"no DocumentRoot for {uri}", Level.INFO, "core")
        return NOT_FOUND
    request.filename = uri if root == "/" else root + uri
    return OK


MODULE: Final = Module(
    ModuleSpec(
        "core",
        ("core.c", "http_core.c", "core_module", "http_module", "mod_core.c"),
        (CoreServer,),
        (CoreDir,),
        (
            *_NAMES,
            *_HANDLING,
            *_CONTENT,
            *ENVIRONMENT_DIRECTIVES,
            *HOSTNAME_DIRECTIVES,
            *LIMIT_DIRECTIVES,
            *LOG_DIRECTIVES,
            *ACCEPTED,
        ),
    ),
    (
        Hook(
            Phase.TRANSLATE_NAME,
            map_to_document_root,
            Order.REALLY_LAST,
            lambda settings: not skips_mapping(settings),
        ),
        *HOSTNAME_HOOKS,
    ),
)
