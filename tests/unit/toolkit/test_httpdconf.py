"""`mod_python.httpdconf` (toolkit spec 6.4)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mod_python import httpdconf
from mod_python.httpdconf import (
    Comment,
    Container,
    Directive,
    Listen,
    Location,
    SetHandler,
    quote_if_space,
    write_basic_config,
)
from olexd.config.build import load
from olexd.config.python import PythonDir
from olexd.modules.registry import SPECS

CASES = [
    ("Container()", "", "Container(\n)"),
    ("Container(only_if='1')", "", "Container(\n    only_if='1')"),
    ("Container(Listen('1'), only_if='1 == 2')", "", "Container(\n    Listen('1'),\n    only_if='1 == 2')"),
    ("Container(Listen('1'), only_if='')", "Listen 1\n", "Container(\n    Listen('1'),\n)"),
    ("Comment('one')", "# one\n", "Comment('one\\n')"),
    ("Comment('o\\n\\nx\\n')", "# o\n# \n# x\n", "Comment('o\\n'\n        '\\n'\n        'x\\n')"),
    ("Location('/')", "<Location />\n</Location>\n", "Location('/',\n)"),
    (
        "ContainerTag('X', 'a\\\\b', [Directive('A', 'b\\\\c')])",
        "<X a/b>\n  A b/c\n</X>\n",
        "X('a//b',\n    A('b//c'),\n)",
    ),
    (
        "ContainerTag('X', 'a\\\\b', [Directive('A', 'b\\\\c', 0)], 0)",
        "<X a\\b>\n  A b\\c\n</X>\n",
        "X('a\\\\b',\n    A('b\\\\c'),\n)",
    ),
    (
        "Location('/', Location('/a', Container(Comment('x\\ny'), Listen('1'))))",
        "<Location />\n  <Location /a>\n    # x\n    # y\n    Listen 1\n  </Location>\n</Location>\n",
        "Location('/',\n    Location('/a',\n        Container(\n            Comment('x\\n'\n"
        "                    'y\\n'),\n            Listen('1'),\n        ),\n    ),\n)",
    ),
    (
        "VirtualHost('*:80', ServerName('x'), Files('*.py', Require('x')))",
        "<VirtualHost *:80>\n  ServerName x\n  <Files *.py>\n    Require x\n  </Files>\n</VirtualHost>\n",
        "VirtualHost('*:80',\n    ServerName('x'),\n    Files('*.py',\n        Require('x'),\n    ),\n)",
    ),
    (
        "IfModule('!mod_x', Directory('/d'))",
        "<IfModule !mod_x>\n  <Directory /d>\n  </Directory>\n</IfModule>\n",
        "IfModule('!mod_x',\n    Directory('/d',\n    ),\n)",
    ),
    ("Listen(80)", "Listen 80\n", "Listen(80)"),
    ('Directive("A", "it\'s")', "A it's\n", 'A("it\'s")'),
    ("LogFormat('a\\\\\"b')", 'LogFormat a\\"b\n', "LogFormat('a\\\\\"b')"),
    ("PythonPath('c:\\\\x')", "PythonPath c:\\x\n", "PythonPath('c:\\\\x')"),
    ("PythonHandler('a\\\\b')", "PythonHandler a/b\n", "PythonHandler('a//b')"),
    ("PythonInterpPerDirectory()", "PythonInterpPerDirectory Off\n", "PythonInterpPerDirectory('Off')"),
]
"""Python text of an object, the configuration's text of it, and the Python text that it gives of itself."""

REFERENCE = Path("/usr/lib/python3/dist-packages/mod_python/httpdconf.py")
PRINT = "[print([str(eval(source)), repr(eval(source))]) for source in json.loads(sys.argv[1])]"


@pytest.mark.parametrize(("source", "text", "python"), CASES)
def test_both_texts(source: str, text: str, python: str) -> None:
    """An object has the configuration's text and Python's."""
    item = eval(source, vars(httpdconf))
    assert (str(item), repr(eval(source, vars(httpdconf)))) == (text, python)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the real mod_python is not installed")
