"""The core's directives about what programs and handlers are told of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from olexd.config.core import CoreDir
from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag

_RULES: Final = {"current-uri": True, "original-uri": False}


def set_variable(conf: CoreDir, args: Args) -> CoreDir:
    """Store how the one variable is set that there is a choice for."""
    name, rule = args.words
    if name != "REQUEST_URI":
        raise DirectiveError(f'Unrecognized CGI variable: "{name}"')
    if rule.lower() not in _RULES:
        raise DirectiveError("Valid rules for REQUEST_URI are 'current-uri' and 'original-uri'")
    return replace(conf, current_request_uri=_RULES[rule.lower()])


ENVIRONMENT_DIRECTIVES: Final = (
    Directive(
        "CGIPassAuth",
        Context.DH,
        Arity.FLAG,
        CoreDir,
        store_flag("pass_credentials"),
        "Whether programs and handlers see the fields with credentials in their environment",
        "Off",
        Override.AUTHCONFIG,
    ),
    Directive(
        "CGIVar",
        Context.SVDH,
        Arity.TWO,
        CoreDir,
        set_variable,
        "REQUEST_URI, and original-uri or current-uri: the client's target, or the path after redirects",
        override=Override.FILEINFO,
    ),
    Directive(
        "QualifyRedirectURL",
        Context.SVDH,
        Arity.FLAG,
        CoreDir,
        store_flag("qualify_redirect_url"),
        "Whether REDIRECT_URL is a whole URL",
        "Off",
        Override.FILEINFO,
    ),
)
