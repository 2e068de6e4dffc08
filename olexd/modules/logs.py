"""The core's directives of the error log."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any, Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive
from olexd.config.settings import UNSET
from olexd.errorlog import LEVELS
from olexd.model.errorformat import compile_error_format
from olexd.modules.words import current

_NAMES: Final = """
    access_compat actions alias allowmethods asis auth_basic auth_digest auth_form authn_anon authn_core
    authn_dbd authn_dbm authn_file authn_socache authnz_fcgi authnz_ldap authz_core authz_dbd authz_dbm
    authz_groupfile authz_host authz_owner authz_user autoindex brotli buffer cache cache_disk cache_socache
    cern_meta cgi cgid charset_lite core dav dav_fs dav_lock dbd deflate dialup dir dumpio echo env expires
    ext_filter file_cache filter headers heartbeat heartmonitor http http2 ident imagemap include info ldap
    lbmethod_bybusyness lbmethod_byrequests lbmethod_bytraffic lbmethod_heartbeat log_config log_debug
    log_forensic logio lua macro md mime mime_magic mpm_event mpm_prefork mpm_worker negotiation proxy
    proxy_ajp proxy_balancer proxy_connect proxy_express proxy_fcgi proxy_fdpass proxy_ftp proxy_hcheck
    proxy_html proxy_http proxy_http2 proxy_scgi proxy_uwsgi proxy_wstunnel python ratelimit reflector
    remoteip reqtimeout request rewrite sed session session_cookie session_crypto session_dbd setenvif
    slotmem_plain slotmem_shm so socache_dbm socache_memcache socache_redis socache_shmcb speling ssl status
    substitute suexec unique_id unixd userdir usertrack version vhost_alias watchdog xml2enc"""
MODULE_NAMES: Final = frozenset(_NAMES.split())
"""The modules that LogLevel may name."""

_LEVEL_HELP: Final = (
    "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8"
)


def _level(word: str, shown: str) -> str:
    if word.lower() not in LEVELS:
        raise DirectiveError(f"{shown}{_LEVEL_HELP}")
    return word.lower()


def _module_name(word: str) -> str:
    name = word.removesuffix(".c").removeprefix("mod_").removesuffix("_module")
    if name not in MODULE_NAMES:
        raise DirectiveError(f"Cannot find module {word}")
    return name


def set_log_level(conf: CoreDir, args: Args) -> CoreDir:
    """Store thresholds; a level without a module starts over."""
    levels: dict[str, str] = current(conf, "log_level")
    for word in args.words:
        module, colon, level = word.rpartition(":")
        if colon:
            levels[_module_name(module)] = _level(level, f"{word}: ")
        else:
            levels = {"": _level(word, "")}
    return replace(conf, log_level=levels)


def set_error_log(conf: CoreServer, args: Args) -> CoreServer:
    """Store where the error log goes: an absolute path, or a program or syslog target as written."""
    target = args.word
    if not target or target == "-" or target.startswith("|") or target.partition(":")[0] == "syslog":
        return replace(conf, error_log=target)
    path = args.path()
    if not os.path.isdir(os.path.dirname(path)):
        raise DirectiveError(
            f"AH02291: Cannot access directory '{os.path.dirname(path)}/' for main error log"
        )
    return replace(conf, error_log=path)


_INTRODUCTIONS: Final = {"request": "error_log_request", "connection": "error_log_connection"}
_MESSAGE: Final = re.compile(r"(?<![%\\])(?:%%)*%[-+]?M")


def set_error_log_format(conf: CoreServer, args: Args) -> CoreServer:
    """Store the format of the entries, or of a line before the first one of a request or a connection."""
    text = args.words[-1]
    compile_error_format(text)
    has_message = _MESSAGE.search(text) is not None
    if len(args.words) == 1:
        if not has_message:
            raise DirectiveError("main ErrorLogFormat must contain message format string '%M'")
        return replace(conf, error_log_format=text)
    field = _INTRODUCTIONS.get(args.word.lower())
    if field is None:
        raise DirectiveError("ErrorLogFormat type must be one of request, connection")
    if has_message:
        raise DirectiveError("%M cannot be used in once-per-request or once-per-connection formats")
    told = getattr(conf, field)
    change: dict[str, Any] = {field: (text,) if told is UNSET else (*told, text)}
    return replace(conf, **change)


LOG_DIRECTIVES: Final = (
    Directive(
        "ErrorLogFormat",
        Context.SV,
        Arity.ONE_OR_TWO,
        CoreServer,
        set_error_log_format,
        "Format string for the ErrorLog",
    ),
    Directive(
        "ErrorLog",
        Context.SV,
        Arity.ONE,
        CoreServer,
        set_error_log,
        "Where errors are logged: a file, |program, syslog, or - for standard error",
        "logs/error_log",
    ),
    Directive(
        "LogLevel",
        Context.SVD,
        Arity.ITERATE,
        CoreDir,
        set_log_level,
        "How grave an entry must be to be logged, also per module",
        "warn",
    ),
)
