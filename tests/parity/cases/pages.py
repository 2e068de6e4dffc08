"""Python Server Pages: the grammar, what pages see, errors, redirects, the handler."""

from __future__ import annotations

from collections.abc import Mapping

from tests.parity.runner.case import SESSION_COOKIE, Case, Expect, Request, Text, get, post
from tests.parity.runner.shows import shows

CONFIG = "AddHandler mod_python .psp .psp_\nPythonHandler mod_python.psp\n"
BESIDE = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>'
DEBUG = f"{CONFIG}PythonDebug On\n"
NAMES = """req form psp session __file__ __mp_info__ __mp_path__ __name__ apache Session util os sys types
marshal tempfile tempdir dbm escape PSP PSPInterface parse parsestring handler path_split mem_fcache
mem_scache _apache _psp"""
"""What a page finds without having imported it."""
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


def pages(
    name: str,
    files: Mapping[str, Text],
    *requests: Request,
    config: str = CONFIG,
    **details: object,
) -> Case:
    """Return a case of pages; without requests every `.psp` file is asked for, in order."""
    asked = requests or tuple(get(f"/{file}") for file in files if file.endswith(".psp"))
    return Case(f"psp-{name}", asked, config, files=files, **details)  # type: ignore[arg-type]


def page(name: str, text: str, *requests: Request, **details: object) -> Case:
    """Return a case of one page."""
    return pages(name, {"page.psp": text}, *(requests or (get("/page.psp"),)), **details)  # type: ignore[arg-type]


def programs(name: str, *sources: bytes) -> Case:
    """Return a case that shows the programs of pages."""
    return shows(f"psp-program-{name}", *(f"psp.parsestring({source!r})" for source in sources))


