"""What brought other form parsers down, each tried here."""

from __future__ import annotations

import os
import time

import pytest

from mod_python import util
from mod_python._multipart import MultipartLimits, MultipartReader
from tests.unit.toolkit.fake import FakeRequest
from tests.unit.toolkit.test_multipart import reader
from tests.unit.toolkit.test_util import multipart, post, refusal

NO_LIMITS = MultipartLimits(parts=1 << 30, part_header=1 << 30)
SECONDS = 5.0
"""For what takes well under one; in quadratic time it would be minutes."""


def seconds_for(body: bytes, boundary: bytes = b"BB", block: int = 65368) -> float:
    """Return how long reading a body takes."""
    started = time.process_time()
    parts = MultipartReader(reader(body, block), boundary, NO_LIMITS)
    for _ in parts:
        parts.copy_value(lambda data: None)
    return time.process_time() - started


ODD_QUERIES = [
    "&" * 5000,
    "=" * 5000,
    "%" * 5000,
    "+" * 5000,
    "a=%",
    "a=%f",
    "%00",
    "a=1&" * 2000 + "%",
    "\x00=\x00",
]


@pytest.mark.parametrize("query", ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_odd_query_strings_cve_2003_0973_cve_2004_0096(query: str) -> None:
    """mod_python's parser wrote behind its memory; here text and bytes are read alike, whatever they are."""
    util.FieldStorage(FakeRequest(args=query), keep_blank_values=1)
    as_text = util.parse_qsl(query, 1)
    assert [(name.encode(), value.encode()) for name, value in as_text] == util.parse_qsl(query.encode(), 1)
    assert util.parse_qs(query, 1).keys() == dict(as_text).keys()


def test_unbounded_parts_cve_2023_25577() -> None:
    """Werkzeug kept every part of a body in memory: here the part after the last allowed one is a 413."""
    assert refusal(multipart(*[("; name=a", b"")] * 1001)) == 413


def test_unbounded_files_cve_2023_24580() -> None:
    """Django opened a file for each part of an upload until there were no more descriptors."""
    before = len(os.listdir("/proc/self/fd"))
    req = multipart(*[("; name=a; filename=f", b"x")] * 101)
    assert refusal(req) == 413
    assert len(os.listdir("/proc/self/fd")) == before
    assert "olexd.form.max_files" in req.logged[0][0]
    assert len(util.FieldStorage(multipart(*[("; name=a; filename=f", b"x")] * 100)).list) == 100


def test_unnamed_files_count_as_files() -> None:
    """A part with an empty file name may have its file, too: a callback is asked for one."""
    assert (
        refusal(multipart(("; name=a; filename=", b""), ("; name=b; filename=", b""), max_files="1")) == 413
    )


def test_unbounded_form_memory_cve_2024_47874() -> None:
    """Starlette buffered parts without a file name without end."""
    assert refusal(multipart(("; name=a", b"x" * ((1 << 20) + 1)))) == 413
    assert refusal(multipart(*[("; name=a", b"x" * 2000)] * 600)) == 413
    assert refusal(multipart(("; name=a; filename=", b"x" * ((1 << 20) + 1)))) == 413


def test_unbounded_form_memory_of_an_encoded_body_cve_2024_49767() -> None:
    """A url-encoded body is not even read when it is too large."""
    req = post(b"a=" + b"x" * (1 << 20))
    assert refusal(req) == 413
    assert req.body.tell() == 0


@pytest.mark.parametrize("first", [b"\r", b"\n", b"\r\n"])
def test_quadratic_scan_for_a_boundary_cve_2023_46136(first: bytes) -> None:
    """Werkzeug looked through all it had again for each block of a part that starts with a line end."""
    body = b"--BB\r\nA: 1\r\n\r\n" + first + b"x" * 8_000_000
    assert seconds_for(body, block=1000) < SECONDS


def test_quadratic_scan_for_a_long_boundary() -> None:
    """A boundary as long as a header may be, and a body that nearly repeats it."""
    near = b"\n--" + b"a" * 7999 + b"b"
    assert seconds_for(b"--" + b"a" * 8000 + b"\r\n\r\n" + near * 250, b"a" * 8000) < SECONDS


def test_regular_expression_of_an_options_header_cve_2024_24762() -> None:
    """python-multipart's expression for parameters took for ever on backslashes behind an open quote."""
    started = time.process_time()
    util.parse_header(b'form-data; !="' + b"\\" * 16000)
    assert refusal(multipart(('; name="' + "\\" * 16380, b"x"))) == 413
    assert util.FieldStorage(multipart(('; name="' + "\\" * 16000, b"x"))).keys() == ['"' + "\\" * 16000]
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("junk", [b"\r\n", b"\n", b"x", b"--", b"--B\r\n", b"\r\n--BBx"])
def test_junk_around_boundaries_cve_2024_53981(junk: bytes) -> None:
    """python-multipart logged each byte before the first and after the last boundary, one by one."""
    junk *= 500_000
    req = post(
        junk + b'\r\n--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--BB--\r\n' + junk,
        "multipart/form-data; boundary=BB",
    )
    started = time.process_time()
    assert util.FieldStorage(req)["a"] == "1"
    assert time.process_time() - started < SECONDS
    assert req.logged == []


def test_header_floods() -> None:
    """Many headers, one long one, or one in many continuation lines: 413 beyond the limit."""
    for flood in ("\r\nX: y" * 5000, "\r\nX: " + "y" * 17000, "\r\nX: y" + "\r\n y" * 8000):
        assert refusal(multipart(("; name=a" + flood, b"1"))) == 413


def test_continuation_lines_are_joined_in_linear_time() -> None:
    """A header in many short lines, as long as it may be."""
    body = (b"--BB\r\na: b\r\n" + b" \r\n" * 5000 + b"\r\nv\r\n") * 50
    assert seconds_for(body) < SECONDS


@pytest.mark.parametrize("length", ["-1", "+5", "1_0", "0x5", " ", "", "9" * 5000])
def test_odd_lengths_of_a_body(length: str) -> None:
    """A length that is no plain number is none: 411, and nothing is read."""
    req = FakeRequest(b"a=1&b", method="POST", Content_Length=length)
    assert refusal(req) == 411
    assert req.body.tell() == 0


@pytest.mark.parametrize("length", ["-1", "999999999999", "x"])
def test_negative_lengths_of_a_part(length: str) -> None:
    """What a part says about its own length changes nothing."""
    form = util.FieldStorage(
        multipart((f"; name=a\r\nContent-Length: {length}", b"value"), ("; name=b", b"2"))
    )
    assert form["a"] == "value" and form["b"] == "2"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\0b"])
def test_file_names_with_paths(name: str) -> None:
    """A file name is what the client says; nothing on disk is named after it."""
    field = util.FieldStorage(multipart((f"; name=a; filename={name}", b"x")))["a"]
    assert field.filename == name
    assert isinstance(field.file.name, int)


def test_a_body_that_never_ends_a_part() -> None:
    """Truncated anywhere, a body gives the parts that there are."""
    body = b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--BB\r\nB: 2\r\n\r\n2\r\n--BB--\r\n'
    for end in range(len(body)):
        form = util.FieldStorage(post(body[:end], "multipart/form-data; boundary=BB"))
        assert len(form.list) <= 2


@pytest.mark.parametrize("value", ["", "many", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_named(value: str) -> None:
    """A misspelt limit stops the request, and the message says which option it is."""
    with pytest.raises(ValueError, match=r"PythonOption olexd\.form\.max_fields must be a number"):
        util.FieldStorage(FakeRequest(args="a=1", options={"olexd.form.max_fields": value}))
