"""Patterns of the configuration: those of `olexd.regex`, a bad one being a bad directive."""

from __future__ import annotations

import re

from olexd import regex
from olexd.config.errors import DirectiveError
from olexd.regex import has_wildcard

__all__ = ["compile_regex", "compile_wildcard", "has_wildcard"]


def compile_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a PCRE `pattern` compiled. Raises DirectiveError if it cannot be."""
    try:
        return regex.compile_regex(pattern, flags)
    except regex.RegexError as error:
        raise DirectiveError("Regex could not be compiled", str(error)) from None


def compile_wildcard(pattern: str, slash: bool = False) -> re.Pattern[str]:
    """Return a shell wildcard compiled for `fullmatch`. Raises DirectiveError if it cannot be."""
    try:
        return regex.compile_wildcard(pattern, slash)
    except regex.RegexError as error:
        raise DirectiveError(f"Wildcard '{pattern}' could not be compiled", str(error)) from None
