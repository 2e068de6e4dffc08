"""The Python* directives: what they take, where they may stand, how they merge (core spec 1.1-1.4, 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.errors import ConfigError
from olexd.config.python import Handler, PythonDir, PythonServer, skips_mapping
from olexd.config.settings import Settings
from tests.unit.python_support import make_config


def settings(text: str, url: str = "/") -> Settings:
    host = make_config(text).main
    return host.merged(host.locations.match(url))


def lists(text: str, url: str = "/") -> dict[str, list[str]]:
    handlers = settings(text, url)[PythonDir].handlers
    return {key: [entry.text for entry in entries] for key, entries in handlers.items()}


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("m", {"PythonHandler": ["m"]}),
        ("m::f n", {"PythonHandler": ["m::f", "n"]}),
        ("m | .py .gz", {"PythonHandler.py": ["m"], "PythonHandler.gz": ["m"]}),
        ("m|.py", {"PythonHandler.py": ["m"]}),
        ("m::a::b", {"PythonHandler": ["m::a::b"]}),
        ('"a b"', {"PythonHandler": ['"a', 'b"']}),
        ("", {}),
    ],
)
def test_handler_lists(argument: str, expected: dict[str, list[str]]) -> None:
    """Words are handlers, words behind the bar are extensions, quotes are letters."""
    assert lists(f"PythonHandler {argument}") == expected


def test_lists_of_one_section_grow() -> None:
    """Repeated directives append."""
    assert lists("PythonHandler a b\nPythonHandler c") == {"PythonHandler": ["a", "b", "c"]}


def test_inner_sections_replace_lists_by_phase_and_extension() -> None:
    """A section that names a phase replaces its list; other phases and extensions are inherited."""
    text = (
        "PythonHandler a\nPythonHandler p | .py\nPythonFixupHandler f\n"
        "<Location /x>\nPythonHandler b\n</Location>"
    )
    assert lists(text, "/x") == {
        "PythonHandler": ["b"],
        "PythonHandler.py": ["p"],
        "PythonFixupHandler": ["f"],
    }


def test_handlers_remember_where_they_were_configured(tmp_path: Path) -> None:
    """A Directory gives its path, a Location its pattern, the server nothing."""
    assert settings("PythonHandler m")[PythonDir].handlers["PythonHandler"] == (Handler("m"),)
    (location,) = settings("<Location /x>\nPythonHandler m\n</Location>", "/x")[PythonDir].handlers[
        "PythonHandler"
    ]
    assert (location.directory, location.is_location) == ("/x", True)
    host = make_config(f"<Directory {tmp_path}>\nPythonHandler m\n</Directory>").main
    (entry,) = host.merged(host.directories.match(str(tmp_path)))[PythonDir].handlers["PythonHandler"]
    assert (entry.directory, entry.is_location) == (f"{tmp_path}/", False)


@pytest.mark.parametrize(
    "section",
    ["<Directory /srv/*/app>", '<DirectoryMatch "^/srv/[a-z]+/app">', '<Directory ~ "^/srv/.*/app">'],
)
def test_pattern_sections_give_the_shortest_directory_that_matches(section: str) -> None:
    """The directory of a wildcard or regex section depends on the file."""
    closing = section[1:].split()[0]
    host = make_config(f"{section}\nPythonHandler m\n</{closing}>").main
    found = host.directories.match("/srv/www/app/deep")
    (entry,) = host.merged(found)[PythonDir].handlers["PythonHandler"]
    assert entry.directory_for("/srv/www/app/deep/x.py") == "/srv/www/app/"


def test_handler_modules_are_silent_handlers_of_every_phase() -> None:
    """PythonHandlerModule fills the twelve request phases."""
    handlers = settings("PythonHandlerModule m")[PythonDir].handlers
    assert len(handlers) == 12
    assert all(entry.silent for entries in handlers.values() for entry in entries)


def test_options() -> None:
    """Names are one whatever their case; inner values win; a missing or empty one removes."""
    text = (
        'PythonOption A 1\nPythonOption b "x y"\nPythonOption c 3\n'
        '<Location /x>\nPythonOption a\nPythonOption C ""\n</Location>'
    )
    conf = settings(text, "/x")[PythonDir]
    assert (conf.option("A"), conf.option("B"), conf.option("c")) == (None, "x y", None)


def test_filters() -> None:
    """A filter goes by its name, or by its handler; case does not count, and inner sections redefine it."""
    config = make_config(
        "PythonOutputFilter m::f UP\nPythonInputFilter m::G\n"
        "<Location /x>\nPythonOutputFilter n up\n</Location>"
    )
    outer = config.main.merged()[PythonDir]
    assert {name: entry.text for name, entry in outer.output_filters.items()} == {"up": "m::f"}
    assert {name: entry.text for name, entry in outer.input_filters.items()} == {"m::g": "m::G"}
    inner = config.main.merged(config.main.locations.match("/x"))[PythonDir].output_filters["up"]
    assert (inner.text, inner.directory, inner.is_location) == ("n", "/x", True)


def test_imports() -> None:
    """PythonImport takes a module and an interpreter."""
    imports = make_config("PythonImport m::f main").main.server[PythonServer].imports
    assert [(item.text, item.interpreter) for item in imports] == [("m::f", "main")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PythonDebug maybe", "PythonDebug must be On or Off"),
        ("PythonOption", "PythonOption takes 1-2 arguments"),
        ("PythonImport m", "PythonImport takes two arguments"),
        ("PythonTransHandler m | .py", "PythonTransHandler does not take file extensions"),
        ("PythonPostReadRequestHandler m | .py", "does not take file extensions"),
        ("<Location /x>\nPythonTransHandler m\n</Location>", "PythonTransHandler not allowed in <Location>"),
        ("<Location /x>\nPythonImport m i\n</Location>", "PythonImport not allowed in <Location>"),
        ("PythonAuthoritative On", "PythonAuthoritative"),
        ("PythonInputFilter", "PythonInputFilter takes 1-2 arguments"),
        ("PythonOutputFilter m NAME more", "PythonOutputFilter takes 1-2 arguments"),
        ("<Location /x>\nPythonConnectionHandler m\n</Location>", "PythonConnectionHandler not allowed in"),
        ("RequestTimeout soon", "RequestTimeout takes a number of seconds.* not 'soon'"),
        ("RequestTimeout -1", "RequestTimeout takes a number of seconds"),
        ("RequestTimeout", "RequestTimeout takes one argument"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """What is wrong, or cannot be honoured, stops the server from starting."""
    with pytest.raises(ConfigError, match=message):
        make_config(text)


@pytest.mark.parametrize(
    ("text", "skips"),
    [
        ("PythonHandler m", False),
        ("<Location /x>\nPythonHandler m\n</Location>", True),
        ("<Location /x>\nPythonHandler m | .py\n</Location>", True),
        ("<Location /x>\nPythonAccessHandler m\n</Location>", False),
        ("<Location /x>\nSetHandler mod_python\n</Location>\nPythonHandler m", False),
        ("PythonOption olexd.map_locations On\n<Location /x>\nPythonHandler m\n</Location>", False),
        ("PythonOption olexd.map_locations Off\n<Location /x>\nPythonAccessHandler m\n</Location>", True),
        ("PythonOption olexd.map_locations Off\nPythonAccessHandler m", False),
        ("", False),
    ],
)
def test_locations_that_skip_mapping(text: str, skips: bool) -> None:
    """Content handlers of a Location switch file mapping off; an option settles it either way."""
    assert skips_mapping(settings(text, "/x")) is skips


@pytest.mark.parametrize("expression", ["sys.path +", "\u201csys.path\u201d", "import os"])
def test_a_path_that_is_no_expression(expression: str) -> None:
    """It is warned of when the configuration is read."""
    (warning,) = make_config(f"PythonPath '{expression}'").warnings
    assert ":3: PythonPath is no Python expression, handlers below it will fail: " in warning
    assert make_config("PythonPath \"sys.path + ['/x']\"").warnings == ()
