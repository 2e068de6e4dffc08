"""mod_authn_anon: guests who need no password, as on an FTP server (configuration spec 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import UNSET, Settings, setting
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.aaa.providers import Provider, Verdict
from olexd.phases.hooks import Module

# Settings


@dataclass(frozen=True, slots=True)
class AnonDir:
    """Who passes as a guest: `users` in lower case, `anybody`, and with `nameless` those without a name.

    The password is to be an e-mail address: there has to be one at all (`email_needed`), it has to look like
    one (`email_checked`), it is logged (`email_logged`).
    """

    users: frozenset[str] = setting(frozenset())
    anybody: bool = setting(False)
    nameless: bool = setting(False)
    email_needed: bool = setting(True)
    email_checked: bool = setting(False)
    email_logged: bool = setting(True)

    def merged_with(self, inner: AnonDir) -> AnonDir:
        """Return what is in force in an inner section: only what it says itself, as in httpd."""
        return inner


# Setters


def add_users(conf: AnonDir, args: Args) -> AnonDir:
    """Store the names of guests; `*` means any."""
    known: object = conf.users
    named = frozenset(word.lower() for word in args.words if word != "*")
    users = named if known is UNSET else conf.users | named
    return replace(conf, users=users, anybody=True) if "*" in args.words else replace(conf, users=users)


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG


def _flag(name: str, field: str, help: str, default: str) -> Directive:
    return Directive(name, _DH, Arity.FLAG, AnonDir, store_flag(field), help, default, _AUTHCONFIG)


DIRECTIVES: Final = (
    Directive(
        "Anonymous",
        _DH,
        Arity.ITERATE,
        AnonDir,
        add_users,
        "a space-separated list of user IDs",
        override=_AUTHCONFIG,
    ),
    _flag("Anonymous_MustGiveEmail", "email_needed", "whether guests have to give a password", "On"),
    _flag("Anonymous_NoUserID", "nameless", "whether guests may do without a name", "Off"),
    _flag("Anonymous_VerifyEmail", "email_checked", "whether the password has to be like an address", "Off"),
    _flag("Anonymous_LogEmail", "email_logged", "whether the password is logged", "On"),
)


# The provider


def _is_guest(conf: AnonDir, name: str) -> bool:
    if not conf.users and not conf.anybody:
        return False
    return (conf.anybody or name.lower() in conf.users) if name else conf.nameless


def _is_accepted(conf: AnonDir, password: bytes) -> bool:
    if conf.email_needed and not password:
        return False
    return not conf.email_checked or (b"@" in password and b"." in password)


def _check(request: Request, settings: Settings, name: bytes, password: bytes) -> Verdict:
    conf = settings[AnonDir]
    if not _is_guest(conf, name.decode("latin-1")):
        return Verdict.UNKNOWN
    if not _is_accepted(conf, password):
        return Verdict.DENIED
    if conf.email_logged:
        message = f"AH01673: Anonymous: Passwd <{password.decode('latin-1')}> Accepted"
        log_request(request, message, Level.INFO, "authn_anon")
    return Verdict.GRANTED


PROVIDER: Final = Provider(_check)
MODULE: Final = Module(
    ModuleSpec(
        "authn_anon", ("authn_anon_module", "mod_authn_anon.c"), directory=(AnonDir,), directives=DIRECTIVES
    )
)
