"""What mod_autoindex can be told (configuration spec 3.15)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.regex import compile_wildcard
from olexd.config.rows import Args, Arity, Context, Directive, Override, extend, store, store_flag
from olexd.config.settings import UNSET, Merge, merge_fields, setting
from olexd.modules.words import current, lenient_int

SWITCHES: Final = frozenset(
    {
        "addaltclass",
        "fancyindexing",
        "foldersfirst",
        "htmltable",
        "iconsarelinks",
        "ignorecase",
        "ignoreclient",
        "scanhtmltitles",
        "showforbidden",
        "suppresscolumnsorting",
        "suppressdescription",
        "suppresshtmlpreamble",
        "suppressicon",
        "suppresslastmodified",
        "suppressrules",
        "suppresssize",
        "trackmodified",
        "useolddateformat",
        "versionsort",
        "xhtml",
    }
)
VALUES: Final = frozenset({"charset", "descriptionwidth", "iconheight", "iconwidth", "namewidth", "type"})
KEYS: Final = {"name": "N", "date": "M", "size": "S", "description": "D"}


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of files that match `pattern`; `whole` compares the path, else the name."""

    text: str
    pattern: re.Pattern[str]
    whole: bool


@dataclass(frozen=True, slots=True)
class IndexDir:
    """`options` maps names in lower case to on and off, or to their value; `order` is a key and a direction.

    `ignored` are wildcards of names that are not listed, `fresh` that those of outer sections do not count.
    """

    options: Mapping[str, bool | str] = setting({}, Merge.OVERLAY)
    ignored: tuple[re.Pattern[str], ...] = setting((), Merge.APPEND)
    fresh: bool = setting(False)
    order: tuple[str, str] = setting(("N", "A"))
    header: str = setting("")
    readme: str = setting("")
    descriptions: tuple[Description, ...] = setting((), Merge.APPEND)
    style_sheet: str = setting("")
    head_insert: str = setting("")

    def merged_with(self, inner: IndexDir) -> IndexDir:
        """Return the settings as seen in an inner section."""
        kept: Any = UNSET if inner.fresh is True else self.ignored
        return merge_fields(replace(self, ignored=kept), inner)

    def has(self, name: str) -> bool:
        """Return whether an option (lower case) is on."""
        return self.options.get(name) is True

    def value(self, name: str, default: str) -> str:
        """Return the value of an option (lower case)."""
        found = self.options.get(name)
        return found if isinstance(found, str) and found else default


# Setters


def set_options(conf: IndexDir, args: Args) -> IndexDir:
    """Store options; a word with a sign edits what is in force, unless one without decides on all of them."""
    options: dict[str, bool | str] = current(conf, "options")
    for word in args.words:
        sign = word[0] if word[:1] in "+-" else ""
        name, equals, value = word[len(sign) :].partition("=")
        name = name.lower()
        if name == "none":
            if sign:
                raise DirectiveError("Cannot combine '+' or '-' with 'None' keyword")
            options = _nothing()
        elif name in SWITCHES and not equals:
            decided = options.keys() >= SWITCHES
            if not sign:
                options = {**(options if decided else _nothing()), name: True}
            elif not decided:
                options[name] = sign == "+"
        elif name in VALUES and (equals or sign == "-"):
            options[name] = _checked(name, value) if sign != "-" else ""
        else:
            raise DirectiveError("Invalid directory indexing option")
    return replace(conf, options=options)


def _nothing() -> dict[str, bool | str]:
    return {**dict.fromkeys(SWITCHES, False), **dict.fromkeys(VALUES, "")}


def _checked(name: str, value: str) -> str:
    if name == "namewidth" and value != "*" and _is_below(value, 5):
        raise DirectiveError("NameWidth value must be greater than 5")
    if name == "descriptionwidth" and value != "*" and _is_below(value, 12):
        raise DirectiveError("DescriptionWidth value must be greater than 12")
    if name in ("charset", "type") and not re.fullmatch(r"[\w.+:/-]+", value):
        raise DirectiveError(f"IndexOptions {name}: not a name: {value}")
    if name in ("namewidth", "descriptionwidth"):
        return str(lenient_int(value) or "*")
    return value


def _is_below(value: str, least: int) -> bool:
    """Return whether a width is too small; 0, and what is no number, is as wide as it takes."""
    width = lenient_int(value)
    return width != 0 and width < least


def set_fancy(conf: IndexDir, args: Args) -> IndexDir:
    """Store the old form of `IndexOptions FancyIndexing`."""
    if [word.lower() for word in args.words] not in (["on"], ["off"]):
        raise DirectiveError("FancyIndexing must be On or Off")
    return replace(conf, options={**current(conf, "options"), "fancyindexing": args.words[0].lower() == "on"})


def set_order(conf: IndexDir, args: Args) -> IndexDir:
    """Store the key and the direction that lists are sorted by."""
    direction, key = args.words[0].lower(), args.words[1].lower()
    if direction not in ("ascending", "descending"):
        raise DirectiveError("First keyword must be 'Ascending' or 'Descending'")
    if key not in KEYS:
        raise DirectiveError("Second keyword must be 'Name', 'Date', 'Size', or 'Description'")
    return replace(conf, order=(KEYS[key], direction[0].upper()))


def _wildcards(args: Args) -> tuple[re.Pattern[str], ...]:
    return tuple(compile_wildcard(word, slash=True) for word in args.words)


def _descriptions(args: Args) -> tuple[Description, ...]:
    text, *names = args.words
    return tuple(_description(text, name) for name in names)


def _description(text: str, name: str) -> Description:
    if name.startswith("/"):
        return Description(text, compile_wildcard(name + "*", slash=True), True)
    pattern = name if name.startswith("*") else "*" + name
    return Description(text, compile_wildcard(pattern, slash=True), False)


# Rows


def _row(
    name: str, arity: Arity, apply: Any, help: str, default: str = "", override: Override = Override.INDEXES
) -> Directive:
    return Directive(name, Context.SVDH, arity, IndexDir, apply, help, default, override)


DIRECTIVES: Final = (
    _row("IndexOptions", Arity.RAW, set_options, "How lists of directories look; with + and - to edit"),
    _row(
        "FancyIndexing",
        Arity.RAW,
        set_fancy,
        "The old form of IndexOptions FancyIndexing",
        "Off",
        Override.ANY,
    ),
    _row("IndexIgnore", Arity.ITERATE, extend("ignored", _wildcards), "Wildcards of names not to list", "."),
    _row(
        "IndexIgnoreReset",
        Arity.FLAG,
        store_flag("fresh"),
        "Whether IndexIgnore of outer sections does not count",
        "Off",
    ),
    _row(
        "IndexOrderDefault",
        Arity.TWO,
        set_order,
        "Ascending or Descending, and Name, Date, Size or Description",
        "Ascending Name",
    ),
    _row("HeaderName", Arity.ONE, store("header"), "The file to put above a list"),
    _row("ReadmeName", Arity.ONE, store("readme"), "The file to put below a list"),
    _row(
        "AddDescription",
        Arity.ITERATE2,
        extend("descriptions", _descriptions),
        "What to say of files, and their names",
    ),
    _row("IndexStyleSheet", Arity.ONE, store("style_sheet"), "The URL of a style sheet for lists"),
    _row("IndexHeadInsert", Arity.ONE, store("head_insert"), "Markup for the head of lists"),
)
