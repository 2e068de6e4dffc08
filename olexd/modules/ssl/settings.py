"""mod_ssl's settings (configuration spec 5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from olexd.config.settings import Merge, setting
from olexd.expr import Condition
from olexd.modules.tls import MODERN, PemFile, Verify

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"
"""Up to TLS 1.2, when nothing is said: forward secrecy and authenticated encryption only."""


@dataclass(frozen=True, slots=True)
class SslServer:
    """A virtual host's TLS. `ciphers13` are the suites of TLS 1.3, "" for OpenSSL's own."""

    engine: bool = setting(False)
    certificates: tuple[PemFile, ...] = setting((), Merge.APPEND)
    keys: tuple[PemFile, ...] = setting((), Merge.APPEND)
    chain: PemFile | None = setting(None)
    protocols: frozenset[str] = setting(MODERN)
    ciphers: str = setting(CIPHERS)
    ciphers13: str = setting("")
    honor_order: bool = setting(False)
    verify: Verify = setting(Verify.NONE)
    depth: int = setting(1)
    ca_file: PemFile | None = setting(None)
    ca_path: str = setting("")

    @property
    def rules(self) -> tuple[object, ...]:
        """What a handshake enforces; a request to a host with other rules needs a handshake of its own."""
        ca_file = self.ca_file and self.ca_file.path
        trust = (self.depth, ca_file, self.ca_path) if self.verify is not Verify.NONE else ()
        return (self.engine, self.protocols, self.ciphers, self.ciphers13, self.verify, trust)


@dataclass(frozen=True, slots=True)
class SslDir:
    """What a directory shows and demands. `flags` are the SSLOptions in lower case, by name."""

    flags: dict[str, bool] = setting({}, Merge.OVERLAY)
    require_ssl: bool = setting(False)
    requires: tuple[Condition, ...] = setting((), Merge.APPEND)
    user_name: str = setting("")

    def has(self, option: str) -> bool:
        """Return whether an option of SSLOptions (lower case) is on."""
        return self.flags.get(option, False)