def test_the_reference_has_the_same_texts() -> None:
    """What is expected above is what mod_python says."""
    program = f"import json\nfrom mod_python.httpdconf import *\n{PRINT}"
    sources = json.dumps([source for source, _, _ in CASES])
    command = ["/usr/bin/python3", "-c", program, sources]
    printed = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed.splitlines() == [str([text, python]) for _, text, python in CASES]


@pytest.mark.parametrize(
    "python", [python for _, _, python in CASES if python[0] not in "XA" and "//" not in python]
)
def test_python_text_makes_the_object_again(python: str) -> None:
    """`eval(repr(x))` is x."""
    assert repr(eval(python, vars(httpdconf))) == python


def test_an_empty_comment() -> None:
    """It has both texts (mod_python cannot show it as Python)."""
    assert (str(Comment("")), repr(Comment(""))) == ("", "Comment('')")


class TestContainer:
    def test_append(self) -> None:
        """Only the four kinds may be appended."""
        container = Container(Listen("1"))
        container.append(Comment("x"))
        assert (str(container), len(container.args)) == ("Listen 1\n# x\n", 2)
        with pytest.raises(TypeError, match="must be an instance of Directive, Container, ContainerTag or"):
            container.append("text")  # type: ignore[arg-type]

    def test_only_if(self) -> None:
        """The condition is evaluated where `mod_python`, `sys` and `os` are known, each time."""
        names = Container(Listen("1"), only_if="mod_python.version and sys.path and os.sep")
        assert str(names) == "Listen 1\n"
        with pytest.raises(NameError):
            str(Container(only_if="unknown"))

    def test_own_directives(self) -> None:
        """A class of one's own works as the manual has it."""

        class Redirect(Directive):
            def __init__(self, val: str) -> None:
                Directive.__init__(self, self.__class__.__name__, val)

        assert str(Location("/", Redirect("/a /b"))) == "<Location />\n  Redirect /a /b\n</Location>\n"


def test_quoting() -> None:
    """Blanks ask for quotes."""
    assert (quote_if_space("a b"), quote_if_space("ab"), SetHandler("x").flipslash) == ('"a b"', "ab", 1)


class TestBasicConfig:
    def test_layout(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Directories, media types and a script that prints a configuration which olexd takes."""
        root = tmp_path / "a server"
        script = write_basic_config(
            str(root),
            "127.0.0.1:8888",
            pythonhandler="app",
            pythonpath=["/a", "/b'c"],
            pythonoptions=["x y"],
            mp_comments=["note"],
        )
        assert script == str(root / "conf" / "httpd_conf.py")
        assert capsys.readouterr().err.splitlines() == [
            f"Creating directory '{root}'.",
            f"Creating directory '{root}/public'.",
            f"Creating directory '{root}/conf'.",
            f"Creating directory '{root}/logs'.",
            f"Copying '/etc/mime.types' to '{root}/conf/mime.types'",
            f"Writing '{script}'.",
        ]
        printed = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, timeout=60, check=True
        )
        (root / "conf" / "httpd.conf").write_text(printed.stdout)
        config = load(str(root / "conf" / "httpd.conf"), SPECS, [])
        python = config.main.merged()[PythonDir]
        assert (config.server_root, config.warnings) == (str(root), ())
        assert python.path == "sys.path+['/a',\"/b'c\",]"
        assert [(name.spelling, value) for name, value in python.options.items()] == [("x", "y")]
        assert "# note\n" in printed.stdout
        assert "MaxConnectionsPerChild 65536\n" in printed.stdout
        assert "MaxRequestsPerChild" not in printed.stdout

    def test_what_is_there_stays(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """An existing script is kept, unless it is to be replaced."""
        script = write_basic_config(str(tmp_path))
        assert script is not None
        Path(script).write_text("mine")
        capsys.readouterr()
        assert write_basic_config(str(tmp_path)) is None
        assert capsys.readouterr().err == f"Error: '{script}' already exists, aborting.\n"
        assert Path(script).read_text() == "mine"
        assert write_basic_config(str(tmp_path), replace_config=True) == script
        told = capsys.readouterr().err
        assert f"Warning: directory '{tmp_path}' already exists, continuing.\n" in told
        assert f"Warning: file '{tmp_path}/conf/mime.types' already exists, continuing.\n" in told
        assert Path(script).read_text() != "mine"
