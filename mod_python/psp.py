"""Python Server Pages: `PSP(req).run()` compiles a page once and runs it for each request.

A page sees this module's names (`apache`, `Session`, `util`, `os`, `sys`, ...) and `req`, `form`, `psp`
and `session`; a page that names `form` or `session` gets one. Tracebacks show the page's own lines.

Differences from mod_python 3.5: exceptions leave a page as they are, so that `psp.redirect()` and
`apache.SERVER_RETURN` work (they do not run the error page); string pages are str or bytes; a changed include
recompiles its page; the dbm cache of option `mod_python.psp.cache_database_filename` works, if nobody else
can write to it; precompiled pages are not used.
"""

from __future__ import annotations

import dbm
import marshal
import os
import stat
import sys
import tempfile
import types
from collections.abc import Mapping
from html import escape
from types import CodeType, SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

from mod_python import Session, _apache, _psp, apache, util
from mod_python._psp import parse
from mod_python._psp_cache import (
    CompiledPage,
    FileCache,
    HitsCache,
    changed,
    dbm_cache_get,
    dbm_cache_store,
    dbm_cache_type,
    dbm_types,
    restored_page,
)
from mod_python._psp_code import compile_page
from mod_python._request import Request, option
from olexd.errors import ServerReturn
from olexd.importer import join_site
from olexd.model import runtime

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
    "dbm_cache_get",
    "dbm_cache_store",
    "dbm_cache_type",
    "dbm_types",
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
    "tempdir",
    "tempfile",
    "types",
    "util",
]

tempdir = tempfile.gettempdir()

_NO_VARIABLES: Final[Mapping[str, Any]] = types.MappingProxyType({})


def parsestring(str: str | bytes) -> str:
    """Return the Python source of the page `str` (bytes: UTF-8)."""
    return _psp.parsestring(str)


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


