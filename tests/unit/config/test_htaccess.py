""".htaccess files: where they are looked for, when they are read again, what is refused."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from olexd.config import htaccess
from olexd.config.htaccess import HtaccessError
from olexd.config.server import HostConfig
from tests.unit.config.specimen import SiteDir, load
from tests.unit.phases.test_walk import closed_directory

LONG_AGO = 1_000_000_000_000_000_000


def host_of(root: Path, allow: str = "AllowOverride All", more: str = "") -> HostConfig:
    """Return a host on which only files below `root` are read."""
    return load(
        f"<Directory />\nAllowOverride None\n</Directory>\n<Directory {root}>\n{allow}\n</Directory>\n{more}",
        server_root="/",
    ).main


def write(path: Path, text: str, when: int = LONG_AGO) -> None:
    """Write a file whose last change counts as settled, or is at `when`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(when, when))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes count as settled at once."""
    monkeypatch.setattr(htaccess, "SETTLED_NS", -(10**18))


def steps(host: HostConfig, directory: Path, warnings: list[str] | None = None) -> tuple[str, ...]:
    """Return what `Step` says in a directory."""
    assert host.htaccess is not None
    found = host.htaccess.find(f"{directory}/", (warnings if warnings is not None else []).append)
    return host.merged(host.directories.match(f"{directory}/", found))[SiteDir].steps


def refusal(host: HostConfig, directory: Path) -> HtaccessError:
    """Return why a directory's file is refused."""
    with pytest.raises(HtaccessError) as caught:
        steps(host, directory)
    return caught.value


def test_nowhere_allowed_costs_nothing(tmp_path: Path) -> None:
    """With AllowOverride None at the root and nothing else no file is ever looked for."""
    assert load("<Directory />\nAllowOverride None\n</Directory>", server_root="/").main.htaccess is None
    assert host_of(tmp_path, "AllowOverride All None").htaccess is None
    assert host_of(tmp_path, "Step x").htaccess is None


@pytest.mark.parametrize(
    "allow",
    ["AllowOverride All", "AllowOverride Nonfatal=All", "AllowOverrideList Step", "AllowOverride Limit"],
)
def test_somewhere_allowed(tmp_path: Path, allow: str) -> None:
    """Anything else than None has files read, in just that directory and below."""
    host = host_of(tmp_path, allow)
    assert host.htaccess is not None
    write(tmp_path.parent / "elsewhere" / ".htaccess", "Nonsense\n")
    assert steps(host, tmp_path.parent / "elsewhere") == ()


def test_never_told_reads_and_refuses(tmp_path: Path) -> None:
    """Without any AllowOverride a file is read and nothing in it permitted."""
    host = load("", server_root="/").main
    write(tmp_path / ".htaccess", "# a comment\n")
    assert steps(host, tmp_path) == ()
    write(tmp_path / ".htaccess", "Step x\n", LONG_AGO + 10)
    assert str(refusal(host, tmp_path)) == f"{tmp_path}/.htaccess: Step not allowed here (line 1)"


def test_never_told_looks_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file could only be refused, a new one is noticed within a moment, but not at once."""
    now = 100.0
    monkeypatch.setattr(htaccess.time, "monotonic", lambda: now)
    host = load("", server_root="/").main
    assert steps(host, tmp_path) == ()
    write(tmp_path / ".htaccess", "Step x\n")
    assert steps(host, tmp_path) == ()
    now += htaccess.ABSENT_SECONDS
    assert refusal(host, tmp_path).status == 500
    assert refusal(host, tmp_path).status == 500


def test_between_the_directory_sections(tmp_path: Path) -> None:
    """A file acts after the sections of its own directory and before those of inner ones."""
    inner = tmp_path / "inner"
    host = host_of(
        tmp_path,
        "AllowOverride All\nStep outer",
        f"<Directory {inner}>\nStep inner\n</Directory>\n"
        f"<DirectoryMatch {inner}>\nStep match\n</DirectoryMatch>",
    )
    write(tmp_path / ".htaccess", "Step outer-file\n")
    write(inner / ".htaccess", "Step inner-file\n")
    assert steps(host, inner) == ("outer", "outer-file", "inner", "inner-file", "match")
    assert steps(host, tmp_path) == ("outer", "outer-file")


@pytest.mark.usefixtures("settled")
def test_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that did not change is not read again, and gives the very same merged settings."""
    host = host_of(tmp_path)
    write(tmp_path / ".htaccess", "Step one\n")
    assert host.htaccess is not None
    (first,) = host.htaccess.find(f"{tmp_path}/", print)
    monkeypatch.setattr(htaccess, "_contents", None)
    (second,) = host.htaccess.find(f"{tmp_path}/", print)
    assert first[1] is second[1]


