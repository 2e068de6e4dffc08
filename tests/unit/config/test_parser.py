"""The first pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.build import load as load_file
from olexd.config.errors import ConfigError
from olexd.config.parser import MAX_NESTING
from tests.unit.config.specimen import SITE, load, problems


def test_read_time_errors_come_first() -> None:
    """What reading finds stands before what the second pass finds, each in file order."""
    text = "Bogus a\nTimeout x\n</Location>\nInclude /does/not/exist\n"
    assert [line.split(":")[0] for line in problems(text)] == ["3", "4", "1", "2"]


def test_broken_sections_do_not_cause_complaints_about_contexts() -> None:
    """After a forgotten end tag, directives are not told off for standing in the section."""
    assert problems("<Location /a>\nTimeout 5\n") == ["1: <Location> was not closed."]


def test_a_nul_byte_is_refused() -> None:
    """A NUL would cut paths short further on."""
    assert problems("DocumentRoot /a\0b\n") == ["1: Line contains a NUL byte"]


def test_nesting_is_bounded() -> None:
    """Sections cannot be nested until the stack overflows."""
    text = "<Files a>\n" * (MAX_NESTING + 1) + "</Files>\n" * (MAX_NESTING + 1)
    assert problems(text)[0] == f"{MAX_NESTING + 1}: Sections are nested more than {MAX_NESTING} deep"


def test_doubling_defines_are_bounded() -> None:
    """A chain of defines that doubles each time is refused, not expanded."""
    text = "Define A xxxxxxxxxxxxxxxx\n" + "Define A ${A}${A}\n" * 30
    assert problems(text)[0].endswith("Line too long")


def test_includes_that_fan_out_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that each include two more end in an error, not in an endless start."""
    monkeypatch.setattr("olexd.config.parser.MAX_FILES", 100)
    for number in range(30):
        (tmp_path / f"{number}.conf").write_text(f"Include {number + 1}.conf\n" * 2)
    (tmp_path / "30.conf").touch()
    with pytest.raises(ConfigError) as caught:
        load_file(str(tmp_path / "0.conf"), [SITE])
    assert "includes more than 100 files" in caught.value.problems[0].message


def test_the_main_file_must_exist(tmp_path: Path) -> None:
    """A missing main file is a configuration error with httpd's message."""
    with pytest.raises(ConfigError, match=r"Could not open configuration file .*/none.conf: No such file"):
        load_file(str(tmp_path / "none.conf"), [SITE])


def test_given_defines_have_no_value() -> None:
    """-D makes IfDefine true and leaves ${} alone."""
    config = load("<IfDefine X>\nAlias ${X} b\n</IfDefine>", ["X"])
    assert config.defines.keys() == {"X"}
    assert config.tree == [("Alias", "${X} b")]


def test_a_define_shadows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defines are looked up before the process environment."""
    monkeypatch.setenv("OLEXD_X", "outer")
    assert load("Step ${OLEXD_X}\nDefine OLEXD_X inner\nStep ${OLEXD_X}").tree == [
        ("Step", "outer"),
        ("Step", "inner"),
    ]


def test_a_conditional_before_loadmodule_is_false() -> None:
    """When a LoadModule follows, a module does not count before it, though it would without any."""
    conditional = "<IfModule mod_site.c>\nStep a\n</IfModule>\n"
    assert load(conditional).tree == [("Step", "a")]
    config = load(conditional + "LoadModule site_module x.so")
    assert config.tree == []
    assert config.loaded == ("site",)
