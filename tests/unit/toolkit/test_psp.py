"""Pages: compiled once, run for each request."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from mod_python import psp, util
from olexd.errors import ServerReturn
from tests.unit.toolkit.fake import FakeRequest

pytestmark = pytest.mark.usefixtures("temporary")

MEMORY = {"mod_python.session.session_type": "MemorySession"}


def page(directory: Path, text: str, name: str = "page.psp", **options: Any) -> FakeRequest:
    """Write a page, and return a request for it."""
    (directory / name).write_text(text)
    return FakeRequest(filename=str(directory / name), options=MEMORY, **options)


def output(directory: Path, text: str, **options: Any) -> str:
    """Return what a page writes."""
    req = page(directory, text, **options)
    psp.PSP(req).run()
    req.finish()
    return req.text


def string(text: str | bytes, **variables: Any) -> str:
    """Return what a string page writes."""
    req = FakeRequest(options=MEMORY)
    psp.PSP(req, string=text).run(variables)
    return req.text


# -- running


def test_a_page_writes_its_text(tmp_path: Path) -> None:
    """Text, code and expressions come out in order, without a flush."""
    req = page(tmp_path, "<p>\n<%\nfor i in range(3):\n%><%= i %>,<%\n%>\n</p>\n")
    psp.PSP(req).run()
    assert req.text == "<p>\n0,1,2,\n</p>\n"
    assert req.flushes == 0


def test_run_may_flush(tmp_path: Path) -> None:
    """With flush, the output goes out at the end."""
    req = page(tmp_path, "x")
    psp.PSP(req).run(flush=1)
    assert req.flushes == 1


def test_string_pages_are_text_or_bytes() -> None:
    """A page may be given as str or as UTF-8 bytes."""
    assert string("a\u20ac<%= x %>", x=1) == string("a\u20ac<%= x %>".encode(), x=1) == "a\u20ac1"


def test_variables(tmp_path: Path) -> None:
    """The constructor's variables and run's are the page's; run's win, and may replace req."""
    req = page(tmp_path, "<%= a %><%= b %>")
    made = psp.PSP(req, vars={"a": 1, "b": 1})
    made.run({"b": 2})
    assert req.text == "12"
    other = FakeRequest()
    made.run({"req": other})
    assert other.text == "11"


def test_a_page_made_without_variables_takes_some_later(tmp_path: Path) -> None:
    """Its `vars` are a dict of its own."""
    made, other = psp.PSP(page(tmp_path, "<%= a %>")), psp.PSP(page(tmp_path, "<%= a %>"))
    made.vars["a"] = 1
    made.run()
    assert (made.req.text, other.vars) == ("1", {})


def test_the_display_of_a_page_has_the_programs_lines(tmp_path: Path) -> None:
    """Each with the page's line of that number, without blanks at the end; nothing more of a longer page."""
    req = page(tmp_path, "a  <%-- a\nlonger\npage --%>\n b\t\n")
    psp.PSP(req).display_code()
    rows = [row.replace("&nbsp;", " ") for row in req.text.splitlines()[2:-1]]
    assert len(rows) == 3
    assert "<font color=green>a  &lt;%-- a</font>" in rows[0]
    assert "<font color=blue> b</font>" in rows[1]


def test_a_page_has_names_without_import(tmp_path: Path) -> None:
    """Pages find the modules they are used to, and their own place."""
    names = "apache, Session, util, os, sys, types, marshal, tempfile, escape, PSP, parse, _apache, psp"
    text = f"<% ok = all([{names}]) %><%= (__name__, ok, os.path.basename(__file__)) %>"
    assert output(tmp_path, text) == "('mod_python.psp', True, 'page.psp')"
    assert output(tmp_path, "<%= (__mp_path__, __mp_info__.file == __file__) %>") == "([], True)"


