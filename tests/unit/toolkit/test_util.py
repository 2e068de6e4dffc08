"""Forms, redirects, and calls with form data."""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from mod_python import util
from olexd.errors import ServerReturn
from tests.unit.toolkit.fake import FakeRequest

URLENCODED = "application/x-www-form-urlencoded"


def post(body: bytes, ctype: str | None = URLENCODED, args: str | None = None, **options: str) -> FakeRequest:
    """Return a POST request with a body."""
    names = {f"olexd.form.{name}": value for name, value in options.items()}
    req = FakeRequest(body, method="POST", args=args, options=names, Content_Length=str(len(body)))
    if ctype is not None:
        req.headers_in["Content-Type"] = ctype
    return req


def multipart(*parts: tuple[str, bytes], **options: str) -> FakeRequest:
    """Return a POST of parts: the headers behind `form-data`, and the value."""
    body = b"".join(
        b"--BB\r\nContent-Disposition: form-data%s\r\n\r\n%s\r\n" % (headers.encode(), value)
        for headers, value in parts
    )
    return post(body + b"--BB--\r\n", "multipart/form-data; boundary=BB", **options)


def form(args: str, keep: int = 0) -> util.FieldStorage:
    """Return the form of a GET with a query."""
    return util.FieldStorage(FakeRequest(args=args), keep_blank_values=keep)


def refusal(req: FakeRequest) -> int:
    """Return the status with which the form of `req` is refused."""
    with pytest.raises(ServerReturn) as caught:
        util.FieldStorage(req)
    return int(caught.value.args[0])


# -- where fields come from


def test_query_fields() -> None:
    """A query's fields are text; blank ones are kept on request only."""
    got = form("a=1&b=%C3%A4;c=&d")
    assert [(f.name, f, f.value) for f in got.list] == [("a", "1", "1"), ("b", "\xe4", "\xe4")]
    assert form("c=&d", keep=1).items() == [("c", ""), ("d", "")]
    assert len(form("")) == 0


def test_a_query_may_be_any_text() -> None:
    """Raw UTF-8, Latin-1 and broken escapes in a query fail nothing."""
    assert form("n\xe4me=\u20ac")["n\xe4me"] == "\u20ac"
    assert form("a=%ff;g=x").items() == [("a", "\ufffd"), ("g", "x")]
    assert form("%e4=1")["\xe4"] == "1"


@pytest.mark.parametrize("ctype", [URLENCODED, None, URLENCODED + "; charset=utf-8"])
def test_posted_fields(ctype: str | None) -> None:
    """The query's fields come first, then the body's, as text that equals its bytes."""
    got = util.FieldStorage(post(b"a=2&n%C3%A4me=%C3%A4", ctype, args="a=1"))
    assert got.items() == [("a", "1"), ("a", "2"), ("n\xe4me", "\xe4")]
    field = got["n\xe4me"]
    assert field == "\xe4" and field == b"\xc3\xa4"
    assert field.value == "\xe4" and field.value.decode("utf-8") == "\xe4"


def test_other_methods_keep_their_body() -> None:
    """Only a POST's body is read."""
    req = post(b"a=1")
    req.method = "PUT"
    assert len(util.FieldStorage(req)) == 0
    assert req.read() == b"a=1"


def test_multipart_fields() -> None:
    """A part without file name is a simple field, with a file name an uploaded file."""
    req = multipart(('; name="t\xe4xt"', "\u20ac".encode()), ('; name=up; filename="a.bin"', b"\0\xff"))
    got = util.FieldStorage(req)
    text, upload = got["t\xe4xt"], got["up"]
    assert text == "\u20ac" and text == "\u20ac".encode() and text.value == "\u20ac"
    assert (text.filename, text.type, text.disposition) == (None, "text/plain", "form-data")
    assert text.file.tell() == 3
    assert type(upload) is util.Field
    assert (upload.name, upload.filename, upload.value) == ("up", "a.bin", b"\0\xff")
    options = upload.disposition_options
    assert options[b"filename"] == options["filename"] == options.get("filename") == "a.bin"
    assert "filename" in options and b"filename" in options and sorted(options) == [b"filename", b"name"]
    assert options.get("other") is None and "other" not in options
    with pytest.raises(KeyError):
        options["other"]
    assert upload.file.tell() == 0 and upload.file.fileno() > 0
    assert upload.headers["content-disposition"].startswith("form-data")


