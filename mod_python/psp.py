"""Python Server Pages: `PSP(req).run()` compiles a page once and runs it for each request.

A page sees this module's names (`apache`, `Session`, `util`, `os`, `sys`, ...) and `req`, `form`, `psp`
and `session`; a page that names `form` or `session` gets one. Tracebacks show the page's own lines.

Differences from mod_python 3.5: exceptions leave a page as they are, so that `psp.redirect()` and
`apache.SERVER_RETURN` work (they do not run the error page); string pages are str or bytes; a changed include
recompiles its page; precompiled pages and the dbm cache of option `mod_python.psp.cache_database_filename`
are not used, the compiled pages are in memory.
"""

from __future__ import annotations

import ast
import dbm
import marshal
import os
import sys
import tempfile
import threading
import types
from collections.abc import Mapping
from html import escape
from types import CodeType, SimpleNamespace
from typing import Any, Final

from mod_python import Session, _apache, _psp, apache, util
from mod_python._psp import Program, parse, parsestring
from mod_python._request import Request
from olexd.errors import ServerReturn

__all__ = [
    "PSP",
    "FileCache",
    "HitsCache",
    "PSPInterface",
    "Session",
    "_apache",
    "_psp",
    "apache",
    "code2str",
    "dbm",
    "escape",
    "handler",
    "marshal",
    "mem_fcache",
    "mem_scache",
    "os",
    "parse",
    "parsestring",
    "path_split",
    "str2code",
    "sys",
    "tempfile",
    "types",
    "util",
]

_NO_VARIABLES: Final[Mapping[str, Any]] = types.MappingProxyType({})


def path_split(filename: str) -> tuple[str, str]:
    """Return the directory with a trailing slash, and the base name; for a bare name the directory is `/`."""
    directory, _, name = filename.rpartition("/")
    return directory + "/", name


def code2str(c: CodeType) -> bytes:
    """Return a code object as bytes, for this version of Python only."""
    return marshal.dumps(c)


def str2code(s: bytes) -> CodeType:
    """Return the code object in bytes that `code2str` wrote. Never give it bytes of unknown origin."""
    code = marshal.loads(s)
    if not isinstance(code, CodeType):
        raise TypeError("not a code object")
    return code