def test_pages_do_not_share_variables(tmp_path: Path) -> None:
    """What one run assigns, the next one does not see."""
    req = page(tmp_path, "<%= 'x' in globals() %><%\nx = 1\n%>")
    psp.PSP(req).run()
    psp.PSP(req).run()
    assert req.text == "FalseFalse"


def test_file_or_string_not_both() -> None:
    """Both sources are an error; an empty string is none."""
    with pytest.raises(ValueError, match="Must specify either filename or string"):
        psp.PSP(FakeRequest(), filename="a", string="b")
    with pytest.raises(TypeError):
        psp.PSP(FakeRequest(), string="")


def test_file_names(tmp_path: Path) -> None:
    """A relative name is beside the request's file, an absolute one is used as it is, a missing one a 404."""
    req = page(tmp_path, "request's")
    (tmp_path / "other.psp").write_text("other")
    psp.PSP(req, "other.psp").run()
    psp.PSP(req, str(tmp_path / "other.psp")).run()
    assert req.text == "otherother"
    for missing in ("none.psp", "nul\0.psp"):
        with pytest.raises(ServerReturn) as caught:
            psp.PSP(req, missing)
        assert caught.value.args == (404,)
    with pytest.raises(TypeError):
        psp.PSP(FakeRequest(), "other.psp")


def test_str_runs_the_page(tmp_path: Path) -> None:
    """A page in a template or a published function writes itself as HTML and is empty text."""
    req = page(tmp_path, "x")
    assert f"{psp.PSP(req)}" == ""
    assert (req.text, req.content_type) == ("x", "text/html")


# -- form and session


def test_a_page_that_names_form_gets_one(tmp_path: Path) -> None:
    """Blank fields are kept; the form is the request's from then on."""
    req = page(tmp_path, "<%= form['a'] %><%= 'b' in form %>", args="a=1&b=")
    psp.PSP(req).run()
    assert req.text == "1True"
    assert isinstance(req.form, util.FieldStorage)  # type: ignore[attr-defined]
    req.form = {"a": 2, "b": 3}  # type: ignore[attr-defined]
    psp.PSP(req).run()
    assert req.text == "1True2True"


def test_a_page_that_does_not_name_form_gets_none(tmp_path: Path) -> None:
    """The body of a request is not read for a page without a form."""
    req = page(tmp_path, "<%= len(globals()) > 0 %>", args="a=1")
    psp.PSP(req).run()
    assert not hasattr(req, "form")


def test_a_page_that_names_session_gets_one_saved(tmp_path: Path) -> None:
    """The session is saved, unlocked and taken off the request at the end."""
    text = "<%\nsession['n'] = session.get('n', 0) + 1\n%><%= session['n'] %>"
    req = page(tmp_path, text)
    psp.PSP(req).run()
    assert req.text == "1"
    assert not hasattr(req, "session")
    cookie = req.cookies[0].partition(";")[0]
    again = page(tmp_path, text, Cookie=cookie)
    psp.PSP(again).run()
    assert again.text == "2"


def test_an_inherited_session_is_saved_and_kept(tmp_path: Path) -> None:
    """A session that is on the request already is saved, even if the page does not name it, and stays."""
    req = page(tmp_path, "text")
    session = psp.Session.Session(req)
    session["a"] = 1
    req.session = session  # type: ignore[attr-defined]
    psp.PSP(req).run()
    assert req.session is session and session._locked  # type: ignore[attr-defined]
    assert session.do_load()["_data"] == {"a": 1}
    req.finish()


def test_a_failing_page_does_not_save(tmp_path: Path) -> None:
    """The session of a page that fails is unlocked and as it was."""
    req = page(tmp_path, "<%\nsession['n'] = 1\nraise KeyError('x')\n%>")
    with pytest.raises(KeyError):
        psp.PSP(req).run()
    assert not hasattr(req, "session")
    assert psp.Session.MemorySession.sdict == {}


# -- leaving a page


