"""The grammar of HTTP/1.1 messages as compiled patterns over bytes (RFC 9110 section 5, RFC 9112).

All quantifiers are possessive or unambiguous: matching takes time proportional to the input.
"""

from __future__ import annotations

import re
from typing import Final

# token = 1*tchar
_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"

# Every printable byte but "#", and bytes from 0x80 (httpd lets them pass).
_TARGET: Final = rb"[!\"$-~\x80-\xff]++"

# field-value = *( VCHAR / obs-text / SP / HTAB ); no obs-fold
_FIELD: Final = _TOKEN + rb":[\t -~\x80-\xff]*+\r\n"

# chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
_QUOTED: Final = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
_EXTENSION: Final = (
    rb"[ \t]*+;[ \t]*+" + _TOKEN + rb"(?:[ \t]*+=[ \t]*+(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?+"
)

TOKEN: Final = re.compile(_TOKEN)
"""A method or field name."""

HEAD: Final = re.compile(
    rb"((" + _TOKEN + rb") (" + _TARGET + rb") HTTP/1\.([01]))\r\n((?:" + _FIELD + rb")*+\r\n)"
)
"""A whole head: request line, method, target, minor version, and the fields with the empty line."""

REQUEST_LINE: Final = re.compile(rb"((" + _TOKEN + rb") (" + _TARGET + rb") HTTP/([0-9])\.([0-9]))\r\n")
"""A request line of any version: the line, method, target, major and minor version."""

STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t -~\x80-\xff]*+))?+\r\n")
"""The first line of a response: minor version, status and, if there is one, the reason phrase."""

FIELD_LINE: Final = re.compile(_FIELD)
"""One header or trailer field."""

CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]++)((?:" + _EXTENSION + rb")*+)\r\n")
"""The line before a chunk's data: size and extensions."""

ABSOLUTE_TARGET: Final = re.compile(rb"https?://([^/?]*+)(.*+)", re.IGNORECASE | re.DOTALL)
"""A target in absolute form: authority, and the rest."""

AUTHORITY: Final = re.compile(rb"(\[[0-9A-Fa-f:.]++\]|[^:\[\]]++)(?::([0-9]++))?+")
"""A host and its port, before the host itself is looked at."""

# httpd: one label, not all digits; or labels of which the last starts with a letter; or four numbers.
HOST_NAME: Final = re.compile(
    rb"(?:(?=[0-9]*+[A-Za-z_-])[A-Za-z0-9_-]++"
    rb"|\.?+(?:[A-Za-z0-9_-]++\.)*[A-Za-z][A-Za-z0-9_-]*+"
    rb"|[0-9]++(?:\.[0-9]++){3})\.?+"
)
"""A host name or IPv4 address."""
