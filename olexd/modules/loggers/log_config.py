"""mod_log_config: access logs and their formats (configuration spec 5.3)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from olexd.config.errors import DirectiveError, Where
from olexd.config.gathered import overlaid
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, extend
from olexd.config.server import ServerConfig
from olexd.config.settings import Merge, Settings, setting
from olexd.expr import REQUEST, Condition, ExprError, condition
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.modules.loggers.formats import Formatter, compile_format
from olexd.modules.loggers.logfile import LogFile, open_log
from olexd.modules.words import accepted
from olexd.phases.hooks import Hook, Module, Phase
from olexd.status import OK

COMMON: Final = '%h %l %u %t "%r" %>s %b'


# Settings


@dataclass(frozen=True, slots=True)
class AccessLog:
    """One log: an absolute path or `|program`; a format's name or text, "" for the server's own.

    `variable` is the one that `env=` names, "" for none; with `negated` it must be absent. `expr` is a
    condition that must hold.
    """

    target: str
    form: str
    variable: str = ""
    negated: bool = False
    expr: Condition | None = None


@dataclass(frozen=True, slots=True)
class LogServer:
    """The formats by name, the format of TransferLog, the logs, and those of every host."""

    formats: Mapping[str, str] = setting({"CLF": COMMON}, Merge.OVERLAY)
    default_format: str = setting(COMMON)
    logs: tuple[AccessLog, ...] = setting(())
    global_logs: tuple[AccessLog, ...] = setting((), Merge.APPEND)


# Setters


def set_format(conf: LogServer, args: Args) -> LogServer:
    """Store a named format, or the one of TransferLog."""
    compile_format(args.word)
    if len(args.words) == 1:
        return replace(conf, default_format=args.word)
    return overlaid(conf, "formats", {args.words[1]: args.word})


def _target(args: Args) -> str:
    if args.word.startswith("|"):
        return args.word
    path = args.path()
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise DirectiveError(
            f"AH02297: Cannot access directory '{folder}/' for log file '{args.word}' "
            f"defined at {_place(args.where)}"
        )
    return path


def _place(where: Where) -> str:
    return f"{where.file}:{where.line}"


def _with_condition(log: AccessLog, clause: str) -> AccessLog:
    key, equals, value = clause.partition("=")
    if not equals or key.lower() not in ("env", "expr"):
        raise DirectiveError("error in condition clause")
    if key.lower() == "expr":
        return replace(log, expr=_expression(value))
    name = value.removeprefix("!")
    if not name:
        raise DirectiveError("missing environment variable name")
    return replace(log, variable=name, negated=value.startswith("!"))


def _expression(text: str) -> Condition:
    try:
        return condition(text, REQUEST)
    except ExprError as error:
        raise DirectiveError(f"error in condition clause: {error}") from None


def _access_log(args: Args) -> tuple[AccessLog, ...]:
    form = args.words[1] if len(args.words) > 1 else ""
    if "%" in form:
        compile_format(form)
    log = AccessLog(_target(args), form)
    return (_with_condition(log, args.words[2]) if len(args.words) > 2 else log,)


# Rows


def _row(
    name: str,
    contexts: Context,
    arity: Arity,
    apply: Callable[[Any, Args], Any],
    help: str,
    default: str = "",
) -> Directive:
    return Directive(name, contexts, arity, LogServer, apply, help, default)


_LOG_HELP: Final = (
    'a file name, a custom log format string or format name, and an optional "env=" clause (see docs)'
)
DIRECTIVES: Final = (
    _row(
        "LogFormat",
        Context.SV,
        Arity.ONE_OR_TWO,
        set_format,
        "a log format string (see docs) and an optional format name",
        COMMON,
    ),
    _row("CustomLog", Context.SV, Arity.TWO_OR_THREE, extend("logs", _access_log), _LOG_HELP),
    _row("GlobalLog", Context.SERVER, Arity.TWO_OR_THREE, extend("global_logs", _access_log), _LOG_HELP),
    _row(
        "TransferLog",
        Context.SV,
        Arity.ONE,
        extend("logs", _access_log),
        "the filename of the access log",
    ),
    accepted("BufferedLogs", Context.SERVER, Arity.FLAG, LogServer, "lines are always collected briefly"),
)


# Hooks

Write = Callable[[Request], None]


def _write_line(file: LogFile, line: Formatter, request: Request) -> None:
    file.append(line(request))


def _write_if(file: LogFile, line: Formatter, variable: str, negated: bool, request: Request) -> None:
    final = request
    while final.next is not None:
        final = final.next
    env = final.subprocess_env_table
    if (env is not None and variable in env) is not negated:
        file.append(line(request))


def _write_if_holds(file: LogFile, line: Formatter, expr: Condition, request: Request) -> None:
    final = request
    while final.next is not None:
        final = final.next
    if RequestVariables(final, varies=False).holds(expr):
        file.append(line(request))


def _writer(log: AccessLog, conf: LogServer) -> Write:
    form = conf.formats.get(log.form, log.form) or conf.default_format
    file, line = open_log(log.target), compile_format(form)
    if log.expr is not None:
        return partial(_write_if_holds, file, line, log.expr)
    if log.variable:
        return partial(_write_if, file, line, log.variable, log.negated)
    return partial(_write_line, file, line)


def writers(server: Settings) -> tuple[Write, ...]:
    """Return what writes a host's access logs, made once. Raises OSError for a log that cannot be opened."""
    made: tuple[Write, ...] | None = server.__dict__.get("access_logs")
    if made is None:
        conf = server[LogServer]
        made = tuple(_writer(log, conf) for log in (*conf.global_logs, *conf.logs))
        server.__dict__["access_logs"] = made
    return made


def open_logs(config: ServerConfig) -> None:
    """Open the access logs of all hosts, before privileges are dropped. Raises OSError."""
    for host in config.hosts:
        writers(host.server)


def log_transaction(request: Request) -> int:
    """Write the request into the access logs of its host."""
    for write in writers(request.host.server):
        write(request)
    return OK


MODULE: Final = Module(
    ModuleSpec("log_config", ("log_config_module", "mod_log_config.c"), (LogServer,), (), DIRECTIVES),
    (Hook(Phase.LOG_TRANSACTION, log_transaction, wanted_on=lambda server: bool(writers(server))),),
)