def test_an_upload_without_a_file() -> None:
    """An empty file name, as browsers send for an empty file input, is an empty simple field."""
    field = util.FieldStorage(multipart(('; name="up"; filename=""', b"")))["up"]
    assert type(field) is util.StringField
    assert field == "" and field.filename is None and field.value == ""


def test_odd_parts_are_accepted() -> None:
    """Parts without name, disposition or a proper type, and values that are not UTF-8, fail nothing."""
    body = b"--BB\r\nContent-Type: odd\r\n\r\n\xff\r\n--BB--"
    field = util.FieldStorage(post(body, "multipart/mixed; boundary=BB")).list[0]
    assert (field.name, field.type, field.disposition) == (None, "application/octet-stream", "")
    assert field == "\ufffd" and field == b"\xff"


def test_callbacks_open_the_files() -> None:
    """file_callback gets the file name, field_callback nothing; values go to what they return."""
    names: list[str] = []
    files: list[io.BytesIO] = []

    def upload(name: str) -> io.BytesIO:
        names.append(name)
        return simple()

    def simple() -> io.BytesIO:
        files.append(io.BytesIO())
        return files[-1]

    req = multipart(("; name=a", b"1"), ('; name=b; filename="\xe4.txt"', b"2"))
    got = util.FieldStorage(req, file_callback=upload, field_callback=simple)
    assert names == ["\xe4.txt"]
    assert [file.getvalue() for file in files] == [b"1", b"2"]
    assert got["a"] == "1" and got["b"].value == b"2"


def test_a_callback_keeps_its_file() -> None:
    """The file that a callback made for an upload without a name stays open: it may be kept."""
    files: list[io.BytesIO] = []

    def upload(name: str) -> io.BytesIO:
        files.append(io.BytesIO())
        return files[-1]

    req = multipart(('; name=a; filename=""', b""), ('; name=b; filename=""', b"text"))
    got = util.FieldStorage(req, keep_blank_values=True, file_callback=upload)
    assert [file.getvalue() for file in files] == [b"", b"text"]
    assert [(got[name], got[name].filename) for name in "ab"] == [("", None), ("text", None)]
    assert [got[name].file for name in "ab"] == files


@pytest.mark.parametrize("boundary", ['"BB"', "BB"])
def test_the_boundary_may_be_quoted(boundary: str) -> None:
    """A boundary is what follows the last `boundary=`, without its quotes."""
    body = b"--BB\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--BB--"
    assert util.FieldStorage(post(body, f"multipart/x; boundary=no; BOUNDARY={boundary}"))["a"] == "1"


# -- what is refused

REFUSED: list[tuple[FakeRequest, int]] = [
    (FakeRequest(b"a=1", method="POST"), 411),
    (FakeRequest(b"a=1", method="POST", Content_Length="x"), 411),
    (post(b"{}", "application/json"), 501),
    (post(b"", "Multipart/form-data; boundary=BB"), 501),
    (post(b"", "multipart/form-data"), 400),
    (post(b"", "multipart/form-data; boundary="), 400),
    (post(b"--BB\r\nx\r\n", "multipart/form-data; boundary=BB"), 400),
    (post(b"a=" + b"x" * (1 << 20)), 413),
    (post(b"a=123456", max_memory="7"), 413),
    (post(b"a&b&c", max_fields="2"), 413),
    (FakeRequest(args="a;b;c", options={"olexd.form.max_fields": "2"}), 413),
    (multipart(("; name=a", b"1"), ("; name=b", b"2"), max_parts="1"), 413),
    (multipart(*[("; name=a", b"1")] * 1001), 413),
    (multipart(("; name=a" + "x" * 16384, b"1")), 413),
    (multipart(("; name=a" + "x" * 50, b"1"), max_part_header="60"), 413),
    (multipart(("; name=a", b"1" * 600_000), ("; name=b", b"2" * 600_000)), 413),
    (multipart(("; name=a", b"12345"), max_memory="4"), 413),
    (multipart(("; name=a", b"1234"), ("; name=b", b"12345"), max_field="4"), 413),
    (post(b"a=1234&b=12345", max_field="4"), 413),
    (FakeRequest(args="a=12345", options={"olexd.form.max_field": "4"}), 413),
]


