"""mod_ssl's hooks: what is refused without TLS, who a client certificate stands for, what programs see."""

from __future__ import annotations

import base64
from typing import Final

from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.model.challenge import basic_credentials
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.tls import one_line
from olexd.model.variables import RequestVariables
from olexd.modules.ssl.settings import SslDir, SslServer
from olexd.phases.hooks import Hook, Order, Phase
from olexd.status import DECLINED, FORBIDDEN, OK

FORBIDDEN_NOTE: Final = "ssl-access-forbidden"
FAKE_PASSWORD: Final = b"password"
"""What a client certificate's user "types"; mod_ssl's users have it in their password files."""


def check_access(request: Request) -> int:
    """Refuse what does not come over TLS, or does not meet a condition, where that is demanded."""
    conf = request.conf[SslDir]
    if conf.require_ssl and request.connection.tls is None:
        return _forbid(
            request, f"AH02219: access to {request.filename} failed, reason: SSL connection required"
        )
    if conf.requires:
        variables = RequestVariables(request)
        for wanted in conf.requires:
            if not variables.holds(wanted):
                return _forbid(
                    request,
                    f"AH02229: access to {request.filename} failed, reason: SSL requirement expression "
                    f"not fulfilled: {wanted.text}",
                )
    return DECLINED


def _forbid(request: Request, reason: str) -> int:
    log_request(request, reason, Level.ERR, "ssl")
    request.notes[FORBIDDEN_NOTE] = "1"
    return FORBIDDEN


def insist(request: Request) -> int:
    """Refuse once more what `check_access` refused: `Satisfy any` shall not outvote it (StrictRequire)."""
    return FORBIDDEN if request.notes_table and FORBIDDEN_NOTE in request.notes else DECLINED


def fake_basic_auth(request: Request) -> int:
    """Let a client certificate stand for the user that its name makes (SSLOptions FakeBasicAuth)."""
    if request.main is not None or request.prev is not None:
        return DECLINED
    sent = basic_credentials(request.headers_in.get("Authorization"))
    if sent is not None and sent[0].startswith(b"/") and sent[1] == FAKE_PASSWORD:
        log_request(
            request, "AH02035: a user name of the form of a certificate's was typed in", Level.ERR, "ssl"
        )
        return FORBIDDEN
    tls = request.connection.tls
    if tls is None or tls.client is None or request.user is not None:
        return DECLINED
    credentials = one_line(tls.client.subject).encode("ascii") + b":" + FAKE_PASSWORD
    request.headers_in["Authorization"] = "Basic " + base64.b64encode(credentials).decode("ascii")
    return DECLINED


def export(request: Request) -> int:
    """Show the TLS variables to programs and handlers, as far as SSLOptions say; name the user."""
    tls = request.connection.tls
    if tls is None:
        return DECLINED
    env, conf = request.subprocess_env, request.conf[SslDir]
    env["HTTPS"] = "on"
    if tls.sni:
        env["SSL_TLS_SNI"] = tls.sni
    if conf.has("stdenvvars"):
        for name, value in tls.standard_variables():
            env[name] = value
    if conf.has("exportcertdata"):
        for name, value in tls.exported_certificates():
            env[name] = value
    if conf.user_name:
        _name_user(request, conf.user_name)
    return OK


def _name_user(request: Request, variable: str) -> None:
    name = RequestVariables(request, varies=False).variable(variable.upper())
    if name:
        request.user = name
    else:
        log_request(request, f"AH02227: Failed to set r->user to '{variable}'", Level.WARNING, "ssl")


def _is_strict(settings: Settings) -> bool:
    conf = settings[SslDir]
    return conf.has("strictrequire") and (conf.require_ssl or bool(conf.requires))


HOOKS: Final = (
    Hook(
        Phase.ACCESS_CHECKER,
        check_access,
        wanted=lambda settings: settings[SslDir].require_ssl or bool(settings[SslDir].requires),
    ),
    Hook(Phase.CHECK_USER_ID, insist, Order.REALLY_FIRST, wanted=_is_strict),
    Hook(Phase.AUTH_CHECKER, insist, Order.REALLY_FIRST, wanted=_is_strict),
    Hook(
        Phase.CHECK_USER_ID,
        fake_basic_auth,
        Order.FIRST,
        wanted=lambda settings: settings[SslDir].has("fakebasicauth"),
    ),
    Hook(Phase.FIXUPS, export, wanted_on=lambda server: server[SslServer].engine),
)
