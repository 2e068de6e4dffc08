"""Digest credentials (RFC 7616): they answer the challenge that the server sent last."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PART = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
UNQUOTED = ("nc", "qop", "algorithm")


def parts(text: str) -> dict[str, str]:
    """Return the parts of a Digest field by name; quotes and backslashes are taken off."""
    found = _PART.findall(text)
    return {name: re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in found}


def md5(*words: str) -> str:
    """Return the hash of words that colons join."""
    return hashlib.md5(":".join(words).encode("latin-1"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Digest:
    """A user's credentials, right but for `changes`: values by part, None leaves a part out.

    `method` goes into the hash in place of the request's own.
    """

    user: str
    password: str
    changes: Mapping[str, str | None] = field(default_factory=dict)
    method: str = ""

    def answer(self, challenge: str, method: str, path: str) -> str:
        """Return the Authorization value that answers a challenge, "" for none."""
        values = self._values(challenge, path)
        values.setdefault("response", self._response(values, self.method or method))
        given = {name: value for name, value in values.items() if value is not None}
        return "Digest " + ", ".join(
            f"{name}={value}" if name in UNQUOTED else f'{name}="{_escaped(value)}"'
            for name, value in given.items()
        )

    def is_confirmed(self, info: str, challenge: str, path: str) -> bool:
        """Return whether an Authentication-Info value proves that the server knows the password."""
        return parts(info).get("rspauth") == self._response(self._values(challenge, path), "")

    def _values(self, challenge: str, path: str) -> dict[str, str | None]:
        given = parts(challenge)
        values: dict[str, str | None] = {
            "username": self.user,
            "realm": given.get("realm", ""),
            "nonce": given.get("nonce", ""),
            "uri": path,
        }
        if "opaque" in given:
            values["opaque"] = given["opaque"]
        if "qop" in given:
            values |= {"qop": "auth", "nc": "00000001", "cnonce": "0a4f113b"}
        return values | self.changes

    def _response(self, values: Mapping[str, str | None], method: str) -> str:
        words = {name: value or "" for name, value in values.items()}
        ha1 = md5(self.user, words["realm"], self.password)
        ha2 = md5(method, words["uri"])
        if not words.get("qop"):
            return md5(ha1, words["nonce"], ha2)
        return md5(ha1, words["nonce"], words.get("nc", ""), words.get("cnonce", ""), words["qop"], ha2)


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)