@pytest.mark.parametrize(("req", "status"), REFUSED)
def test_forms_that_are_refused(req: FakeRequest, status: int) -> None:
    """Malformed and oversized forms leave with their status."""
    assert refusal(req) == status


def test_a_refused_size_is_logged() -> None:
    """The error log says which limit was passed."""
    req = post(b"a=123456", max_memory="7")
    refusal(req)
    assert req.logged == [("form refused: 8 bytes of form data, and 7 are allowed", 3)]


def test_values_of_just_the_allowed_size() -> None:
    """The limit of one value is for each of them."""
    for req in (
        multipart(("; name=a", b"1234"), ("; name=b", b"5678"), max_field="4"),
        post(b"a=1234&b=5678", max_field="4"),
        multipart(("; name=a", b"1234"), ("; name=b; filename=f", b"5678"), max_field="4"),
    ):
        form = util.FieldStorage(req)
        assert form["a"] == "1234" and form["b"].value == b"5678"


def test_uploads_are_not_counted_as_memory() -> None:
    """Files may be larger than what values may take in memory."""
    req = multipart(("; name=a; filename=f", b"x" * 100_000), max_memory="10")
    assert len(util.FieldStorage(req)["a"].value) == 100_000


# -- the form as a mapping


def test_the_mapping() -> None:
    """A name gives its field or a list of them; items repeat names."""
    got = form("a=1&b=2&a=3")
    assert got["a"] == ["1", "3"] and got["b"] == "2"
    assert got.get("c", "x") == "x" and got.get([], "x") == "x"  # type: ignore[arg-type]
    assert got.getfirst("a") == "1" and got.getfirst("c") is None and got.getfirst("c", 0) == 0
    assert got.getlist("a") == ["1", "3"] and got.getlist("c") == []
    assert got.keys() == list(got) == ["a", "b"] and len(got) == 2
    assert got.items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert "a" in got and got.has_key("b") and "c" not in got
    with pytest.raises(KeyError):
        got["c"]
    with pytest.raises(TypeError):
        got.get("a")  # type: ignore[call-arg]


def test_names_may_be_asked_for_in_bytes() -> None:
    """Applications adapted to mod_python 3.5 ask for posted names in bytes."""
    got = util.FieldStorage(post(b"a=1"))
    assert got[b"a"] == b"1" and b"a" in got and got.getfirst(b"a") == "1"


def test_fields_may_go_while_names_are_gone_through() -> None:
    """Iterating is over the names as they were."""
    got = form("a=1&b=2&a=3")
    for name in got:
        del got[name]
    assert not got


def test_removal_is_by_name() -> None:
    """Removing a field leaves fields of equal value alone."""
    got = form("a=1&b=1&a=2")
    del got["b"]
    assert got.items() == [("a", "1"), ("a", "2")]
    got["a"] = "9"
    assert got.items() == [("a", "9")]
    with pytest.raises(KeyError):
        del got["b"]
    got.clear()
    assert not got


def test_assignment_takes_text_and_bytes() -> None:
    """Other values and names are refused, the value first."""
    got = form("a=1")
    got[b"b"] = b"2"
    assert got["b"] == "2"
    with pytest.raises(TypeError, match="Field value must be bytes"):
        got[1] = 2  # type: ignore[index,assignment]
    with pytest.raises(TypeError, match="Field key must be bytes"):
        got[1] = "2"  # type: ignore[index]


