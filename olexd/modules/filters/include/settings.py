"""What server-side includes can be told (configuration spec 3.14)."""

from __future__ import annotations

from dataclasses import dataclass

from olexd.config.settings import setting


@dataclass(frozen=True, slots=True)
class IncludeDir:
    """Per-directory settings. `xbit_hack` is `off`, `on` or `full`; `time_format` is strftime's."""

    xbit_hack: str = setting("off")
    error_message: str = setting("[an error occurred while processing this directive]")
    time_format: str = setting("%A, %d-%b-%Y %H:%M:%S %Z")
    undefined_echo: str = setting("(none)")
    etag: bool = setting(False)
    last_modified: bool = setting(False)
    legacy_expressions: bool = setting(False)


@dataclass(frozen=True, slots=True)
class IncludeServer:
    """Server-wide settings: what elements begin and end with."""

    start_tag: str = setting("<!--#")
    end_tag: str = setting("-->")