def test_redirect_from_a_page(tmp_path: Path) -> None:
    """A redirect leaves the page cleanly; text written before it stays in the body."""
    req = page(tmp_path, "before<%\npsp.redirect('/there')\n%>after")
    with pytest.raises(ServerReturn) as caught:
        psp.PSP(req).run()
    assert caught.value.args == (-2,)
    assert req.status == 302
    assert req.text.startswith("before<p>") and "after" not in req.text


def test_server_return_from_a_page(tmp_path: Path) -> None:
    """A status raised in a page is that of the response, and no matter for the error page."""
    (tmp_path / "error.psp").write_text("ERROR")
    req = page(tmp_path, "<%\npsp.set_error_page('error.psp')\nraise apache.SERVER_RETURN(403)\n%>")
    with pytest.raises(ServerReturn) as caught:
        psp.PSP(req).run()
    assert caught.value.args == (403,)
    assert req.text == ""


def test_an_exception_leaves_as_it_is(tmp_path: Path) -> None:
    """An exception with several arguments is the same object outside."""
    req = page(tmp_path, "<%\nb'\\xff'.decode('utf-8')\n%>")
    with pytest.raises(UnicodeDecodeError):
        psp.PSP(req).run()


@pytest.mark.parametrize("name", ["error.psp", "/error.psp"])
def test_an_error_page_is_run(tmp_path: Path, name: str) -> None:
    """A failing page's error page sees the exception, after what was already written."""
    (tmp_path / "error.psp").write_text("<%= exception[0].__name__ %>:<%= exception[1] %>")
    req = page(tmp_path, f"text <%\npsp.set_error_page('{name}')\nraise ValueError('bad')\n%>")
    req.root = str(tmp_path)
    psp.PSP(req).run()
    assert req.text == "text ValueError:bad"
    assert req.status == 200


def test_a_missing_error_page_is_a_404(tmp_path: Path) -> None:
    """An error page is compiled when it is set; one that is not there is a 404."""
    req = page(tmp_path, "<%\npsp.set_error_page('none.psp')\n%>")
    with pytest.raises(ServerReturn) as caught:
        psp.PSP(req).run()
    assert caught.value.args == (404,)


def test_a_string_page_has_no_relative_error_page() -> None:
    """A page without a file has no directory."""
    with pytest.raises(TypeError):
        string("<%\npsp.set_error_page('error.psp')\n%>")


def test_apply_data(tmp_path: Path) -> None:
    """A page may call a function with its form's fields."""
    assert (
        output(tmp_path, "<%= psp.apply_data(lambda a, req: a + str(req is not None)) %>", args="a=1")
        == "1True"
    )


# -- errors


def lines(error: BaseException, name: str) -> list[int | None]:
    """Return the lines of a file that a traceback goes through."""
    return [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(name)
    ]


def test_a_traceback_shows_the_pages_lines(tmp_path: Path) -> None:
    """Comments and directives over several lines and includes do not move the line of a failure."""
    (tmp_path / "inc.txt").write_text("1\n2\n3\n")
    text = (
        '<%-- 1\n2\n3 --%>a\n<%@ include file="inc.txt" %>b\n<%\ndef f():\n    return (\n'
        "        1 / 0)\n\n%>c\n<%= f() %>"
    )
    req = page(tmp_path, text)
    with pytest.raises(ZeroDivisionError) as caught:
        psp.PSP(req).run()
    assert lines(caught.value, "page.psp") == [11, 8]
    shown = "".join(traceback.format_exception(caught.value))
    assert "1 / 0)" in shown and "<%= f() %>" in shown


def test_a_syntax_error_shows_the_pages_line(tmp_path: Path) -> None:
    """A page that does not compile says where, in its own lines."""
    req = page(tmp_path, "a\n<%-- 2\n3 --%>\n<%\nx = = 1\n%>\n")
    with pytest.raises(SyntaxError) as caught:
        psp.PSP(req)
    assert (caught.value.filename, caught.value.lineno) == (req.filename, 5)
    assert caught.value.text == "x = = 1"