def test_add_field_takes_anything() -> None:
    """The value of a field added by hand is the object itself."""
    got = form("")
    got.add_field("n", 42)
    assert got["n"] == "42" and got["n"].value == 42


def test_the_list_finds_what_was_put_into_it() -> None:
    """Every change of the list shows in the form."""
    got = form("a=1")
    assert "b" not in got
    upload = util.Field("b", io.BytesIO(b"x"), "text/x", {}, "form-data", {"filename": "n"})
    got.list.append(upload)
    assert got["b"] is upload and upload.filename == "n" and upload.value == b"x"
    changes: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: got.list.pop(), ["a"]),
        (lambda: got.list.insert(0, upload), ["b", "a"]),
        (lambda: got.list.remove(upload), ["a"]),
        (lambda: got.list.extend([upload]), ["a", "b"]),
        (lambda: got.list.__delitem__(0), ["b"]),
        (lambda: got.list.__setitem__(0, util.StringField("1")), ["None"]),
        (lambda: got.list.clear(), []),
        (lambda: got.list.__iadd__([upload]), ["b"]),
        (lambda: got.list.__imul__(0), []),
    ]
    for change, names in changes:
        change()
        assert [str(name) for name in got.keys()] == names  # noqa: SIM118


# -- fields


def test_a_value_is_text_and_bytes() -> None:
    """A simple value is str for everybody, and equals bytes and decodes for code that expects them."""
    field = util.StringField("\u20ac".encode())
    assert isinstance(field, str) and str(field) == f"{field}" == "\u20ac"
    assert field == "\u20ac" and field == "\u20ac".encode() and "\u20ac".encode() == field
    assert field != "x" and field != b"x" and field != 1
    assert field.decode() == "\u20ac" and field.decode("latin-1") == "\xe2\x82\xac"
    assert bytes(field) == field.file.read() == "\u20ac".encode()
    assert "\u20ac" in {field}
    assert type(str(field)) is str


def test_a_value_that_is_not_utf_8() -> None:
    """Bytes that are not text are kept, and read as replacement characters."""
    field = util.StringField(b"\xff")
    assert field == "\ufffd" and field == b"\xff" and field.decode("latin-1") == "\xff"


def test_fields_have_defaults() -> None:
    """What a query's field does not have is None or empty; it has no type."""
    field = util.StringField("x")
    assert (field.filename, field.headers, field.ctype, field.type_options) == (None, {}, "text/plain", {})
    assert (field.disposition, field.disp_options, field.name) == (None, None, None)
    assert not hasattr(field, "type")
    assert repr(field) == "Field(None, 'x')"


def test_fields_are_pickled_as_text() -> None:
    """A form value in a session is plain text there."""
    assert type(pickle.loads(pickle.dumps(util.StringField(b"x")))) is str


def test_files_of_fields() -> None:
    """A field made by hand has what it was given; its file is closed when it goes."""
    field = util.Field("n")
    assert not hasattr(field, "filename") and not hasattr(field, "value")
    file = io.BytesIO(b"abc")
    field.file = file
    assert field.value == b"abc" and file.tell() == 0
    assert repr(field) == "Field('n', b'abc')"
    del field
    assert file.closed
    assert util.Field("n", None, "", {}, "", {}).value is None
    with pytest.raises(TypeError, match="binary mode"):
        _ = util.Field("n", io.StringIO("x"), "", {}, "", {}).value


def test_parse_header() -> None:
    """Names in lower-case bytes, values in Latin-1; a `;` separates even in quotes."""
    assert util.parse_header(b'Form-Data; NAME="a b"; x; y=\xe4; q="a;b"') == (
        b"form-data",
        {b"name": "a b", b"y": "\xe4", b"q": '"a'},
    )
    with pytest.raises(TypeError, match="only accepts bytes"):
        util.parse_header("text")  # type: ignore[arg-type]


# -- calls


def show(a: Any = "-", b: Any = "-", *, only: Any = "-") -> tuple[Any, ...]:
    """Return the arguments."""
    return a, b, only