@pytest.mark.usefixtures("settled")
def test_read_again_when_it_changes(tmp_path: Path) -> None:
    """A change, a removal and a new file are seen at once."""
    host = host_of(tmp_path)
    assert steps(host, tmp_path) == ()
    write(tmp_path / ".htaccess", "Step one\n")
    assert steps(host, tmp_path) == ("one",)
    write(tmp_path / ".htaccess", "Step two\n", LONG_AGO + 10)
    assert steps(host, tmp_path) == ("two",)
    (tmp_path / ".htaccess").unlink()
    assert steps(host, tmp_path) == ()


def test_fresh_changes_are_never_missed(tmp_path: Path) -> None:
    """While a file's times are fresh they may not tell two changes apart, so it is read each time."""
    host = host_of(tmp_path)
    path = tmp_path / ".htaccess"
    path.write_text("Step one\n")
    found = path.stat()
    assert steps(host, tmp_path) == ("one",)
    path.write_text("Step two\n")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert steps(host, tmp_path) == ("two",)


def test_the_same_text_keeps_its_section(tmp_path: Path) -> None:
    """A file that was only touched does not make new settings."""
    host = host_of(tmp_path)
    write(tmp_path / ".htaccess", "Step one\n")
    assert host.htaccess is not None
    (first,) = host.htaccess.find(f"{tmp_path}/", print)
    write(tmp_path / ".htaccess", "Step one\n", LONG_AGO + 10)
    (second,) = host.htaccess.find(f"{tmp_path}/", print)
    assert first[1] is second[1]


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files and directories there are, only so many are remembered."""
    monkeypatch.setattr(htaccess, "MAX_KNOWN", 5)
    host = host_of(tmp_path)
    for number in range(20):
        write(tmp_path / str(number) / ".htaccess", f"Step {number}\n")
        assert steps(host, tmp_path / str(number)) == (str(number),)
    assert isinstance(host.htaccess, htaccess.HtaccessFiles)
    assert len(host.htaccess._known) <= 5
    assert len(host.htaccess._ways) <= 5


def test_names(tmp_path: Path) -> None:
    """The first name that exists counts."""
    host = host_of(tmp_path, more="AccessFileName .one .two")
    write(tmp_path / ".two", "Step two\n")
    assert steps(host, tmp_path) == ("two",)
    write(tmp_path / ".one", "Step one\n")
    assert steps(host, tmp_path) == ("one",)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("Stap x", "Invalid command 'Stap', perhaps misspelled or defined by a module not included in "
             "the server configuration (did you mean Step?) (line 1)"),
            ("\n\nPairs a", "Pairs not allowed here (line 3)"),
            ("Step", "Step requires at least one argument, some words (line 1)"),
            ("<Files x>", "<Files> was not closed. (line 1)"),
            ("<Directory />\n</Directory>", "<Directory not allowed here (line 1)"),
            ("<VirtualHost *>\n</VirtualHost>", "<VirtualHost not allowed here (line 1)"),
            ("Include /etc/passwd", "Include not allowed here (line 1)"),
            ("Define X y", "Define not allowed here (line 1)"),
            ("ServerRoot /", "ServerRoot not allowed here (line 1)"),
            ("LoadModule a b", "LoadModule not allowed here (line 1)"),
            ("AllowOverride All", "AllowOverride not allowed here (line 1)"),
            ("DocumentRoot /", "DocumentRoot not allowed here (line 1)"),
            ("<Files x>\nDocumentRoot /\n</Files>", "DocumentRoot not allowed here (line 2)"),
            ("Step " + "x" * 9000, "Line too long (line 1)"),
            ("Error told you so", "told you so (line 1)"),
            ("Use nothing", "no macro defined before Use (line 1)"),
        ],
    )  # fmt: skip
    def test_errors(self, tmp_path: Path, text: str, message: str) -> None:
        """What is wrong is a 500 whose log line names file and line."""
        write(tmp_path / ".htaccess", text)
        error = refusal(host_of(tmp_path), tmp_path)
        assert error.status == 500
        assert str(error) == f"{tmp_path}/.htaccess: {message}"

    def test_not_a_file(self, tmp_path: Path) -> None:
        """A directory or a pipe of that name is a 403; a pipe is not waited for."""
        (tmp_path / "a" / ".htaccess").mkdir(parents=True)
        (tmp_path / "b").mkdir()
        os.mkfifo(tmp_path / "b" / ".htaccess")
        host = host_of(tmp_path)
        for name in ("a", "b"):
            error = refusal(host, tmp_path / name)
            assert error.status == 403
            assert "AH00529" in str(error)

    def test_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file of absurd size is not read."""
        monkeypatch.setattr(htaccess, "MAX_SIZE", 10)
        write(tmp_path / ".htaccess", "Step " + "x" * 10)
        assert refusal(host_of(tmp_path), tmp_path).status == 403

    def test_not_to_be_read(self) -> None:
        """A file that the server may not look at is a 403: what it restricts is not left open."""
        with tempfile.TemporaryDirectory() as root:
            os.chmod(root, 0o755)
            host = host_of(Path(root))
            inner = Path(root) / "inner"
            write(inner / ".htaccess", "Step one\n")
            with closed_directory(str(inner)):
                assert refusal(host, inner).status == 403

    def test_an_error_stays_one(self, tmp_path: Path) -> None:
        """The second request for a wrong file is refused like the first."""
        write(tmp_path / ".htaccess", "Stap x")
        host = host_of(tmp_path)
        assert str(refusal(host, tmp_path)) == str(refusal(host, tmp_path))


