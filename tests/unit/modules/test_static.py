"""The default handler: methods, conditions, ranges."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.modules.generators.static import send_file
from olexd.phases.walk import directory_walk
from olexd.status import FORBIDDEN, OK
from tests.unit.python_support import make_record
from tests.unit.support import complaint, configure, get

TEN = b"0123456789abcdefghij"
STAMP = 1577836800
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
OLDER = "Mon, 01 Jan 2018 00:00:00 GMT"
NEWER = "Mon, 01 Jan 2024 00:00:00 GMT"
FUTURE = "Mon, 01 Jan 2120 00:00:00 GMT"
TAG = '"14-59b08c1fa4000"'


@pytest.fixture
def site(tmp_path: Path) -> ServerConfig:
    """A document root with one file of twenty bytes, last changed at the start of 2020."""
    root = tmp_path / "htdocs"
    (root / "dir").mkdir(parents=True)
    (root / "f.txt").write_bytes(TEN)
    os.utime(root / "f.txt", (STAMP, STAMP))
    return configure(f"ErrorLog {tmp_path}/error.log\nDocumentRoot {root}", tmp_path)


def test_whole_file(site: ServerConfig) -> None:
    """A file is sent with its length, type, date and tag."""
    response = get(site, "/f.txt")
    assert (response.status, response.body) == (200, TEN)
    assert response.fields["content-length"] == "20"
    assert response.fields["content-type"] == "text/plain"
    assert response.fields["last-modified"] == DATE
    assert response.fields["etag"] == TAG
    assert response.fields["accept-ranges"] == "bytes"


def test_large_file(tmp_path: Path) -> None:
    """A file too large for one piece arrives whole."""
    data = os.urandom(200_000)
    (tmp_path / "big.bin").write_bytes(data)
    site = configure(f"ErrorLog -\nDocumentRoot {tmp_path}")
    assert get(site, "/big.bin").body == data


@pytest.mark.parametrize("size", [8001, 65536, 65537])
def test_length(tmp_path: Path, size: int) -> None:
    """A file is sent with its length, whatever fits into the buffers on the way."""
    (tmp_path / "f").write_bytes(b"x" * size)
    response = get(configure(f"DocumentRoot {tmp_path}"), "/f")
    assert response.fields["content-length"] == str(size)
    assert len(response.body) == size


def test_head(site: ServerConfig) -> None:
    """HEAD has the length and no body."""
    response = get(site, "/f.txt", "HEAD")
    assert (response.status, response.fields["content-length"], response.body) == (200, "20", b"")


@pytest.mark.parametrize(
    ("value", "status", "content_range", "body"),
    [
        ("bytes=0-", 206, "bytes 0-19/20", TEN),
        ("bytes=0-4", 206, "bytes 0-4/20", b"01234"),
        ("bytes=-5", 206, "bytes 15-19/20", b"fghij"),
        ("bytes=-100", 206, "bytes 0-19/20", TEN),
        ("bytes=0-100", 206, "bytes 0-19/20", TEN),
        ("Bytes=0-1", 206, "bytes 0-1/20", b"01"),
        ("bytes=0-4,3-8", 206, "bytes 0-8/20", b"012345678"),
        ("bytes=0-4,5-8", 206, "bytes 0-8/20", b"012345678"),
        ("bytes=0-4,2-3", 206, "bytes 0-4/20", b"01234"),
        ("bytes=0-19,0-19", 206, "bytes 0-19/20", TEN),
        ("bytes=0-4,100-", 206, "bytes 0-4/20", b"01234"),
        ("bytes=0-4,", 206, "bytes 0-4/20", b"01234"),
        ("bytes=5-4", 200, None, TEN),
        ("bytes=0-4, 10-12", 200, None, TEN),
        ("bytes=-0", 200, None, TEN),
        ("bytes=x-", 200, None, TEN),
        ("bytes=", 200, None, TEN),
        ("items=0-1", 200, None, TEN),
    ],
)
def test_single_ranges(
    site: ServerConfig, value: str, status: int, content_range: str | None, body: bytes
) -> None:
    """Ranges are cut, joined or left out of account as httpd does (checked against a live one)."""
    response = get(site, "/f.txt", Range=value)
    assert (response.status, response.fields.get("content-range"), response.body) == (
        status,
        content_range,
        body,
    )


def test_several_ranges(site: ServerConfig) -> None:
    """Ranges that do not touch are parts of a multipart body whose length is right."""
    response = get(site, "/f.txt", Range="bytes=10-12,0-4")
    kind, _, boundary = response.fields["content-type"].partition("; boundary=")
    assert (response.status, kind) == (206, "multipart/byteranges")
    assert int(response.fields["content-length"]) == len(response.body)
    assert response.body.decode() == (
        f"\r\n--{boundary}\r\nContent-type: text/plain\r\nContent-range: bytes 10-12/20\r\n\r\nabc"
        f"\r\n--{boundary}\r\nContent-type: text/plain\r\nContent-range: bytes 0-4/20\r\n\r\n01234"
        f"\r\n--{boundary}--\r\n"
    )


def test_no_satisfiable_range(site: ServerConfig) -> None:
    """A range behind the end is 416, without the file's own fields."""
    response = get(site, "/f.txt", Range="bytes=100-")
    assert response.status == 416
    assert "etag" not in response.fields and "content-range" not in response.fields