class Shown:
    """Callable in several ways."""

    def __init__(self, a: Any = "-") -> None:
        self.a = a

    def method(self, a: Any = "-", req: Any = "-") -> tuple[Any, ...]:
        return a, req

    def __call__(self, b: Any = "-") -> Any:
        return b


class Nested:
    """Callable through another callable."""

    __call__ = Shown()


def test_calls_with_form_data() -> None:
    """Whatever can be called gets what it has names for."""
    got = form("a=1&b=2&a=3&only=x&c=4")
    assert util.apply_fs_data(show, got, req="R") == (["1", "3"], "2", "-")
    assert util.apply_fs_data(Shown().method, got, req="R") == (["1", "3"], "R")
    assert util.apply_fs_data(Shown, got).a == ["1", "3"]
    assert util.apply_fs_data(Shown(), got) == "2"
    assert util.apply_fs_data(Nested(), got) == "2"
    assert util.apply_fs_data(lambda **kw: sorted(kw), got, req="R") == ["a", "b", "c", "only", "req"]
    for builtin in (dict, functools.partial(show, "p")):
        util.apply_fs_data(builtin, got)


def test_uploads_are_passed_as_fields() -> None:
    """A function gets an uploaded file as its field, a simple value as text."""
    got = util.FieldStorage(multipart(("; name=a", b"1"), ("; name=b; filename=f", b"2")))
    a, b, _ = util.apply_fs_data(show, got)
    assert a == "1" and b is got["b"]


def test_posted_names_match_parameters() -> None:
    """Fields of a url-encoded body reach a function, which mod_python 3.5 fails to do."""
    assert util.apply_fs_data(show, util.FieldStorage(post(b"a=1&b=2"))) == ("1", "2", "-")


def test_a_field_cannot_take_the_place_of_an_argument() -> None:
    """A client that sends a field named req does not replace the request."""
    assert util.apply_fs_data(Shown().method, form("req=evil"), req="R") == ("-", "R")


def test_a_nameless_field_is_not_passed() -> None:
    """A part without a name disturbs no call."""
    got = util.FieldStorage(multipart(("", b"1")))
    assert util.apply_fs_data(lambda **kw: kw, got) == {}


# -- redirects


@pytest.mark.parametrize(("permanent", "status"), [(0, 302), (1, 301)])
def test_redirect(permanent: int, status: int) -> None:
    """The client is sent elsewhere, and the handler is left."""
    req = FakeRequest()
    with pytest.raises(ServerReturn) as caught:
        util.redirect(req, "/there?a=1&b=2", permanent)
    assert caught.value.args == (-2,)
    assert req.status == status
    assert req.err_headers_out["Location"] == "/there?a=1&b=2"
    assert req.text == '<p>The document has moved <a href="/there?a=1&b=2">here</a></p>\n'
    assert req.content_type is None


def test_redirect_with_a_text() -> None:
    """The caller's text is the body, even an empty one."""
    req = FakeRequest()
    with pytest.raises(ServerReturn):
        util.redirect(req, "/there", text="")
    assert req.text == ""


def test_a_redirect_page_is_not_a_place_for_scripts() -> None:
    """Characters that would leave the link's attribute are encoded in the page."""
    req = FakeRequest()
    with pytest.raises(ServerReturn):
        util.redirect(req, '/"><script>alert(1)</script>')
    assert "<script>" not in req.text


@pytest.mark.parametrize("location", ["/a\r\nSet-Cookie: x=1", "/a\nb", "/a\0b"])
def test_line_breaks_in_a_location_are_refused(location: str) -> None:
    """A location cannot add fields to the response head."""
    req = FakeRequest()
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        util.redirect(req, location)
    assert len(req.err_headers_out) == 0


def test_redirect_wants_text_and_an_unsent_head() -> None:
    """Bytes are refused, and so is a redirect when the head is out."""
    req = FakeRequest()
    with pytest.raises(TypeError, match="location must be of type str"):
        util.redirect(req, b"/")  # type: ignore[arg-type]
    req.flush()
    with pytest.raises(OSError, match="Cannot redirect after headers have already been sent"):
        util.redirect(req, "/")