def test_nonfatal(tmp_path: Path) -> None:
    """Nonfatal makes warnings of what is unknown or not permitted; the rest takes effect."""
    host = host_of(tmp_path, "AllowOverride Nonfatal=All\nAllowOverrideList Step")
    write(tmp_path / ".htaccess", "Step one\nStap two\nActive On\nStep three\n")
    warnings: list[str] = []
    assert steps(host, tmp_path, warnings) == ("one", "three")
    assert [line.partition(": ")[2] for line in warnings] == [
        "AH02296: Unknown directive Stap perhaps misspelled or defined by a module not included in the "
        "server configuration (line 2)",
        "AH02295: Active in .htaccess forbidden by AllowOverride (line 3)",
    ]


def test_macros_and_conditionals(tmp_path: Path) -> None:
    """What acts while reading works where it is allowed."""
    host = host_of(tmp_path, "AllowOverrideList Step")
    write(
        tmp_path / ".htaccess",
        "<Macro say $x>\nStep $x\n</Macro>\n<IfDefine !NOPE>\nUse say hello\n</IfDefine>\nStep ${NOPE_X}\n",
    )
    assert steps(host, tmp_path) == ("hello", "${NOPE_X}")


def test_the_place_of_a_directive(tmp_path: Path) -> None:
    """A directive knows the directory of its file, with a trailing slash."""
    host = host_of(tmp_path, "AllowOverrideList Place")
    write(tmp_path / ".htaccess", "Place\n")
    assert host.htaccess is not None
    ((_, section),) = host.htaccess.find(f"{tmp_path}/", print)
    assert section.settings[SiteDir].place == f"('.htaccess', '{tmp_path}/') {tmp_path}/ /x"
