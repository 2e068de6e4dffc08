"""The built-in modules in the order in which they load when no LoadModule line says otherwise."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.modules.aaa.access_compat import MODULE as ACCESS_COMPAT
from olexd.modules.aaa.allowmethods import MODULE as ALLOWMETHODS
from olexd.modules.aaa.auth_basic import MODULE as AUTH_BASIC
from olexd.modules.aaa.auth_digest import MODULE as AUTH_DIGEST
from olexd.modules.aaa.authn_anon import MODULE as AUTHN_ANON
from olexd.modules.aaa.authn_core import MODULE as AUTHN_CORE
from olexd.modules.aaa.authn_dbm import MODULE as AUTHN_DBM
from olexd.modules.aaa.authn_file import MODULE as AUTHN_FILE
from olexd.modules.aaa.authz_core import MODULE as AUTHZ_CORE
from olexd.modules.aaa.authz_dbm import MODULE as AUTHZ_DBM
from olexd.modules.aaa.authz_groupfile import MODULE as AUTHZ_GROUPFILE
from olexd.modules.aaa.authz_host import MODULE as AUTHZ_HOST
from olexd.modules.aaa.authz_owner import MODULE as AUTHZ_OWNER
from olexd.modules.aaa.authz_user import MODULE as AUTHZ_USER
from olexd.modules.core import MODULE as CORE
from olexd.modules.filters.brotli import MODULE as BROTLI
from olexd.modules.filters.deflate import MODULE as DEFLATE
from olexd.modules.filters.include import MODULE as INCLUDE
from olexd.modules.filters.insertion import FILTER, SET_FILTER
from olexd.modules.generators.autoindex import MODULE as AUTOINDEX
from olexd.modules.generators.cgi import MODULE as CGI
from olexd.modules.generators.default import MODULE as DEFAULT
from olexd.modules.loggers.log_config import MODULE as LOG_CONFIG
from olexd.modules.loggers.logio import MODULE as LOGIO
from olexd.modules.mappers.alias import MODULE as ALIAS
from olexd.modules.mappers.dir import MODULE as DIR
from olexd.modules.mappers.rewrite import MODULE as REWRITE
from olexd.modules.metadata.env import MODULE as ENV
from olexd.modules.metadata.expires import MODULE as EXPIRES
from olexd.modules.metadata.headers import MODULE as HEADERS
from olexd.modules.metadata.mime import MODULE as MIME
from olexd.modules.metadata.remoteip import MODULE as REMOTEIP
from olexd.modules.metadata.setenvif import MODULE as SETENVIF
from olexd.modules.mpm import MODULE as MPM
from olexd.modules.mpm import UNIXD
from olexd.modules.proxy import MODULE as PROXY
from olexd.modules.proxy import PARTS as PROXY_PARTS
from olexd.modules.python import MODULE as PYTHON
from olexd.modules.so import MODULE as SO
from olexd.modules.ssl import MODULE as SSL
from olexd.phases.hooks import Module

MODULES: Final[tuple[Module, ...]] = (
    CORE,
    MPM,
    SO,
    UNIXD,
    ACCESS_COMPAT,
    ALIAS,
    ALLOWMETHODS,
    AUTH_BASIC,
    AUTH_DIGEST,
    AUTHN_ANON,
    AUTHN_CORE,
    AUTHN_DBM,
    AUTHN_FILE,
    AUTHZ_CORE,
    AUTHZ_DBM,
    AUTHZ_GROUPFILE,
    AUTHZ_HOST,
    AUTHZ_OWNER,
    AUTHZ_USER,
    BROTLI,
    DEFLATE,
    SET_FILTER,
    AUTOINDEX,
    CGI,
    DIR,
    ENV,
    EXPIRES,
    FILTER,
    HEADERS,
    INCLUDE,
    LOG_CONFIG,
    LOGIO,
    MIME,
    PROXY,
    *PROXY_PARTS,
    PYTHON,
    REMOTEIP,
    REWRITE,
    SETENVIF,
    SSL,
    DEFAULT,
)
SPECS: Final[tuple[ModuleSpec, ...]] = tuple(module.spec for module in MODULES)
"""The configuration halves of `MODULES`, for `olexd.config.build`."""
