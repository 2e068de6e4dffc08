"""Whole forms, as browsers encode them, through the form that handlers get."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from mod_python import util
from tests.unit.toolkit.fake import FakeRequest
from tests.unit.toolkit.test_util import post

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
pairs = st.lists(st.tuples(texts, texts), max_size=6)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='";\\'), min_size=1, max_size=8
)
contents = st.binary(max_size=60).filter(lambda data: b"--BB" not in data)


def fields(form: util.FieldStorage) -> list[tuple[str, str]]:
    """Return names and values in order."""
    return [(name, str(field)) for name, field in form.items()]


@settings(max_examples=200, deadline=None)
@given(pairs)
def test_a_posted_form_comes_back(sent: list[tuple[str, str]]) -> None:
    """Names and values of a url-encoded body, empty ones too, in order, as text and as bytes."""
    form = util.FieldStorage(post(urlencode(sent).encode()), keep_blank_values=1)
    assert fields(form) == sent
    assert all(field == value.encode() for (_, field), (_, value) in zip(form.items(), sent, strict=True))


@settings(max_examples=200, deadline=None)
@given(pairs)
def test_a_query_comes_back(sent: list[tuple[str, str]]) -> None:
    """The same in the query of a URL."""
    form = util.FieldStorage(FakeRequest(args=urlencode(sent)), keep_blank_values=1)
    assert fields(form) == sent


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, st.none() | names, contents), max_size=5))
def test_a_multipart_form_comes_back(sent: list[tuple[str, str | None, bytes]]) -> None:
    """Values and uploads of a multipart body, in any order, byte by byte."""
    sent = [(name.strip() or "x", file and (file.strip() or "f"), data) for name, file, data in sent]
    body = b"".join(
        f'--BB\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (b"" if file is None else f'; filename="{file}"'.encode())
        + b"\r\n\r\n%s\r\n" % data
        for name, file, data in sent
    )
    form = util.FieldStorage(post(body + b"--BB--\r\n", "multipart/form-data; boundary=BB"))
    assert [(field.name, field.filename) for field in form.list] == [(name, file) for name, file, _ in sent]
    assert [field.file.seek(0) or field.file.read() for field in form.list] == [data for _, _, data in sent]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=80), st.sampled_from(["application/x-www-form-urlencoded", "multipart/x; boundary=B"])
)
def test_no_bytes_fail_a_request(body: bytes, ctype: str) -> None:
    """Whatever a client posts, there is a form, or a refusal with a status."""
    try:
        form = util.FieldStorage(post(body, ctype), keep_blank_values=1)
    except Exception as error:
        assert error.args[0] in (400, 413)
    else:
        assert all(isinstance(str(field), str) for field in form.list)
