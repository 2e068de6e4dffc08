"""From a page to its program: mod_python's grammar, with vectors taken from the original."""

from __future__ import annotations

from pathlib import Path

import pytest

from mod_python._psp import IncludeError, parse, parsestring, translate_text

# Line feed is written as \u00b6, carriage return as \u240d, TAB as \u2192.
VECTORS = [
    ("", ""),
    ("a", 'req.write("""a""",0)\u00b6'),
    ('a"b', 'req.write("""a\\"b""",0)\u00b6'),
    (r"a\nb\q", 'req.write("""a\\\\nb\\q""",0)\u00b6'),
    ("<%=1%>", 'req.write("""""",0); req.write(str(1),0); req.write("""""",0)\u00b6'),
    ("<%x=1%>y", 'req.write("""""",0);x=1;req.write("""y""",0)\u00b6'),
    (
        "<%= a %><%= b %>",
        'req.write("""""",0); req.write(str( a ),0); req.write("""""",0); req.write(str( b ),0);'
        ' req.write("""""",0)\u00b6',
    ),
    ("a<%\u00b6x=1\u00b6%>b", 'req.write("""a""",0);\u00b6x=1\u00b6req.write("""b""",0)\u00b6'),
    (
        "<%\u00b6if x:\u00b6%>yes<%\u00b6else:\u00b6%>no<%\u00b6%>end",
        'req.write("""""",0);\u00b6if x:\u00b6\u2192req.write("""yes""",0);\u00b6'
        'else:\u00b6\u2192req.write("""no""",0);\u00b6'
        'req.write("""end""",0)\u00b6',
    ),
    (
        "<%\u00b6if x:\u00b6  for y in z:\u00b6%>in<%\u00b6%>",
        'req.write("""""",0);\u00b6if x:\u00b6  for y in z:\u00b6  \u2192req.write("""in""",0);\u00b6'
        'req.write("""""",0)\u00b6',
    ),
    (
        "<%\u00b6for i in r:\u00b6    # begin\u00b6%>\u00b6x\u00b6<%\u00b6# end\u00b6%>\u00b6e",
        'req.write("""""",0);\u00b6for i in r:\u00b6    # begin\u00b6'
        '    req.write("""\u00b6x\u00b6""",0);\u00b6# end\u00b6'
        'req.write("""\u00b6e""",0)\u00b6',
    ),
    (
        "<%\u00b6for i in r:\u00b6    pass\u00b6\u00b6%>y",
        'req.write("""""",0);\u00b6for i in r:\u00b6    pass\u00b6\u00b6req.write("""y""",0)\u00b6',
    ),
    (
        "<%\u00b6for i in r:\u00b6    pass\u00b6    \u00b6%>y",
        'req.write("""""",0);\u00b6for i in r:\u00b6    pass\u00b6    \u00b6    req.write("""y""",0)\u00b6',
    ),
    ("<%\u00b6if x: \u00b6%>y", 'req.write("""""",0);\u00b6if x: \u00b6req.write("""y""",0)\u00b6'),
    (
        "<%\u00b6if x:\u00b6\u00b6%>y",
        'req.write("""""",0);\u00b6if x:\u00b6\u00b6\u2192req.write("""y""",0)\u00b6',
    ),
    ("<%\u00b6x=1\u00b6   %>y", 'req.write("""""",0);\u00b6x=1\u00b6      req.write("""y""",0)\u00b6'),
    ("<% a\u00b6b %>c", 'req.write("""""",0); a\u00b6b req.write("""c""",0)\u00b6'),
    ("a<%-- hidden <% x %> --%>b", 'req.write("""ab""",0)\u00b6'),
    ('a<%@ page language="x" %>b', 'req.write("""ab""",0)\u00b6'),
    ("a<% open", 'req.write("""a""",0); open'),
    ("a<%= open", 'req.write("""a""",0); req.write(str( open'),
    ("a<%-- open", 'req.write("""a'),
    ("a<%@ open", 'req.write("""a'),
    ("a\u240d\u00b6b", 'req.write("""a\u00b6b""",0)\u00b6'),
]


def control(text: str) -> str:
    """Return `text` with the control characters that its signs stand for."""
    return text.replace("\u00b6", "\n").replace("\u240d", "\r").replace("\u2192", "\t")


@pytest.mark.parametrize(("page", "program"), VECTORS)
def test_vectors(page: str, program: str) -> None:
    """A page gives the same program as the original's parser."""
    assert parsestring(control(page).encode()) == parsestring(control(page)) == control(program)


@pytest.mark.parametrize(("page", "program"), VECTORS)
def test_files_are_parsed_like_strings(tmp_path: Path, page: str, program: str) -> None:
    """A page in a file gives the same program, whether or not its directory is given apart."""
    (tmp_path / "page.psp").write_bytes(control(page).encode())
    assert parse("page.psp", f"{tmp_path}/") == parse(str(tmp_path / "page.psp")) == control(program)


def test_a_nul_ends_a_page() -> None:
    """What follows a NUL is not part of a page in a string; a file with one is none."""
    assert parsestring(b"a\0b") == parsestring("a")


