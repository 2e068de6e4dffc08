"""Sections that count only where something is so: versions, files, modules, definitions, directives."""

from __future__ import annotations

from tests.parity.runner.case import Case, get

CONDITIONS = {
    "IfVersion 2.4": None,
    "IfVersion >= 2.4": None,
    "IfVersion >= 2.4.1": None,
    "IfVersion > 2.4": None,
    "IfVersion < 2.4": None,
    "IfVersion < 2.5": None,
    "IfVersion <= 2.2.99": None,
    "IfVersion != 2.4": None,
    "IfVersion !< 2.4": None,
    "IfVersion !>= 2.4": None,
    "IfVersion = 2": None,
    "IfVersion == 2.4": None,
    r"IfVersion = /^2\.4\./": None,
    "IfVersion ~ ^2": None,
    "IfVersion !~ ^2": None,
    r"IfVersion /^2\.2\./": None,
    'IfFile "@ROOT@/there.txt"': None,
    'IfFile "!@ROOT@/there.txt"': None,
    'IfFile "@ROOT@/nope.txt"': None,
    'IfFile "!@ROOT@/nope.txt"': None,
    'IfFile "@ROOT@"': None,
    "IfModule mod_python.c": None,
    "IfModule python_module": None,
    "IfModule !mod_python.c": None,
    "IfModule mod_nope.c": None,
    "IfModule !mod_nope.c": None,
    "IfModule core.c": None,
    "IfModule mod_alias.c": None,
    "IfModule alias": None,
    "IfDefine NOPE": None,
    "IfDefine !NOPE": None,
    "IfDirective Alias": None,
    "IfDirective alias": None,
    "IfDirective PythonHandler": None,
    "IfDirective NoSuchThing": None,
    "IfDirective !NoSuchThing": None,
    "IfSection VirtualHost": None,
    "IfSection <Location>": None,
    "IfSection NoSuchSection": None,
    "IfSection !NoSuchSection": None,
}


def marked() -> str:
    """Return a configuration in which each condition that holds leaves a field in the response."""
    text = "Define HERE yes\n"
    for number, condition in enumerate([*CONDITIONS, "IfDefine HERE"]):
        text += f"<{condition}>\nHeader always set X-{number:02} yes\n</{condition.split()[0]}>\n"
    return text + "UnDefine HERE\n<IfDefine HERE>\nHeader set X-Undefined yes\n</IfDefine>\n"


CASES = [
    Case("sections-by-condition", [get("/there.txt"), get("/nope")], marked(), files={"there.txt": "there"}),
    Case(
        "sections-by-condition-nested",
        [get("/there.txt")],
        "<IfVersion >= 2.4>\n<IfModule mod_python.c>\n<IfDefine !NOPE>\nHeader set X-A a\n</IfDefine>\n"
        "<IfDefine NOPE>\nNoSuchDirective\n<NoSuchSection x>\n</NoSuchSection>\n</IfDefine>\n</IfModule>\n"
        "</IfVersion>\n",
        files={"there.txt": "there"},
    ),
    Case(
        "sections-by-condition-htaccess",
        [get("/d/x.txt")],
        '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n',
        files={
            "d/x.txt": "x",
            "d/.htaccess": "<IfModule mod_python.c>\nHeader set X-A a\n</IfModule>\n<IfVersion < 2.4>\n"
            "Nonsense\n</IfVersion>\n<IfFile @ROOT@/d/x.txt>\nHeader set X-B b\n</IfFile>\n",
        },
    ),
]