@pytest.mark.parametrize(
    ("limit", "value", "status"),
    [
        ("MaxRanges 2", "0-0,5-5,9-9", 200),
        ("MaxRanges 3", "0-0,5-5,9-9", 206),
        ("MaxRanges 1", "0-0,1-1,2-2", 206),
        ("MaxRanges none", "0-0", 200),
        ("MaxRanges unlimited", "0-0,5-5,9-9", 206),
        ("MaxRangeOverlaps none", "0-4,3-6", 200),
        ("MaxRangeOverlaps 1", "0-4,3-6", 206),
        ("MaxRangeOverlaps 1", "0-4,3-6,6-8", 200),
        ("MaxRangeOverlaps unlimited", "0-4,3-6,6-8", 206),
        ("MaxRangeReversals none", "5-9,4-4", 200),
        ("MaxRangeReversals none", "5-9,0-0", 206),
        ("MaxRangeReversals 1", "5-9,4-4,3-3", 200),
        ("MaxRangeReversals unlimited", "5-9,4-4,3-3", 206),
        ("", "0-19,5-9,0-19", 206),
        ("", "0-9,15-19,0-9", 200),
        ("", ",".join(f"{n}-{n}" for n in range(21)), 206),
        ("", ",".join("0-0" for _ in range(22)), 200),
    ],
)
def test_limits_of_ranges(tmp_path: Path, limit: str, value: str, status: int) -> None:
    """Too many, too much disorder, and more bytes than there are: that gets the whole file."""
    (tmp_path / "f.txt").write_text("0123456789abcdefghij")
    site = configure(f"DocumentRoot {tmp_path}\n{limit}", tmp_path)
    assert get(site, "/f.txt", Range=f"bytes={value}").status == status


@pytest.mark.parametrize("name", ["MaxRanges", "MaxRangeOverlaps", "MaxRangeReversals"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1x", "9" * 5000])
def test_limits_are_checked(name: str, value: str) -> None:
    """A limit that is none is refused in httpd's words."""
    message = f"{name} requires 'none', 'default', 'unlimited' or a positive integer"
    assert complaint(f"{name} {value}") == message


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (f"0-{2**63 - 1}", 206),
        (f"0-{2**63}", 200),
        (f"{2**63}-", 200),
        ("0-" + "9" * 5000, 200),
        ("-" + "9" * 5000, 200),
        ("9" * 5000 + "-", 200),
        (",0-0", 200),
        ("0-0,", 206),
    ],
)
def test_positions_that_mean_nothing(site: ServerConfig, value: str, status: int) -> None:
    """A field with numbers beyond all files does not count, however long they are."""
    assert get(site, "/f.txt", Range=f"bytes={value}").status == status