class HitsCache:
    """Keeps values by key; when there are more than `size`, the three quarters asked for most stay."""

    def __init__(self, size: int = 512) -> None:
        self._size = size
        self._entries: dict[Any, tuple[int, Any]] = {}
        self._cleaning = threading.Lock()

    def store(self, key: Any, val: Any) -> None:
        """Keep a value."""
        self._entries[key] = (1, val)
        if len(self._entries) > self._size:
            self.clean()

    def get(self, key: Any) -> Any:
        """Return the value of `key`, or None."""
        found = self._entries.get(key)
        if found is None:
            return None
        hits, value = found
        self._entries[key] = (hits + 1, value)
        return value

    def clean(self) -> None:
        """Drop the quarter of the values that was asked for least."""
        with self._cleaning:
            by_hits = sorted(self._entries.items(), key=lambda entry: entry[1][0])
            for key, _ in by_hits[: max(0, len(by_hits) - self._size * 3 // 4)]:
                self._entries.pop(key, None)


class FileCache(HitsCache):
    """Keeps what was made of files, as long as their modification time is the same."""

    def store(self, filename: str, mtime: float, code: Any) -> None:  # type: ignore[override]
        """Keep `code` for the file as it was at `mtime`."""
        super().store(filename, (mtime, code))

    def get(self, filename: str, mtime: float) -> Any:  # type: ignore[override]
        """Return what is kept for the file, or None when it is from another time."""
        found = super().get(filename)
        if found is None:
            return None
        if found[0] != mtime:
            self._entries.pop(filename, None)
            return None
        return found[1]


mem_scache = HitsCache()
mem_fcache = FileCache()


def _compile(program: Program, filename: str) -> CodeType:
    """Return the code of a page; its lines, also in errors, are those of the page."""
    try:
        tree = ast.parse(program.source, filename)
    except SyntaxError as error:
        _point_to_page(error, program.lines, filename)
        raise
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            _place_on_page(node, program.lines)
    return compile(tree, filename, "exec", dont_inherit=True)


def _place_on_page(node: Any, lines: tuple[int, ...]) -> None:
    """Move a node to the page's line. Its columns are the program's: tracebacks are not to mark them."""
    node.end_lineno = _page_line(lines, node.end_lineno or node.lineno)
    node.lineno = _page_line(lines, node.lineno)
    node.col_offset = node.end_col_offset = -1


def _page_line(lines: tuple[int, ...], number: int) -> int:
    return lines[min(number, len(lines)) - 1]


def _point_to_page(error: SyntaxError, lines: tuple[int, ...], filename: str) -> None:
    """Make a syntax error show the page's line instead of the program's."""
    if error.lineno is None:
        return
    error.lineno = error.end_lineno = _page_line(lines, error.lineno)
    error.offset = error.end_offset = None
    if os.path.isfile(filename):
        with open(filename, encoding="utf-8", errors="replace") as file:
            page = file.read().splitlines()
        error.text = page[error.lineno - 1] if error.lineno <= len(page) else None


class PSPInterface:
    """The variable `psp` of a page."""

    def __init__(self, req: Request, filename: str | None, form: Any) -> None:
        self.req = req
        self.filename = filename
        self.form = form
        self.error_page: PSP | None = None

    def set_error_page(self, page: str) -> None:
        """Have `page` run, with the variable `exception`, if this one fails; it is compiled now.

        A name with a leading slash is below the document root, another one beside this page.
        """
        if page and page[0] == "/":
            self.error_page = PSP(self.req, self.req.document_root() + page)
        else:
            if self.filename is None:
                raise TypeError("a string page has no directory for a relative error page")
            self.error_page = PSP(self.req, path_split(self.filename)[0] + (page or ""))

    def apply_data(self, object: Any) -> Any:
        """Call `object` with the form's fields as arguments; return its result."""
        if not self.form:
            self.form = _form(self.req)
        return util.apply_fs_data(object, self.form, req=self.req)

    def redirect(self, location: str, permanent: int = 0) -> None:
        """Send the client elsewhere, and leave the page."""
        util.redirect(self.req, location, permanent)


class PSP:
    """A compiled page, of a file or a string; without either, of the request's file.

    A relative file name is beside `req.filename`. Raises ValueError when both are given, SERVER_RETURN (404)
    for a missing file, SyntaxError for a page that does not compile. `vars` are further variables.
    """

    def __init__(
        self,
        req: Request,
        filename: str | None = None,
        string: str | bytes | None = None,
        vars: Mapping[str, Any] = _NO_VARIABLES,
    ) -> None:
        if filename and string:
            raise ValueError("Must specify either filename or string")
        self.req: Any = req
        self.vars = vars
        self.string = string
        self.filename: str | None = None
        self.dbmcache = None
        if string:
            self.code = _string_code(string)
        else:
            self.filename = _resolve(req, filename)
            self.code = _file_code(self.filename)

    def run(self, vars: Mapping[str, Any] = _NO_VARIABLES, flush: object = 0) -> None:
        """Run the page, with further variables; save the request's session, and flush if asked to.

        A failure runs the page's error page if it has set one, else it is raised; then nothing is saved.
        """
        req = self.req
        names = self.code.co_names
        own_session = "session" in names and not hasattr(req, "session")
        if own_session:
            req.session = Session.Session(req)
        try:
            form = _form(req) if "form" in names else None
            interface = PSPInterface(req, self.filename, form)
            try:
                exec(self.code, self._globals(interface, form, vars))
                if flush:
                    req.flush()
                if hasattr(req, "session"):
                    req.session.save()
            except ServerReturn:
                raise
            except Exception:
                if interface.error_page is None:
                    raise
                interface.error_page.run({"exception": sys.exc_info()}, flush)
        finally:
            if own_session:
                req.session.unlock()
                del req.session

    def _globals(self, interface: PSPInterface, form: Any, vars: Mapping[str, Any]) -> dict[str, Any]:
        """Return the page's variables."""
        req = self.req
        return {
            **globals(),
            "req": req,
            "form": form,
            "psp": interface,
            "session": getattr(req, "session", None),
            **self.vars,
            **vars,
            "__file__": req.filename,
            "__mp_info__": SimpleNamespace(label="", file=req.filename, cache=None, children=None),
            "__mp_path__": [],
        }

    def __str__(self) -> str:
        """Run the page as HTML; the text is what the page wrote already, so there is none to return."""
        self.req.content_type = "text/html"
        self.run()
        return ""

    def display_code(self) -> None:
        """Write an HTML table of the page's program beside its source. Only for pages in files."""
        if self.filename is None:
            raise TypeError("a string page has no source file to show")
        program = _psp.translate(self.filename, path_split(self.filename)[0])
        with open(self.filename, encoding="utf-8") as file:
            page = file.read().splitlines()
        lines = program.source.splitlines()
        rows = [_row("", "PSP-produced Python Code:", self.filename)]
        for number in range(max(len(lines), len(page))):
            rows.append(_row(str(number + 1), _at(lines, number), _at(page, number)))
        self.req.write("<table>\n" + "".join(rows) + "</table>\n")


def _at(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _row(number: str, code: str, source: str) -> str:
    """Return one row of the display of a page's program."""
    cells = f'<td>{number}</td><td><font color="blue">{_html(code)}</font></td>'
    return f'<tr>{cells}<td>&nbsp;<font color="green">{_html(source)}</font></td></tr>\n'


def _html(text: str) -> str:
    return escape(text).replace("\t", " " * 4).replace(" ", "&nbsp;")


def _form(req: Any) -> Any:
    """Return the request's form, read now if nobody did; blank fields are kept."""
    if not hasattr(req, "form"):
        req.form = util.FieldStorage(req, keep_blank_values=1)
    return req.form


def _resolve(req: Request, filename: str | None) -> str:
    """Return the path of a page."""
    if not filename:
        filename = req.filename
    elif not os.path.isabs(filename):
        if req.filename is None:
            raise TypeError("a relative page needs a request with a file name")
        filename = path_split(req.filename)[0] + filename
    if filename is None:
        raise TypeError("a request without a file name has no page")
    return filename


def _file_code(filename: str) -> CodeType:
    """Return the code of the page in a file, compiled anew when it or what it includes has changed."""
    try:
        changed = os.stat(filename).st_mtime_ns
    except (OSError, ValueError):
        raise ServerReturn(apache.HTTP_NOT_FOUND) from None
    found: tuple[CodeType, tuple[tuple[str, int], ...]] | None = mem_fcache.get(filename, changed)
    if found is not None and all(_changed(path) == at for path, at in found[1]):
        return found[0]
    program = _psp.translate(filename, path_split(filename)[0])
    code = _compile(program, filename)
    mem_fcache.store(filename, changed, (code, tuple((path, _changed(path)) for path in program.included)))
    return code


def _changed(path: str) -> int:
    """Return when a file was changed last, in nanoseconds; -1 when it is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


def _string_code(string: str | bytes) -> CodeType:
    """Return the code of a string page."""
    code: CodeType | None = mem_scache.get(string)
    if code is None:
        text = string.decode("utf-8") if isinstance(string, bytes) else string
        code = _compile(_psp.translate_text(text), "__psp__")
        mem_scache.store(string, code)
    return code


def handler(req: Any) -> int:
    """Serve the request's file as a page; with PythonDebug, a name with a trailing `_` shows its program."""
    req.content_type = "text/html"
    if req.filename.endswith("_") and req.get_config().get("PythonDebug", "0") == "1":
        PSP(req, req.filename[:-1]).display_code()
    else:
        PSP(req).run()
    return apache.OK
