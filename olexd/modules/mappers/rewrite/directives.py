"""The directives of mod_rewrite."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.modules.mappers.rewrite.maps import doubts, make_map
from olexd.modules.mappers.rewrite.rules import parse_condition, parse_rule
from olexd.modules.mappers.rewrite.settings import RewriteDir, RewriteServer, RuleSet
from olexd.modules.words import overlay

OPTIONS: Final = frozenset(
    {
        "inherit",
        "inheritbefore",
        "inheritdown",
        "inheritdownbefore",
        "ignoreinherit",
        "allownoslash",
        "allowanyuri",
        "mergebase",
        "ignorecontextinfo",
        "legacyprefixdocroot",
        "longurloptimization",
    }
)


def _rules(conf: RewriteDir, args: Args) -> RuleSet:
    """Return the rules that a directive adds to: the server's, or those of its section."""
    told: object = conf.host if args.section is None else conf.here
    if isinstance(told, RuleSet):
        return told
    if args.section is None:
        return RuleSet()
    directory = args.directory or args.section[1]
    return RuleSet(directory=directory if directory.endswith("/") else directory + "/")


def _told(conf: RewriteDir, args: Args, rules: RuleSet) -> RewriteDir:
    return replace(conf, host=rules) if args.section is None else replace(conf, here=rules)


def set_engine(conf: RewriteDir, args: Args) -> RewriteDir:
    """Store whether rules are applied."""
    return _told(conf, args, replace(_rules(conf, args), engine=args.flag))


def add_condition(conf: RewriteDir, args: Args) -> RewriteDir:
    """Store a condition for the rule that follows."""
    rules = _rules(conf, args)
    condition = parse_condition(args.raw, args.vocabulary)
    return _told(conf, args, extended(rules, "pending", [condition]))


def add_rule(conf: RewriteDir, args: Args) -> RewriteDir:
    """Store a rule with the conditions before it."""
    rules = _rules(conf, args)
    rule = parse_rule(args.raw, tuple(rules.pending))
    return _told(conf, args, extended(replace(rules, pending=()), "rules", [rule]))


def set_base(conf: RewriteDir, args: Args) -> RewriteDir:
    """Store the URL path of a directory."""
    if args.section is None:
        raise DirectiveError("RewriteBase: only valid in per-directory config files")
    if not args.word.startswith("/"):
        raise DirectiveError("RewriteBase: argument is not a valid URL")
    return _told(conf, args, replace(_rules(conf, args), base=args.word))


def set_options(conf: RewriteDir, args: Args) -> RewriteDir:
    """Store options; several lines of one section add up."""
    rules = _rules(conf, args)
    for word in args.words:
        if word.lower() not in OPTIONS:
            raise DirectiveError(f"RewriteOptions: unknown option '{word}'")
    options = rules.options | {word.lower() for word in args.words}
    return _told(conf, args, replace(rules, options=options))


_SVDH, _FILEINFO = Context.SVDH, Override.FILEINFO

DIRECTIVES: Final = (
    Directive(
        "RewriteEngine",
        _SVDH,
        Arity.FLAG,
        RewriteDir,
        set_engine,
        "Whether the rules here are applied",
        "Off",
        _FILEINFO,
    ),
    Directive(
        "RewriteCond",
        _SVDH,
        Arity.RAW,
        RewriteDir,
        add_condition,
        "A test string, a pattern and flags: what must hold for the next rule",
        override=_FILEINFO,
    ),
    Directive(
        "RewriteRule",
        _SVDH,
        Arity.RAW,
        RewriteDir,
        add_rule,
        "A pattern, what to put in its place and flags",
        override=_FILEINFO,
    ),
    Directive(
        "RewriteBase",
        _SVDH,
        Arity.ONE,
        RewriteDir,
        set_base,
        "The URL path that stands for the directory in what its rules make",
        override=_FILEINFO,
    ),
    Directive(
        "RewriteOptions",
        _SVDH,
        Arity.ITERATE,
        RewriteDir,
        set_options,
        "Which rules are inherited, and which requests rules apply to",
        override=_FILEINFO,
    ),
    Directive(
        "RewriteMap",
        Context.SV,
        Arity.TWO_OR_THREE,
        RewriteServer,
        overlay("maps", lambda args: {args.words[0]: make_map(args)}),
        "A name and int:FUNCTION, txt:FILE, rnd:FILE, dbm:FILE or prg:PROGRAM",
        warn=doubts,
    ),
)
