"""From a mapped path to the file it leads to (configuration spec 3.3)."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from olexd.config.core import CoreDir
from olexd.model.request import Request
from olexd.phases.walk import directory_walk
from olexd.status import OK
from tests.unit.phases.support import error_log
from tests.unit.python_support import make_config, make_record

FORBIDDEN = 403
NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A document root: /file, /dir/inner."""
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (root / "file").write_text("file")
    (root / "dir" / "inner").write_text("inner")
    return root


def walk(root: Path, path: str, config: str = "") -> tuple[int, Request]:
    """Walk to a path below the root; return the result and the request."""
    record = make_record(f"DocumentRoot {root}\nErrorLog {root.parent}/error.log\n{config}", uri=path)
    record.filename = str(root) + path
    return directory_walk(record), record


@pytest.mark.parametrize(
    ("path", "filename", "path_info", "exists"),
    [
        ("/", "/", "", True),
        ("/file", "/file", "", True),
        ("/dir", "/dir", "", True),
        ("/dir/", "/dir/", "", True),
        ("/dir/inner", "/dir/inner", "", True),
        ("/file/", "/file", "/", True),
        ("/file/extra", "/file", "/extra", True),
        ("/file/extra/more/", "/file", "/extra/more/", True),
        ("/dir/inner/extra", "/dir/inner", "/extra", True),
        ("/nope", "/nope", "", False),
        ("/nope/", "/nope", "/", False),
        ("/nope/extra", "/nope", "/extra", False),
        ("/nope/extra/more", "/nope", "/extra/more", False),
        ("/dir/nope/extra/", "/dir/nope", "/extra/", False),
        ("//dir//inner", "/dir/inner", "", True),
        ("/dir/./inner", "/dir/inner", "", True),
        ("/file/../dir/inner//extra//", "/dir/inner", "/extra/", True),
        ("/dir/.inner", "/dir/.inner", "", False),
    ],
)
def test_path_info(root: Path, path: str, filename: str, path_info: str, exists: bool) -> None:
    """The first component that is missing or a file ends the file's name; the rest is path info."""
    result, record = walk(root, path)
    assert result == OK
    assert record.filename == str(root) + filename
    assert record.path_info == path_info
    assert (record.stat is not None) is exists


@pytest.mark.parametrize("path", ["//dir/inner", "/dir//inner", "/./dir/inner", "/x/../dir/./inner"])
def test_guards_are_not_passed(root: Path, path: str) -> None:
    """However a path is written that something mapped the URL to: the sections of its directory are found."""
    config = f"<Directory {root}/dir>\nSetHandler guard\n</Directory>"
    result, record = walk(root, path, config)
    assert (result, record.conf[CoreDir].handler) == (OK, "guard")


def test_a_path_above_the_root(root: Path) -> None:
    """What leaves the file system's root leads nowhere."""
    assert walk(root, "/.." * 40)[0] == FORBIDDEN


def test_outside_of_everything() -> None:
    """A path whose first component is missing has the root of the file system as its parent."""
    record = make_record()
    record.filename = "/no-such-directory/extra"
    assert directory_walk(record) == OK
    assert (record.filename, record.path_info) == ("/no-such-directory", "/extra")