@pytest.mark.parametrize(
    ("value", "status"),
    [(TAG, 206), (DATE, 206), ('"x"', 200), (NEWER, 200), ("W/" + TAG, 200), ("junk", 200)],
)
def test_if_range(site: ServerConfig, value: str, status: int) -> None:
    """A range counts only for the strong tag or the exact date."""
    assert get(site, "/f.txt", Range="bytes=0-4", If_Range=value).status == status


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"If_None_Match": TAG}, 304),
        ("GET", {"If_None_Match": "W/" + TAG}, 304),
        ("GET", {"If_None_Match": f'"x", {TAG}'}, 304),
        ("GET", {"If_None_Match": "*"}, 304),
        ("HEAD", {"If_None_Match": TAG}, 304),
        ("POST", {"If_None_Match": TAG}, 412),
        ("GET", {"If_Modified_Since": DATE}, 304),
        ("GET", {"If_Modified_Since": "Wednesday, 01-Jan-20 00:00:00 GMT"}, 304),
        ("GET", {"If_Modified_Since": "Wed Jan  1 00:00:00 2020"}, 304),
        ("GET", {"If_Modified_Since": OLDER}, 200),
        ("GET", {"If_Modified_Since": FUTURE}, 200),
        ("GET", {"If_Modified_Since": "junk"}, 200),
        ("POST", {"If_Modified_Since": DATE}, 200),
        ("GET", {"If_None_Match": TAG, "If_Modified_Since": OLDER}, 200),
        ("GET", {"If_None_Match": TAG, "If_Modified_Since": DATE}, 304),
        ("GET", {"If_None_Match": '"x"', "If_Modified_Since": DATE}, 200),
        ("GET", {"If_Match": '"x"'}, 412),
        ("GET", {"If_Match": TAG}, 200),
        ("GET", {"If_Match": "W/" + TAG}, 412),
        ("GET", {"If_Match": "*"}, 200),
        ("GET", {"If_Unmodified_Since": OLDER}, 412),
        ("GET", {"If_Unmodified_Since": DATE}, 200),
        ("GET", {"If_Match": TAG, "If_Unmodified_Since": OLDER}, 412),
        ("GET", {"If_Match": '"x"', "If_None_Match": TAG}, 412),
        ("GET", {"If_None_Match": TAG, "Range": "bytes=0-4"}, 304),
        ("GET", {"If_None_Match": "W/" + TAG, "Range": "bytes=0-4"}, 206),
        ("GET", {"If_None_Match": TAG, "Range": "bytes=0-4", "If_Range": TAG}, 206),
        ("GET", {"If_None_Match": TAG, "Range": "bytes=0-4", "If_Range": '"x"'}, 200),
        ("GET", {"If_Modified_Since": DATE, "Range": "bytes=0-4", "If_Range": DATE}, 206),
        ("GET", {"If_None_Match": TAG, "If_Range": TAG}, 304),
    ],
)
def test_conditions(site: ServerConfig, method: str, headers: dict[str, str], status: int) -> None:
    """Every combination of conditional fields ends as on a live httpd."""
    response = get(site, "/f.txt", method, **headers)
    assert response.status == status
    if status in (304, 412):
        assert response.body == b""
        assert response.fields["etag"] == TAG


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", "/f.txt", 405),
        ("PUT", "/missing", 405),
        ("FOO", "/f.txt", 501),
        ("get", "/f.txt", 501),
        ("GET", "/missing", 404),
        ("GET", "/f.txt/more", 404),
        ("GET", "/dir/", 403),
        ("POST", "/dir/", 404),
        ("POST", "/f.txt", 200),
    ],
)
def test_methods_and_missing_files(site: ServerConfig, method: str, target: str, status: int) -> None:
    """What cannot be served is refused with httpd's status; methods come before existence."""
    response = get(site, target, method)
    assert response.status == status
    if status in (405, 501):
        assert response.fields["allow"] == "GET,HEAD,OPTIONS,POST,TRACE"


def test_options(site: ServerConfig) -> None:
    """OPTIONS names the methods even for what does not exist; for the server it names none."""
    assert get(site, "/missing", "OPTIONS").fields["allow"] == "GET,HEAD,OPTIONS,POST,TRACE"
    response = get(site, "*", "OPTIONS")
    assert response.status == 200 and "allow" not in response.fields


def test_trace(site: ServerConfig) -> None:
    """TRACE echoes the head, unless it is switched off."""
    response = get(site, "/f.txt", "TRACE", Cookie="a=b")
    assert response.fields["content-type"] == "message/http"
    assert b"TRACE /f.txt HTTP/1.1\r\nCookie: a=b\r\n\r\n" in response.body
    off = configure("ErrorLog -\nDocumentRoot /\nTraceEnable off")
    assert get(off, "/", "TRACE").status == 405


