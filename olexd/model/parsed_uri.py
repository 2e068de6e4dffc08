"""The request target in its parts: `req.parsed_uri`, indexed with `apache.URI_*`."""

from __future__ import annotations

from urllib.parse import urlsplit

from olexd.model.request import Request

ParsedUri = tuple[
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    int | None,
    str | None,
    str | None,
    str | None,
]
"""(scheme, hostinfo, user, password, hostname, port, path, query, fragment); missing parts are None."""


def keep_parsed_uri(record: Request) -> None:
    """Remember path and query before others take their place: they are those of the request's own URL."""
    if record.parsed is None:
        record.parsed = record.uri, record.args


def parsed_uri(record: Request) -> ParsedUri:
    """Return the parts of the target. A target that is a mere path has port (of Host), path and query."""
    settled, query = record.parsed or (record.uri, record.args)
    path = settled or None
    target = record.unparsed_uri
    scheme, is_url, rest = target.partition("?")[0].partition("://")
    if not is_url or "/" in scheme:
        return None, None, None, None, None, record.port_in_host, path, query, None
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return None, None, None, None, None, record.port_in_host, path, query, None
    authority = parts.netloc.rpartition("@")[2]
    return (
        scheme,
        authority,
        parts.username,
        parts.password,
        # urlsplit has it in lower case.
        authority[1:].partition("]")[0] if authority[:1] == "[" else authority.partition(":")[0] or None,
        port if port is not None else record.port_in_host,
        path if "/" in rest else None,
        query,
        parts.fragment or None,
    )