class TestRefused:
    def refuse(self, root: Path, path: str, config: str = "") -> None:
        """The path is forbidden, and the log says so."""
        result, _ = walk(root, path, config)
        assert result == FORBIDDEN
        assert error_log(root.parent)

    def test_name_too_long(self, root: Path) -> None:
        """A name that no file can have is 403, as in httpd."""
        self.refuse(root, "/" + "x" * 300)
        self.refuse(root, "/x" * 3000)

    def test_loop(self, root: Path) -> None:
        """A link that leads to itself is 403."""
        (root / "loop").symlink_to("loop")
        self.refuse(root, "/loop")
        self.refuse(root, "/loop/extra")

    def test_null(self, root: Path) -> None:
        """A path with a NUL is 403."""
        self.refuse(root, "/a\0b")

    def test_fifo(self, root: Path) -> None:
        """A special file is 403: opening it could block for ever."""
        os.mkfifo(root / "fifo")
        self.refuse(root, "/fifo")
        self.refuse(root, "/fifo/extra")

    def test_socket(self, root: Path) -> None:
        """So is a socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(root / "socket"))
            self.refuse(root, "/socket")

    def test_device(self) -> None:
        """So is a device."""
        record = make_record()
        record.filename = "/dev/zero"
        assert directory_walk(record) == FORBIDDEN

    @pytest.mark.parametrize("name", ["inner", "nope", "nope/extra"])
    def test_permission(self, name: str) -> None:
        """What may not be looked at is 403, whether it exists or not."""
        with tempfile.TemporaryDirectory() as root:
            os.chmod(root, 0o755)
            os.mkdir(f"{root}/closed")
            open(f"{root}/closed/inner", "w").close()
            record = make_record(f"DocumentRoot {root}")
            record.filename = f"{root}/closed/{name}"
            with closed_directory(f"{root}/closed"):
                assert directory_walk(record) == FORBIDDEN


@contextmanager
def closed_directory(path: str) -> Iterator[None]:
    """Nobody may look into the directory for a while; root may everywhere, so it becomes somebody else."""
    os.chmod(path, 0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        os.chmod(path, 0o700)


NO_LINKS = "<Directory />\nOptions None\n</Directory>"
OWNER_LINKS = "<Directory />\nOptions SymLinksIfOwnerMatch\n</Directory>"


class TestLinks:
    @pytest.fixture(autouse=True)
    def links(self, root: Path) -> None:
        """/link -> file, /there -> dir."""
        (root / "link").symlink_to("file")
        (root / "there").symlink_to("dir")

    @pytest.mark.parametrize(
        "path", ["/link", "/there", "/there/", "/there/inner", "/there/nope", "/link/extra"]
    )
    def test_followed_by_default(self, root: Path, path: str) -> None:
        """FollowSymLinks is on unless somebody says otherwise."""
        assert walk(root, path)[0] == OK

    @pytest.mark.parametrize(
        "path", ["/link", "/there", "/there/", "/there/inner", "/there/nope", "/link/extra"]
    )
    def test_refused(self, root: Path, path: str) -> None:
        """Without FollowSymLinks a link anywhere on the way is 403."""
        assert walk(root, path, NO_LINKS)[0] == FORBIDDEN

    @pytest.mark.parametrize("path", ["/", "/file", "/dir/inner", "/dir/nope/extra", "/file/extra", "/nope"])
    def test_no_link(self, root: Path, path: str) -> None:
        """What is no link is served without FollowSymLinks."""
        assert walk(root, path, NO_LINKS)[0] == OK

    def test_decided_where_the_link_stands(self, root: Path) -> None:
        """A section for what a link leads to does not let the link be followed."""
        allowing = f'{NO_LINKS}\n<Directory "{root}/there">\nOptions FollowSymLinks\n</Directory>'
        assert walk(root, "/there/inner", allowing)[0] == FORBIDDEN

    def test_allowed_where_the_link_stands(self, root: Path) -> None:
        """The directory that holds the link may allow it, though those above do not."""
        allowing = f'{NO_LINKS}\n<Directory "{root}">\nOptions FollowSymLinks\n</Directory>'
        assert walk(root, "/there/inner", allowing)[0] == OK

    def test_same_owner(self, root: Path) -> None:
        """SymLinksIfOwnerMatch follows links to what their owner owns."""
        assert walk(root, "/link", OWNER_LINKS)[0] == OK

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_other_owner(self, root: Path) -> None:
        """It refuses a link to somebody else's file, in the middle of the path too."""
        os.lchown(root / "link", NOBODY, NOBODY)
        os.lchown(root / "there", NOBODY, NOBODY)
        assert walk(root, "/link", OWNER_LINKS)[0] == FORBIDDEN
        assert walk(root, "/there/inner", OWNER_LINKS)[0] == FORBIDDEN

    def test_beside_the_root(self, root: Path) -> None:
        """A directory whose name merely begins like the root's is no part of it."""
        beside = root.with_name("root-beside")
        beside.symlink_to("root")
        record = make_record(f"DocumentRoot {root}\n{NO_LINKS}")
        record.filename = f"{beside}/file"
        assert directory_walk(record) == FORBIDDEN


class TestSections:
    CONFIG = """
<Directory "{root}">
SetHandler root
<Files inner>
SetHandler inner-file
</Files>
</Directory>
<Directory "{root}/dir">
SetHandler dir
</Directory>
<Directory "{root}/nope">
SetHandler never
</Directory>
<Files missing>
SetHandler missing-file
</Files>
<Location /dir/place>
SetHandler location
</Location>
"""

    @pytest.mark.parametrize(
        ("path", "handler"),
        [
            ("/file", "root"),
            ("/dir", "dir"),
            ("/dir/", "dir"),
            ("/dir/other", "dir"),
            ("/dir/inner", "inner-file"),
            ("/dir/inner/extra", "inner-file"),
            ("/nope", "root"),
            ("/nope/extra", "root"),
            ("/missing", "missing-file"),
            ("/missing/extra", "missing-file"),
            ("/dir/place", "location"),
        ],
    )
    def test_in_force(self, root: Path, path: str, handler: str) -> None:
        """Directories from the outside in, then Files, then Locations; none of a missing one."""
        _, record = walk(root, path, self.CONFIG.format(root=root))
        assert record.conf[CoreDir].handler == handler


