"""The Python* directives as rows (core spec 1.1 and 2, configuration spec 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from olexd.config.python import Handler, Import, OptionName, PythonDir, PythonServer
from olexd.config.rows import Args, Arity, Context, Directive, Override, store, store_flag
from olexd.config.settings import Merge, merge_values
from olexd.modules.python import phases
from olexd.modules.python.lists import add_handlers, add_unrestricted, handler_entry, split_list
from olexd.modules.words import duration, overlay, store_as


def _ignore(conf: PythonDir, args: Args) -> PythonDir:
    return conf


def _timeout(word: str) -> float:
    return 0.0 if word.lower() == "off" else duration(word)


def _option(args: Args) -> dict[OptionName, str]:
    """Return an option; one without a value, or with an empty one, removes the outer section's."""
    return {OptionName.of(args.words[0]): args.words[1] if len(args.words) > 1 else ""}


def _add_filter(field: str) -> Callable[[PythonDir, Args], PythonDir]:
    """Return an `apply` that gives a filter its name: the second word, or the handler itself."""
    return overlay(field, lambda args: {args.words[-1].lower(): handler_entry(args.word, args)})


def add_import(conf: PythonServer, args: Args) -> PythonServer:
    """Note a module to import at start."""
    item = Import(args.words[0], args.words[1])
    return replace(conf, imports=merge_values(Merge.APPEND, conf.imports, (item,)))


def set_connection_handler(conf: PythonServer, args: Args) -> PythonServer:
    """Note the first handler. As in mod_python further ones are ignored, and a restricted list never runs."""
    texts, extensions = split_list(args.raw)
    return replace(conf, connection_handler=Handler(texts[0])) if texts and not extensions else conf


def _doubts_path(args: Args) -> str:
    """Return what is wrong with a path that cannot be evaluated, as every request that needs it will find."""
    try:
        compile(args.word, "<PythonPath>", "eval")
    except (SyntaxError, ValueError) as error:
        return f"PythonPath is no Python expression, handlers below it will fail: {error}"
    return ""


def _row(
    name: str,
    contexts: Context,
    arity: Arity,
    apply: Callable[[PythonDir, Args], PythonDir],
    help: str,
    warn: Callable[[Args], str] | None = None,
) -> Directive:
    override = Override.ANY if Context.HTACCESS in contexts else Override.NONE
    return Directive(name, contexts, arity, PythonDir, apply, help, override=override, warn=warn)


_PHASE_HELP: Final = {
    phases.HEADER_PARSER: "Handlers that run when the URL has been mapped to a file.",
    phases.INIT: "Handlers that run before all others.",
    phases.ACCESS: "Handlers that decide who may come in, by anything but the user.",
    phases.AUTHEN: "Handlers that find out who the user is.",
    phases.AUTHZ: "Handlers that decide what the user may do.",
    phases.TYPE: "Handlers that determine the content's type.",
    phases.FIXUP: "Handlers that run last before the content handler.",
    phases.CONTENT: "Handlers that make the content; needs SetHandler or AddHandler mod_python.",
    phases.LOG: "Handlers that run when the response has been sent.",
    phases.CLEANUP: "Handlers that run when the request is over.",
}

_HANDLER_ROWS: Final = tuple(
    _row(phase.name, Context.SVDH, Arity.RAW, add_handlers([phase.name]), help)
    for phase, help in _PHASE_HELP.items()
)

_EARLY_ROWS: Final = (
    _row(
        phases.POST_READ.name,
        Context.SV,
        Arity.RAW,
        add_unrestricted(phases.POST_READ.name),
        "Handlers that run when the request has been read.",
    ),
    _row(
        phases.TRANS.name,
        Context.SV,
        Arity.RAW,
        add_unrestricted(phases.TRANS.name),
        "Handlers that map the URL to a file.",
    ),
)

_MODULE_ROW: Final = _row(
    "PythonHandlerModule",
    Context.SVDH,
    Arity.RAW,
    add_handlers([phase.name for phase in phases.PYTHON_PHASES], silent=True),
    "Modules whose functions, named as the phases' defaults, handle the phases they exist for.",
)

_FILTER_ROWS: Final = (
    _row(
        "PythonInputFilter",
        Context.SVD,
        Arity.ONE_OR_TWO,
        _add_filter("input_filters"),
        "A function that filters requests' bodies, and the filter's name; SetInputFilter activates it.",
    ),
    _row(
        "PythonOutputFilter",
        Context.SVD,
        Arity.ONE_OR_TWO,
        _add_filter("output_filters"),
        "A function that filters responses' bodies, and the filter's name; SetOutputFilter activates it.",
    ),
)

_SETTING_ROWS: Final = (
    _row(
        "PythonPath",
        Context.SVDH,
        Arity.ONE,
        store("path"),
        "A Python expression for the list of directories in which modules are looked for.",
        warn=_doubts_path,
    ),
    _row(
        "PythonOption",
        Context.SVDH,
        Arity.ONE_OR_TWO,
        overlay("options", _option),
        "A name and a value for handlers to read; without a value the name is removed.",
    ),
    _row(
        "PythonInterpreter",
        Context.SVDH,
        Arity.ONE,
        store("interpreter"),
        "The name under which handler modules are kept; sites with different names share none.",
    ),
    _row(
        "PythonInterpPerDirectory",
        Context.SVDH,
        Arity.FLAG,
        store_flag("per_directory"),
        "Keep handler modules apart by the directory of the requested file.",
    ),
    _row(
        "PythonInterpPerDirective",
        Context.SVDH,
        Arity.FLAG,
        store_flag("per_directive"),
        "Keep handler modules apart by the section that names them.",
    ),
    _row(
        "PythonAutoReload",
        Context.SVDH,
        Arity.FLAG,
        store_flag("auto_reload"),
        "Load a handler module again when its file has changed (default On).",
    ),
    _row(
        "PythonDebug",
        Context.SVDH,
        Arity.FLAG,
        store_flag("debug"),
        "Show tracebacks to the client (default Off: they are for the error log).",
    ),
    _row(
        "PythonEnablePdb",
        Context.SVDH,
        Arity.FLAG,
        store_flag("enable_pdb"),
        "Accepted for compatibility; handlers do not run under the debugger.",
    ),
    _row(
        "RequestTimeout",
        Context.SVDH,
        Arity.ONE,
        store_as(
            "request_timeout",
            _timeout,
            "{name} takes a number of seconds, also with a unit (ms, s, min, h), or Off; not '{word}'",
        ),
        "How long the handlers of a request may take; then the client gets 504 (default Off).",
    ),
)

_SERVER_ROWS: Final = (
    Directive(
        "PythonImport",
        Context.SV,
        Arity.TWO,
        PythonServer,
        add_import,
        "Import a module, and call a function of it, when the server starts.",
    ),
    Directive(
        "PythonConnectionHandler",
        Context.SV,
        Arity.RAW,
        PythonServer,
        set_connection_handler,
        "The handler that a new connection is given to before anything is read; DECLINED goes on with HTTP.",
    ),
    Directive(
        "PythonOptimize",
        Context.SV,
        Arity.FLAG,
        PythonDir,
        _ignore,
        "No effect: start the server with `python -OO` instead.",
        effect=False,
    ),
)

DIRECTIVES: Final = (
    *_HANDLER_ROWS,
    *_EARLY_ROWS,
    _MODULE_ROW,
    *_FILTER_ROWS,
    *_SETTING_ROWS,
    *_SERVER_ROWS,
)