def test_an_error_of_the_compiler_shows_the_pages_line(tmp_path: Path) -> None:
    """Also errors beyond the grammar are on the page's line."""
    req = page(tmp_path, "<%-- 1\n2 --%>\n<%\nreturn 1\n%>\n")
    with pytest.raises(SyntaxError) as caught:
        psp.PSP(req)
    assert caught.value.lineno == 4


# -- caches


def test_a_page_is_compiled_once(tmp_path: Path) -> None:
    """The same file has the same code until it changes, also to an older time."""
    req = page(tmp_path, "1")
    first = psp.PSP(req)
    assert psp.PSP(req).code is first.code
    page(tmp_path, "2")
    os.utime(str(req.filename), (1, 1))
    psp.PSP(req).run()
    assert req.text == "2"


def test_a_changed_include_is_seen(tmp_path: Path) -> None:
    """A page is compiled anew when a file it includes changes or goes."""
    (tmp_path / "inc.txt").write_text("1")
    req = page(tmp_path, '<%@ include file="inc.txt" %>')
    psp.PSP(req).run()
    (tmp_path / "inc.txt").write_text("2")
    os.utime(tmp_path / "inc.txt", (1, 1))
    psp.PSP(req).run()
    assert req.text == "12"
    (tmp_path / "inc.txt").unlink()
    with pytest.raises(FileNotFoundError):
        psp.PSP(req)


def test_code_makes_the_round_trip() -> None:
    """code2str and str2code are inverse; other marshalled objects are refused."""
    code = compile("x = 1", "f", "exec")
    assert psp.str2code(psp.code2str(code)) == code
    import marshal

    with pytest.raises(TypeError):
        psp.str2code(marshal.dumps("text"))


# -- the handler


def test_the_handler_serves_pages(tmp_path: Path) -> None:
    """A page is HTML unless it says otherwise."""
    req = page(tmp_path, "x")
    assert psp.handler(req) == 0
    assert (req.text, req.content_type) == ("x", "text/html")
    req = page(tmp_path, "<%\nreq.content_type = 'text/plain'\n%>")
    psp.handler(req)
    assert req.content_type == "text/plain"


def test_source_is_shown_in_debugging_only(tmp_path: Path) -> None:
    """`page.psp_` shows the program with PythonDebug; else it is a file that does not exist."""
    req = page(tmp_path, "<b>\t<%\nsecret = '&'\n%>")
    view = page(tmp_path, "", "page.psp_", uri="/app/page.psp_")
    (tmp_path / "page.psp_").unlink()
    for debug in ("", "0"):
        view.config["PythonDebug"] = debug
        with pytest.raises(ServerReturn) as caught:
            psp.handler(view)
        assert caught.value.args == (404,)
    view.config["PythonDebug"] = req.config["PythonDebug"] = "1"
    assert psp.handler(view) == 0
    assert view.redirects == ["/app/page.psp"]
    assert view.text == ""
    req.prev = view
    assert psp.handler(req) == 0
    assert "PSP-produced Python Code:" in req.text
    assert "secret&nbsp;=&nbsp;&#x27;&amp;&#x27;" in req.text
    assert "<b>" not in req.text


def test_a_view_needs_a_url_of_its_own(tmp_path: Path) -> None:
    """A file that an Alias or a rewriting leads to has no URL to ask for its page by."""
    view = page(tmp_path, "", "page.psp_", uri="/elsewhere")
    view.config["PythonDebug"] = "1"
    with pytest.raises(ServerReturn) as caught:
        psp.handler(view)
    assert caught.value.args == (404,)
    assert view.redirects == []


def test_path_split() -> None:
    """The directory has its slash; that of a bare name is the root."""
    assert psp.path_split("/a/b.psp") == ("/a/", "b.psp")
    assert psp.path_split("b.psp") == ("/", "b.psp")