CASES = [
    programs("text", b"", b"a", b'a"b', b'"""', b"a\\nb\\q\\", b"a\r\nb\rc\n", b"%>", b"<", b"a'b{}$%"),
    programs(
        "expressions", b"<%=1%>", b"<%= a %><%= b %>", b"<%=%>", b"<%= open", b"<%= a:b %>", b"<%= a\n%>"
    ),
    programs(
        "code", b"<%x=1%>y", b"a<%\nx=1\n%>b", b"<% %>", b"<%%>", b"<%\n%>", b"a<% open", b"<% a\nb %>c"
    ),
    programs(
        "indentation",
        b"<%\nif x:\n%>yes<%\nelse:\n%>no<%\n%>end",
        b"<%\nif x:\n  for y in z:\n%>in<%\n%>",
        b"<%\nfor i in r:\n    # begin\n%>\nx\n<%\n# end\n%>\ne",
        b"<%\nfor i in r:\n    pass\n\n%>y",
        b"<%\nfor i in r:\n    pass\n    \n%>y",
        b"<%\nif x: \n%>y",
        b"<%\nif x:\n\n%>y",
        b"<%\nx=1\n   %>y",
        b"<%\nif x:\r\n\tpass\r\n%>y",
        b"<%\nif x:\r  pass\r%>y",
    ),
    programs("comments", b"a<%-- hidden <% x %> --%>b", b"<%----%>", b"<%-- a\nb --%>", b"<%-- open"),
    programs("directives", b'a<%@ page language="x" %>b', b"<%@%>", b"<%@ include %>", b"<%@ open"),
    programs(
        "odd", b"a\x00b", b"<%%%>", b"<%= '%>' %>", b"<% x = '%>' %>", b"<%# note\n%>", b"< %x%>", b"<%=a;b%>"
    ),
    shows(
        "psp-functions",
        "psp.path_split('/a/b/c.psp')",
        "psp.path_split('c.psp')",
        "psp.parse('/no/such/page')",
        "psp.PSP(req, filename='a', string=b'b')",
        "psp.mem_fcache.size, psp.mem_scache.size",
        "sorted(vars(psp.PSPInterface(req, None, None)))",
    ),
    shows(
        "psp-hits-cache",
        "[cache.store(n, 'v%d' % n) for n in range(4)]",
        "[cache.get(n) for n in (0, 0, 1, 1, 2, 2, 9)]",
        "cache.store(4, 'v4')",
        "sorted(cache.cache)",
        "files.store('f', 2, 'code')",
        "files.get('f', 2), files.get('f', 1), files.get('f', 2)",
        setup="cache, files = psp.HitsCache(4), psp.FileCache(4)",
    ),
    page("text", 'plain\n"quoted" \\n \\t \\r \u00e4\u20ac {} $x % \'\n'),
    page("escapes-of-python", "\\x41 \\u0042 \\\\ tail\\\njoined\n"),
    page(
        "expressions",
        "<%= 1 + 1 %> <%= 'text' %> <%= None %> <%= b'bytes' %> <%= [1, 'a'] %> <%=\n1 +\n2\n%>",
    ),
    page("two-values-in-an-expression", "<%= 1, 2 %>", log=["TypeError"]),
    page("loop", "<%\nfor i in range(3):\n%>\n<b><%= i %></b>\n<%\n%>\nend\n"),
    page("loop-with-comments", "<%\nfor i in range(2):\n    # begin\n%>\nrow <%= i %>\n<%\n# end\n%>\nend\n"),
    page("branches", "<%\nif req.args:\n%>yes<%\nelse:\n%>no<%\n%>.", get("/page.psp"), get("/page.psp?x")),
    page("defines-functions", "<%\ndef row(x):\n%><td><%= x %></td><%\n\nrow(1)\nrow(2)\n%>"),
    page("try", "<%\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n%>caught<%\n%>"),
    page("comment-in-page", "a<%-- <% raise ValueError %> --%>b"),
    page("empty", ""),
    page("syntax-error", "<% for x in y: %>", log=["SyntaxError"]),
    page("indentation-error", "<%\nif 1: \n%>x", log=["IndentationError"]),
    page("error-after-output", "before <%\n1 / 0\n%>", log=["ZeroDivisionError"]),
    page(
        "no-import-needed",
        "<%= (apache.OK, util.__name__, Session.__name__, os.sep, sys.maxsize > 1, __name__) %>",
    ),
    page(
        "file-and-info",
        "<%= __file__.rsplit('/', 1)[1] %> <%= __mp_path__ %> <%= __mp_info__.file == __file__ %>",
    ),
    page("content-type", "<% req.content_type = 'text/x-own' %>x"),
    page("headers", "text <% req.headers_out['X-Late'] = 'yes'; req.status = 202 %> more"),
    page(
        "path-info", "<%= req.path_info %>", get("/page.psp/more/path"), get("/page.psp"), get("/page.psp/")
    ),
    page("flush", "a<% req.flush() %>b"),
    page("returned-status", "<% req.status = 404 %>not here"),
    page("unicode", "\u00e4 <%= '\\u20ac' %> <%= req.args %>", get("/page.psp?%C3%A4")),
    pages("missing", {"page.psp": "x"}, get("/none.psp"), get("/page.psp_"), get("/sub/none.psp")),
    pages(
        "include",
        {
            "a.psp": 'a[<%@ include file="inc.txt" %>]',
            "b.psp": '<%\nfor i in range(2):\n%><%@ include file="inc.txt" %><%\n%>.',
            "c.psp": '<%@ include file="code.txt" %>after',
            "d.psp": '<%@ include file="sub/inc.txt" %>',
            "e.psp": '<%@ include file="inc.txt" and more %>',
            "inc.txt": "included <%= req.method %>\n",
            "code.txt": "<%\nx = 'set'\nif 1:\n%>",
            "sub/inc.txt": 'sub <%@ include file="inc.txt" %>',
        },
    ),
    pages(
        "include-spellings",
        {
            "a.psp": '<%@include file="b.txt"%>',
            "b.psp": '<%@ include  file = "b.txt" %>',
            "c.psp": "<%@ include file='b.txt' %>",
            "d.psp": '<%@ include file="b .txt" %>',
            "e.psp": '<%@ include file="b.txt" %><%@ include   file="b.txt" %>',
            "f.psp": '<%@ Include file="b.txt" %>',
            "g.psp": "<%@ include file=b.txt %>",
            "h.psp": '<%@ include file="empty.txt" %>x',
            "i.psp": '<%@ include file="open.txt" %>after %>',
            "b.txt": "[b]",
            "empty.txt": "",
            "open.txt": "<% x = 1",
        },
    ),
    pages("include-missing", {"page.psp": '<%@ include file="none.txt" %>'}, log=["FileNotFoundError"]),
    pages(
        "error-page",
        {
            "a.psp": "<% psp.set_error_page('error.psp') %>before <% 1 / 0 %>",
            "b.psp": "<% psp.set_error_page('/sub/error.psp') %><% raise ValueError('b') %>",
            "error.psp": "caught <%= exception[0].__name__ %>: <%= exception[1] %>",
            "sub/error.psp": "<% req.status = 503 %>in sub: <%= exception[1] %>",
        },
        get("/a.psp"),
        get("/b.psp"),
    ),
    pages(
        "error-page-fails",
        {"a.psp": "<% psp.set_error_page('e.psp') %><% 1 / 0 %>", "e.psp": "<% raise KeyError('again') %>"},
        get("/a.psp"),
        log=["KeyError: 'again'"],
    ),
    Case(
        "psp-error-page-flushed",
        [get("/x")],
        BESIDE,
        files={
            "x": "",
            "a.psp": "<% psp.set_error_page('e.psp') %>before <% 1 / 0 %>",
            "e.psp": "caught",
        },
        handler="from mod_python import psp\npsp.PSP(req, 'a.psp').run(flush=1)\n"
        "req.write(' %d' % req.bytes_sent, 0)",
    ),
    page(
        "form",
        "<%= sorted(form.keys()) %> <%= [str(one.value) for one in form.getlist('name')] %>",
        get("/page.psp?name=value&name=other&blank="),
        get("/page.psp"),
    ),
    page(
        "nested-mention", "<%\ndef seen():\n    return form, session\n\n%><%= seen() %>", get("/page.psp?a=1")
    ),
    page(
        "variables",
        "<%= type(psp).__name__, psp.filename.rsplit('/', 1)[1], psp.form, psp.error_page, psp.req is req %>"
        "<%= sorted(name for name in dir(__mp_info__) if name[0] != '_') %>"
        "<%= [name for name in NAMES if name not in globals()] %>".replace("NAMES", repr(NAMES.split())),
    ),
    page(
        "session-of-the-request",
        "<%\nreq.session = Session.MemorySession(req, lock=0)\n"
        "req.session['n'] = req.session.get('n', 0) + 1\n%>"
        "<%= req.session['n'] %>",
        get("/page.psp"),
        get("/page.psp"),
        config=f"{CONFIG}PythonOption session MemorySession\n",
        cookies=True,
        masks=[SESSION_COOKIE],
    ),
    page("charset", "<% req.content_type = 'text/plain; charset=iso-8859-1' %>\u00e4\u20ac<%= '\u00e4' %>"),
    page("empty-lines", "a\n<%\nx = 1\n%>\n\n"),
    page("no-form", "<%= hasattr(req, 'form') %>", get("/page.psp?name=value")),
    page(
        "apply-data",
        "<%\ndef hello(name='nobody', req=None):\n    return '%s %s' % (name, req.method)\n\n%>"
        "<%= psp.apply_data(hello) %>",
        get("/page.psp?name=value"),
        get("/page.psp?other=1"),
        get("/page.psp"),
    ),
    page(
        "session",
        "<%\nsession['n'] = session.get('n', 0) + 1\n%><%= session['n'] %> <%= session.is_new() %>",
        get("/page.psp"),
        get("/page.psp"),
        get("/page.psp"),
        cookies=True,
        masks=[SESSION_COOKIE],
    ),
    page(
        "session-not-saved-on-failure",
        "<%\nsession['n'] = session.get('n', 0) + 1\nif req.args:\n    1 / 0\n%><%= session['n'] %>",
        get("/page.psp"),
        get("/page.psp?fail"),
        get("/page.psp"),
        cookies=True,
        masks=[SESSION_COOKIE],
        log=["ZeroDivisionError"],
    ),
    pages(
        "other-files",
        {"page.psp": "x", "plain.txt": "<% not a page %>", "index.html": "index"},
        get("/plain.txt"),
        get("/"),
        get("/page.psp?x"),
        config=f"{CONFIG}DirectoryIndex index.html",
    ),
    page("debug-view-needs-debug", "x <%= 1 %>", get("/page.psp_"), get("/page.psp")),
    page(
        "debug-traceback",
        "line\n<%\n1 / 0\n%>",
        config=DEBUG,
        differs="the exception is told once, as it was raised",
        olexd=[Expect(500, {}, r"line\n.*page\.psp&quot;, line 3, .*1 / 0(?!.*another exception).*")],
    ),
    page(
        "debug-view",
        "x <b>&  \n<%\nif 1:\n%>\tyes '\"'\n<%\n%><%--\n longer\n than the program --%>\n\n",
        get("/page.psp_"),
        get("/none.psp_"),
        config=DEBUG,
    ),
    pages(
        "debug-view-of-guarded-pages",
        {"page.psp": "<% secret = 1 %>", "open.psp": "<% secret = 1 %>"},
        get("/page.psp"),
        get("/page.psp_"),
        config=f'{DEBUG}<Files "page.psp">\nRequire all denied\n</Files>',
        differs="the program of a page is for those who may have the page",
        olexd=[Expect(403), Expect(403)],
    ),
    pages(
        "of-a-directory",
        {"sub/page.psp": "x", "page.psp": "y"},
        get("/"),
        get("/sub/"),
        get("/sub"),
        get("/sub/page.psp"),
        config='<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler mod_python.psp\n</Directory>',
    ),
    Case(
        "psp-from-a-handler",
        [get("/?name=value")],
        handler="""
        from mod_python import psp
        source = b'<%= greeting %> <%= who %> <%= form["name"].value %>'
        page = psp.PSP(req, string=source, vars={'greeting': 'hello'})
        page.run({'who': 'world'})
        page.run({'who': 'again', 'greeting': 'bye'})
        req.write(' %r %r %r' % (page.filename, page.vars, sorted(page.string[:3])), 0)
        req.write(' %r' % psp.PSP(req, string=source).vars, 0)
        """,
    ),
    Case(
        "psp-variables-overridden",
        [get("/")],
        handler="from mod_python import psp\nreq.session = type('S', (), {'save': lambda self: None})()\n"
        "source = b'<%= (a, b, form, session, __file__) %>'\n"
        "vars = {'a': 1, 'b': 1, 'form': 'F', 'session': 'S', '__file__': 'X'}\n"
        "psp.PSP(req, string=source, vars=vars).run({'b': 2})",
    ),
    Case(
        "psp-source-of-nothing",
        [get("/page.psp")],
        BESIDE,
        files={"page.psp": "the file"},
        handler="from mod_python import psp\npage = psp.PSP(req, string=b'')\npage.run()\n"
        "req.write('%r %r ' % (page.filename.rsplit('/', 1)[1], page.string), 0)\n"
        "req.write(repr(psp.PSP(req, filename='').filename.rsplit('/', 1)[1]), 0)\n"
        "req.write(repr(psp.PSP(req, string=b'x').code.co_filename), 0)",
    ),
    Case(
        "psp-without-a-file-name",
        [get("/")],
        handler="""
        from mod_python import psp
        relative = b'<% psp.set_error_page("x") %>'
        for call in (lambda: psp.PSP(req, 'relative.psp'), lambda: psp.PSP(req),
                     lambda: psp.PSP(req, '/none'), lambda: psp.PSP(req, string=relative).run()):
            try:
                call()
            except apache.SERVER_RETURN as error:
                req.write('%r ' % (error.args,), 0)
            except TypeError:
                req.write('TypeError ', 0)
        """,
    ),
    shows(
        "psp-parse",
        "psp.parse('page.psp', '@ROOT@/')",
        "psp.parse('/page.psp', '@ROOT@')",
        "psp.parse('page.psp', '@ROOT@')",
        "psp.parse('include.psp', '@ROOT@/')",
        "psp.parsestring(b'')",
        "[kind(psp.parse, '@ROOT@/bad.psp'), kind(psp.parse, 5), kind(psp.parsestring, 5)]",
        "psp.path_split(''), psp.path_split('a/b')",
        setup="""
def kind(function, argument):
    try:
        function(argument)
    except Exception as error:
        return type(error).__name__
""",
        config=BESIDE,
        files={"page.psp": "x<%= 1 %>", "bad.psp": b"\xff", "include.psp": '<%@ include file="page.psp"%>'},
    ),
    Case(
        "psp-str-of-a-page",
        [get("/")],
        handler="from mod_python import psp\nreq.write('[%s]' % psp.PSP(req, string=b'written'), 0)",
    ),
    Case(
        "psp-run-with-flush",
        [get("/")],
        handler="from mod_python import psp\npsp.PSP(req, string=b'written').run(flush=1)\n"
        "req.write('%s' % req.bytes_sent, 0)",
    ),
    Case(
        "psp-file-of-a-handler",
        [get("/x.html")],
        '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>',
        files={"template.psp": "<%= word %> of <%= __file__.rsplit('/', 1)[1] %>", "x.html": ""},
        handler="from mod_python import psp\npsp.PSP(req, 'template.psp', vars={'word': 'page'}).run()\n"
        "try:\n    psp.PSP(req, 'none.psp')\nexcept apache.SERVER_RETURN as error:\n    "
        "req.write(repr(error.args))",
    ),
    page(
        "redirect",
        "before <% psp.redirect('/there') %> after",
        differs="a redirect ends the page, as it should",
        olexd=[Expect(302, {"location": "/there"}, r"before <p>.*</p>\n")],
    ),
    page(
        "server-return",
        "<% raise apache.SERVER_RETURN(apache.HTTP_FORBIDDEN) %>",
        differs="the status counts",
        olexd=[Expect(403)],
    ),
    page(
        "error-page-missing",
        "<% psp.set_error_page('none.psp') %>x",
        differs="a missing error page is 404, as a missing page is",
        olexd=[Expect(404)],
    ),
    Case(
        "psp-string-of-text",
        [get("/")],
        handler="from mod_python import psp\npsp.PSP(req, string='text <%= 1 %> \\u20ac').run()",
        differs="a string page may be str",
        olexd=[Expect(200, {}, "text 1 \u20ac")],
    ),
    page("posted-form", "<%= len(form.list) %>", post("/page.psp?a=1", "name=value", URLENCODED)),
]