class TestHtaccess:
    def get(self, root: Path, path: str, text: str, config: str = "AllowOverride All") -> tuple[int, Request]:
        """Walk to a path with a .htaccess file in /dir."""
        (root / "dir" / ".htaccess").write_text(text)
        return walk(root, path, f'<Directory "{root}">\n{config}\n</Directory>')

    @pytest.mark.parametrize(
        ("path", "handler"),
        [
            ("/dir/inner", "own"),
            ("/dir", "own"),
            ("/dir/", "own"),
            ("/dir/nope", "own"),
            ("/dir/inner/extra", "own"),
            ("/file", ""),
            ("/dirx", ""),
        ],
    )
    def test_where(self, root: Path, path: str, handler: str) -> None:
        """A file acts on its directory and all that is in it."""
        result, record = self.get(root, path, "SetHandler own\n")
        assert result == OK
        assert record.conf[CoreDir].handler == handler

    def test_files_and_conditions(self, root: Path) -> None:
        """`<Files>` and `<If>` of a file act after all directories."""
        text = (
            "<Files inner>\n<If true>\nSetHandler deep\n</If>\nSetHandler files\n</Files>\nSetHandler own\n"
        )
        assert self.get(root, "/dir/inner", text)[1].conf[CoreDir].handler == "deep"
        assert self.get(root, "/dir/other", text)[1].conf[CoreDir].handler == "own"

    def test_wrong(self, root: Path) -> None:
        """A file with an error refuses all that it stands for, and the log says which, where and why."""
        assert self.get(root, "/dir/inner", "\nSetHandle own\n")[0] == 500
        assert self.get(root, "/file", "\nSetHandle own\n")[0] == OK
        log = error_log(root.parent)
        assert f"[core:alert] [pid {os.getpid()}" in log
        assert f"{root}/dir/.htaccess: Invalid command 'SetHandle', perhaps misspelled" in log
        assert "(did you mean SetHandler?) (line 2)" in log

    def test_not_readable(self, root: Path) -> None:
        """What cannot be read refuses too: nobody knows what it restricts."""
        (root / "dir" / ".htaccess").mkdir()
        config = f'<Directory "{root}">\nAllowOverride All\n</Directory>'
        assert walk(root, "/dir/inner", config)[0] == FORBIDDEN
        assert "AH00529" in error_log(root.parent)

    def test_warnings(self, root: Path) -> None:
        """What is passed over is told in the log."""
        assert self.get(root, "/dir/inner", "Nonsense\n", "AllowOverride Nonfatal=Unknown")[0] == OK
        assert "AH02296: Unknown directive Nonsense perhaps misspelled" in error_log(root.parent)

    def test_links(self, root: Path) -> None:
        """Options in a file decide on the links in its directory, within what AllowOverride permits."""
        (root / "dir" / "link").symlink_to("inner")
        assert self.get(root, "/dir/link", "Options -FollowSymLinks\n")[0] == FORBIDDEN
        assert self.get(root, "/dir/inner", "Options -FollowSymLinks\n")[0] == OK
        denied = "Options None\nAllowOverride All"
        assert self.get(root, "/dir/link", "# nothing\n", denied)[0] == FORBIDDEN
        assert self.get(root, "/dir/link", "Options +FollowSymLinks\n", denied)[0] == OK
        narrow = "Options None\nAllowOverride Options=Indexes"
        assert self.get(root, "/dir/link", "Options +FollowSymLinks\n", narrow)[0] == 500

    def test_settings_are_kept(self, root: Path) -> None:
        """Two requests with the same files have the very same settings."""
        (root / "dir" / ".htaccess").write_text("SetHandler own\n")
        config = make_config(f'DocumentRoot {root}\n<Directory "{root}">\nAllowOverride All\n</Directory>')
        found = []
        for _ in range(2):
            record = make_record(config, uri="/dir/inner")
            record.filename = f"{root}/dir/inner"
            directory_walk(record)
            found.append(record.conf)
        assert found[0] is found[1]


class TestConditions:
    CONFIG = """
<If "%{REQUEST_URI} == '/file'">
SetHandler first
</If>
<ElseIf "%{REQUEST_URI} == '/dir/inner'">
SetHandler second
<If "-f %{REQUEST_FILENAME}">
AddDefaultCharset utf-8
</If>
</ElseIf>
<Else>
SetHandler third
</Else>
<Location /dir>
SetHandler location
</Location>
"""

    @pytest.mark.parametrize(
        ("path", "handler", "charset"),
        [("/file", "first", ""), ("/dir/inner", "second", "utf-8"), ("/dir/other", "third", "")],
    )
    def test_branches(self, root: Path, path: str, handler: str, charset: str) -> None:
        """The first branch that holds acts, over all other sections; nested ones after it."""
        _, record = walk(root, path, self.CONFIG)
        assert record.conf[CoreDir].handler == handler
        assert record.conf[CoreDir].add_default_charset == charset

    @pytest.mark.parametrize("condition", ["-U '/x'", "file('/nope') == ''", "'1' -ipmatch req('X')"])
    def test_failures_do_not_hold(self, root: Path, condition: str) -> None:
        """A condition that cannot be evaluated counts as false, and the log says so."""
        _, record = walk(root, "/file", f'<If "{condition}">\nSetHandler yes\n</If>')
        assert record.conf[CoreDir].handler == ""
        if condition[0] != "'":
            assert "AH03298" in error_log(root.parent)