mem_scache = HitsCache()
mem_fcache = FileCache()


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

    code: CodeType | None = None
    dbmcache: str | None = None

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
        self.vars: Any = {} if vars is _NO_VARIABLES else vars
        self.string = string
        self.filename: str | None = None
        self.dbmcache = option(req, "mod_python.psp.cache_database_filename", "PSPDbmCache")
        if string:
            self.code = _string_code(string)
        else:
            self.filename = _resolve(req, filename)
            self.load_from_file()

    def load_from_file(self) -> None:
        """Take the code of the page's file, compiled anew when it or what it includes has changed."""
        filename: Any = self.filename
        mtime = _page_time(filename)
        page = self.cache_get(filename, mtime)
        if page is None:
            page = _compiled(filename)
            self.cache_store(filename, mtime, page)
        self.code = page.code

    def cache_get(self, filename: str, mtime: float) -> CompiledPage | None:
        """Return the page that is kept for a file as it is at `mtime`, or None."""
        page: CompiledPage | None = mem_fcache.get(filename, mtime)
        if page is None and self.dbmcache is not None:
            page = self._stored(self.dbmcache, filename, mtime)
        return page if page is not None and page.is_current() else None

    def cache_store(self, filename: str, mtime: float, code: CompiledPage) -> None:
        """Keep a page in memory, and in the dbm file that the option names."""
        mem_fcache.store(filename, mtime, code)
        if self.dbmcache is not None:
            try:
                dbm_cache_store(self.req.server, self.dbmcache, filename, mtime, code.dump())
            except Exception as error:
                self._report(error)

    def _stored(self, dbmfile: str, filename: str, mtime: float) -> CompiledPage | None:
        """Return the page from the dbm file, and keep it in memory."""
        try:
            data = dbm_cache_get(self.req.server, dbmfile, filename, mtime)
        except Exception as error:
            self._report(error)
            return None
        page = None if data is None else restored_page(data)
        if page is not None:
            mem_fcache.store(filename, mtime, page)
        return page

    def _report(self, error: Exception) -> None:
        """Log why the dbm file is not used: pages work without it. Each kind of dbm has its own errors."""
        self.req.log_error(f"PSP cache {self.dbmcache} is not used: {type(error).__name__}: {error}")

    def run(self, vars: Mapping[str, Any] = _NO_VARIABLES, flush: object = 0) -> None:
        """Run the page, with further variables; save the request's session, and flush if asked to.

        A failure runs the page's error page if it has set one, else it is raised; then nothing is saved.
        """
        req = self.req
        code = self.code
        assert code is not None, "a page has its code once it is made"
        names = code.co_names
        own_session = "session" in names and not hasattr(req, "session")
        if own_session:
            req.session = Session.Session(req)
        try:
            form = _form(req) if "form" in names else None
            interface = PSPInterface(req, self.filename, form)
            try:
                exec(code, self._globals(interface, form, vars))
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
        variables = {
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
        join_site(variables, runtime.interpreter())
        return variables

    def __str__(self) -> str:
        """Run the page as HTML; the text is what the page wrote already, so there is none to return."""
        self.req.content_type = "text/html"
        self.run()
        return ""

    def display_code(self) -> None:
        """Write an HTML table of the page's program, by lines, beside its source. Only for pages in files."""
        if self.filename is None:
            raise TypeError("a string page has no source file to show")
        program = _psp.translate(self.filename, path_split(self.filename)[0])
        with open(self.filename, encoding="utf-8") as file:
            page = file.read().splitlines()
        rows = [_row("", "&nbsp;PSP-produced Python Code:", f"{escape(self.filename)}:")]
        for number, line in enumerate(program.source.splitlines()):
            source = page[number] if number < len(page) else ""
            rows.append(_row(f"{number + 1}.&nbsp;", _coloured("blue", line), _coloured("green", source)))
        self.req.write("<table>\n" + "".join(rows) + "</table>\n")


def _row(number: str, code: str, source: str) -> str:
    """Return one row of the display of a page's program, of HTML."""
    return f"<tr><td><tt>{number}</tt></td><td><tt>{code}</tt></td><td><tt>&nbsp;{source}</tt></td></tr>\n"


def _coloured(colour: str, text: str) -> str:
    """Return a line as HTML, with its blanks but for those at its end."""
    html = escape(text.rstrip()).replace("\t", " " * 4).replace(" ", "&nbsp;")
    return f"<font color={colour}>{html}</font>"


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


def _page_time(filename: str) -> int:
    """Return when a page's file was changed last, in nanoseconds; 404 unless it is a file."""
    try:
        status = os.stat(filename)
    except (OSError, ValueError):
        raise ServerReturn(apache.HTTP_NOT_FOUND) from None
    if not stat.S_ISREG(status.st_mode):
        raise ServerReturn(apache.HTTP_NOT_FOUND)
    return status.st_mtime_ns


def _compiled(filename: str) -> CompiledPage:
    """Compile the page in a file."""
    program = _psp.translate(filename, path_split(filename)[0])
    included = tuple((path, changed(path)) for path in program.included)
    return CompiledPage(compile_page(program, filename), included)


def _string_code(string: str | bytes) -> CodeType:
    """Return the code of a string page."""
    code: CodeType | None = mem_scache.get(string)
    if code is None:
        text = string.decode("utf-8") if isinstance(string, bytes) else string
        code = compile_page(_psp.translate_text(text), "__psp__")
        mem_scache.store(string, code)
    return code


def handler(req: Any) -> int:
    """Serve the request's file as a page; with PythonDebug, a name with a trailing `_` shows its program.

    That is a request for the page itself, so that whoever may not have the page does not see its program.
    """
    req.content_type = "text/html"
    debugs = req._peek_config().get("PythonDebug") == "1"
    if debugs and req.filename.endswith("_"):
        req.internal_redirect(_page_url(req))
    elif debugs and req.prev is not None and req.prev.filename == f"{req.filename}_":
        PSP(req).display_code()
    else:
        PSP(req).run()
    return apache.OK


def _page_url(req: Any) -> str:
    """Return the URL path of the page whose program is asked for; 404 when the URL has no `_` to take off."""
    path: str = req.uri.removesuffix(req.path_info or "")
    if not path.endswith("_"):
        raise ServerReturn(apache.HTTP_NOT_FOUND)
    return quote(path[:-1])