@pytest.mark.parametrize("page", ["bad.psp", "including.psp"])
def test_a_file_with_a_nul_is_no_page(tmp_path: Path, page: str) -> None:
    """Instead of a part of a page there is an error, which names the file and the line."""
    (tmp_path / "bad.psp").write_bytes(b"a\n<b\0")
    (tmp_path / "including.psp").write_text('<%@ include file="bad.psp" %>')
    with pytest.raises(SyntaxError, match="cannot contain a NUL") as caught:
        parse(page, f"{tmp_path}/")
    assert (caught.value.filename, caught.value.lineno) == (str(tmp_path / "bad.psp"), 2)


def test_a_page_is_text() -> None:
    """Anything but str and bytes is refused by name."""
    with pytest.raises(TypeError, match="a page must be str or bytes, not int"):
        parsestring(5)  # type: ignore[arg-type]


def test_bad_utf_8_is_refused(tmp_path: Path) -> None:
    """A page that is not UTF-8 is not guessed at."""
    with pytest.raises(UnicodeDecodeError):
        parsestring(b"\xff")
    (tmp_path / "page.psp").write_bytes(b"\xff")
    with pytest.raises(UnicodeDecodeError):
        parse("page.psp", f"{tmp_path}/")


INCLUDES = [
    ('<%@ include file="inc.txt" %>Z', "INCZ"),
    ('<%@include file="inc.txt"%>"Z"', r"INC\"Z\""),
    ('<%@ include  file = "inc.txt" junk %>Z', "INCZ"),
    ('<%@ include\tfile="inc.txt" %>Z', "Z"),
    ('<%@ include file  ="inc.txt" %>Z', "Z"),
    ("<%@ include file='inc.txt' %>Z", "Z"),
    ('<%@ include file="inc.txt"include file="inc.txt" %>Z', "INCINCZ"),
    ('<%@ include file="" %>Z', "Z"),
    ('<%@ include file="deep.txt" %>Z', "[INC]Z"),
]


@pytest.mark.parametrize(("page", "text"), INCLUDES)
def test_includes(tmp_path: Path, page: str, text: str) -> None:
    """An include is read in place of its directive; what is not quite one is ignored."""
    (tmp_path / "inc.txt").write_text("INC")
    (tmp_path / "deep.txt").write_text('[<%@ include file="inc.txt" %>]')
    (tmp_path / "page.psp").write_text(page)
    assert parse("page.psp", f"{tmp_path}/") == f'req.write("""{text}""",0)\n'


def test_an_include_may_be_absolute(tmp_path: Path) -> None:
    """An absolute name is used as it is."""
    (tmp_path / "inc.txt").write_text("INC")
    assert parsestring(f'<%@ include file="{tmp_path}/inc.txt" %>') == parsestring("INC")


def test_an_include_shares_the_indentation(tmp_path: Path) -> None:
    """Text of an include in a loop's body is in the loop, and code in it changes what follows."""
    (tmp_path / "inc.txt").write_text("x<%\n%>y")
    page = f'<%\nfor i in r:\n%><%@ include file="{tmp_path}/inc.txt" %>z'
    assert parsestring(page) == (
        'req.write("""""",0);\nfor i in r:\n\treq.write("""x""",0);\nreq.write("""yz""",0)\n'
    )


@pytest.mark.parametrize("rest", ["<% code", "<%-- comment", "<%@ directive", "<%= expression"])
def test_what_an_include_leaves_open_ends_the_program(tmp_path: Path, rest: str) -> None:
    """An unterminated block in an include is not closed by the page."""
    (tmp_path / "inc.txt").write_text(rest)
    page = f'a<%@ include file="{tmp_path}/inc.txt" %>b %> --%>'
    assert parsestring(page) == parsestring(f"a{rest}")


def test_a_missing_include_is_an_error(tmp_path: Path) -> None:
    """An include that does not exist raises FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        parsestring(f'<%@ include file="{tmp_path}/none" %>')


def test_endless_includes_are_refused(tmp_path: Path) -> None:
    """A page that includes itself is an error that names it."""
    page = tmp_path / "page.psp"
    page.write_text('<%@ include file="page.psp" %>')
    with pytest.raises(IncludeError, match=r"page.psp: included more than 32 levels deep"):
        parse("page.psp", f"{tmp_path}/")


def test_lines_are_known(tmp_path: Path) -> None:
    """Each line of the program knows the page's line: behind comments, directives, includes, odd newlines."""
    (tmp_path / "inc.txt").write_text("1\n2\n3")
    page = f'a\n<%-- 2\n3 --%>b\n<%@ include file="{tmp_path}/inc.txt" \n %>c\n<% x\n%>'
    program = translate_text(page)
    shown = list(zip(program.source.splitlines(), program.lines, strict=False))
    assert shown == [
        ('req.write("""a', 1),
        ("b", 3),
        ("1", 4),
        ("2", 4),
        ("3c", 5),
        ('""",0); x', 6),
        ('req.write("""""",0)', 7),
    ]
    assert program.included == (f"{tmp_path}/inc.txt",)
