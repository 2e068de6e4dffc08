"""What .htaccess files may say: AllowOverride, AllowOverrideList, AccessFileName (configuration spec 2.6)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import setting

_CLASSES: Final = {
    "authconfig": Override.AUTHCONFIG,
    "fileinfo": Override.FILEINFO,
    "indexes": Override.INDEXES,
    "limit": Override.LIMIT,
    "options": Override.OPTIONS,
    "all": Override.ANY,
}
_OPTION_NAMES: Final = """
    none all indexes includes includesnoexec followsymlinks symlinksifownermatch execcgi multiviews"""
_OPTIONS: Final = frozenset(("", *_OPTION_NAMES.split()))
_USELESS_IN: Final = frozenset({"Location", "LocationMatch", "Files", "FilesMatch", "DirectoryMatch"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """One AllowOverride: the classes, and the names of the Options it permits (None: any of them).

    What is not permitted, or not known at all, is an error, or passed over with a warning.
    """

    classes: Override = Override.NONE
    options: frozenset[str] | None = None
    skips_forbidden: bool = False
    skips_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Overrides:
    """What .htaccess files may say in a directory. `allowed` None: nobody said; `names` are in lower case."""

    allowed: Allowed | None = setting(None)
    names: frozenset[str] = setting(frozenset())

    @property
    def read(self) -> bool:
        """Whether the files are looked at: not after `AllowOverride None`, but when nobody said anything."""
        return self.allowed is None or self.allowed != Allowed() or bool(self.names)

    @property
    def options(self) -> frozenset[str] | None:
        """The names that Options may switch, None for all."""
        return None if self.allowed is None else self.allowed.options

    @property
    def skips_forbidden(self) -> bool:
        """Whether a directive that is not permitted is passed over."""
        return self.allowed is not None and self.allowed.skips_forbidden

    @property
    def skips_unknown(self) -> bool:
        """Whether a directive that nobody knows is passed over."""
        return self.allowed is not None and self.allowed.skips_unknown

    def permit(self, name: str, classes: Override) -> bool:
        """Return whether the directive `name` (as `Header` or `<Files`) of these classes may stand there."""
        if name.lower() in self.names:
            return True
        return self.allowed is not None and bool(self.allowed.classes & classes)


@dataclass(frozen=True, slots=True)
class AccessFiles:
    """How .htaccess files are called."""

    names: tuple[str, ...] = setting((".htaccess",))


def _with_word(allowed: Allowed, word: str) -> Allowed:
    key, equals, value = word.partition("=")
    if word.lower() == "none":
        return Allowed()
    if key.lower() == "nonfatal" and value.lower() in ("override", "unknown", "all"):
        return dataclasses.replace(
            allowed,
            skips_forbidden=allowed.skips_forbidden or value.lower() in ("override", "all"),
            skips_unknown=allowed.skips_unknown or value.lower() in ("unknown", "all"),
        )
    found = _CLASSES.get(key.lower())
    if found is None or (equals and found is not Override.OPTIONS):
        raise DirectiveError(f"Illegal override option {word}")
    options = _option_names(value) if equals else None
    if found & Override.OPTIONS:
        allowed = dataclasses.replace(allowed, options=options)
    return dataclasses.replace(allowed, classes=allowed.classes | found)


def _option_names(value: str) -> frozenset[str]:
    for name in value.split(","):
        if name.lower() not in _OPTIONS:
            raise DirectiveError(f"Illegal option {name}")
    return frozenset(value.lower().split(","))


def allow_override(conf: Overrides, args: Args) -> Overrides:
    """Store the classes of directives that .htaccess files may use; words add up from left to right."""
    if not args.words:
        raise DirectiveError("AllowOverride requires at least one argument")
    allowed = Allowed()
    for word in args.words:
        allowed = _with_word(allowed, word)
    return dataclasses.replace(conf, allowed=allowed)


def allow_override_list(conf: Overrides, args: Args) -> Overrides:
    """Store single directives that .htaccess files may use besides."""
    names: frozenset[str] = frozenset()
    for word in args.words:
        names = frozenset() if word.lower() == "none" else names | {word.lower().removesuffix(">")}
    return dataclasses.replace(conf, names=names)


def useless(args: Args) -> str:
    """Return the warning for an override directive where no .htaccess file is looked for, or ""."""
    kind = args.section[0] if args.section else ""
    if kind not in _USELESS_IN:
        return ""
    return f"AH00114: Useless use of {args.name} in line {args.where.line} of {args.where.file}."


def set_access_files(conf: AccessFiles, args: Args) -> AccessFiles:
    """Store the names of the files."""
    return dataclasses.replace(conf, names=args.words)


OVERRIDE_DIRECTIVES: Final = (
    Directive(
        "AllowOverride",
        Context.DIRECTORY,
        Arity.RAW,
        Overrides,
        allow_override,
        "Classes of directives that .htaccess files may use: All, None, or AuthConfig, FileInfo, Indexes, "
        "Limit, Options[=name,...], Nonfatal=Override|Unknown|All",
        "None",
        warn=useless,
    ),
    Directive(
        "AllowOverrideList",
        Context.DIRECTORY,
        Arity.ITERATE,
        Overrides,
        allow_override_list,
        "Single directives that .htaccess files may use besides",
        "None",
        warn=useless,
    ),
    Directive(
        "AccessFileName",
        Context.SV,
        Arity.ITERATE,
        AccessFiles,
        set_access_files,
        "The names of .htaccess files; in each directory the first that exists is read",
        ".htaccess",
    ),
)