def test_path_info_accepted(tmp_path: Path) -> None:
    """AcceptPathInfo On serves the file in spite of what follows it."""
    (tmp_path / "f.txt").write_bytes(TEN)
    site = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nAcceptPathInfo On")
    assert get(site, "/f.txt/more").body == TEN


def test_no_document_root() -> None:
    """Without a DocumentRoot nothing of the file system can be reached."""
    assert get(configure("ErrorLog -"), "/etc/passwd").status == 404


def test_cgi_source_is_not_sent(tmp_path: Path) -> None:
    """A file that ScriptAlias makes a program is run or refused, never shown."""
    (tmp_path / "x.cgi").write_text("secret")
    site = configure(f"ErrorLog -\nScriptAlias /cgi {tmp_path}")
    response = get(site, "/cgi/x.cgi")
    assert response.status == 500 and b"secret" not in response.body


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(site: ServerConfig, tmp_path: Path) -> None:
    """A file that the server may not read is 403."""
    (tmp_path / "htdocs" / "f.txt").chmod(0)
    assert get(site, "/f.txt").status == 403


def test_symlinks_refused(tmp_path: Path) -> None:
    """With FollowSymLinks off a link is not followed."""
    (tmp_path / "f.txt").write_bytes(TEN)
    (tmp_path / "link.txt").symlink_to("f.txt")
    site = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nOptions -FollowSymLinks")
    assert get(site, "/link.txt").status == 403
    assert get(site, "/f.txt").status == 200


def test_symlinks_of_the_same_owner(tmp_path: Path) -> None:
    """SymLinksIfOwnerMatch serves what a link leads to."""
    (tmp_path / "f.txt").write_bytes(TEN)
    (tmp_path / "link.txt").symlink_to("f.txt")
    site = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nOptions SymLinksIfOwnerMatch")
    assert get(site, "/link.txt").body == TEN


def test_a_file_that_became_a_link(tmp_path: Path) -> None:
    """What was a file when links were looked for, and is a link when it is opened, is 403."""
    file = tmp_path / "f.txt"
    file.write_bytes(TEN)
    record = make_record(f"ErrorLog -\nDocumentRoot {tmp_path}\nOptions -FollowSymLinks")
    record.filename = str(file)
    assert directory_walk(record) == OK
    file.rename(tmp_path / "elsewhere.txt")
    file.symlink_to("elsewhere.txt")
    assert send_file(record) == FORBIDDEN


def test_file_etag(tmp_path: Path) -> None:
    """FileETag chooses the parts of the tag, None leaves it out."""
    (tmp_path / "f.txt").write_bytes(TEN)
    os.utime(tmp_path / "f.txt", (STAMP, STAMP))
    inode = (tmp_path / "f.txt").stat().st_ino
    text = f"ErrorLog -\nDocumentRoot {tmp_path}\n"
    assert get(configure(text + "FileETag All"), "/f.txt").fields["etag"] == f'"{inode:x}-14-59b08c1fa4000"'
    assert get(configure(text + "FileETag Size"), "/f.txt").fields["etag"] == '"14"'
    both = '"14-59b08c1fa4000"'
    assert get(configure(text + "FileETag -MTime"), "/f.txt").fields["etag"] == both
    edited = "FileETag All\n<Location />\nFileETag -MTime -INode\n</Location>"
    assert get(configure(text + edited), "/f.txt").fields["etag"] == '"14"'
    assert "etag" not in get(configure(text + "FileETag None"), "/f.txt").fields
    digest = get(configure(text + "FileETag Digest"), "/f.txt").fields["etag"]
    assert digest == f'"{base64.b64encode(hashlib.sha1(TEN).digest()).decode()}"'


def test_young_file_has_weak_tag(tmp_path: Path) -> None:
    """A file that may still change within the clock's second gets a weak tag."""
    (tmp_path / "f.txt").write_bytes(TEN)
    site = configure(f"ErrorLog -\nDocumentRoot {tmp_path}")
    assert get(site, "/f.txt").fields["etag"].startswith('W/"')
