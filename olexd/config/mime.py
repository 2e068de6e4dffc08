"""What file extensions stand for: settings of mod_mime that handlers can ask for too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from olexd.config.settings import Merge, setting


@dataclass(frozen=True, slots=True)
class MimeDir:
    """What extensions (lower case, no dot) stand for; "" or () takes an inherited meaning back.

    `force_type` is ForceType's, "" for none.
    """

    types: Mapping[str, str] = setting({}, Merge.OVERLAY)
    handlers: Mapping[str, str] = setting({}, Merge.OVERLAY)
    charsets: Mapping[str, str] = setting({}, Merge.OVERLAY)
    encodings: Mapping[str, str] = setting({}, Merge.OVERLAY)
    languages: Mapping[str, str] = setting({}, Merge.OVERLAY)
    output_filters: Mapping[str, tuple[str, ...]] = setting({}, Merge.OVERLAY)
    input_filters: Mapping[str, tuple[str, ...]] = setting({}, Merge.OVERLAY)
    default_language: str = setting("")
    force_type: str = setting("")
    use_path_info: bool = setting(False)
