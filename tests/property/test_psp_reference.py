"""Random pages, through the original's scanner and ours."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from mod_python._psp import parse

PYTHON = Path("/usr/bin/python3")
EXTENSIONS = sorted(Path("/usr/lib/python3/dist-packages/mod_python").glob("_psp*.so"))

REFERENCE = """
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("_psp", sys.argv[1])
psp = importlib.util.module_from_spec(spec)
spec.loader.exec_module(psp)
with open("pages.json") as file:
    pages = json.load(file)
programs = []
for page in pages:
    with open("page.psp", "w", newline="", encoding="utf-8") as file:
        file.write(page)
    programs.append(psp.parse("page.psp", os.getcwd() + "/"))
with open("programs.json", "w") as file:
    json.dump(programs, file)
"""
"""The original's scanner prints what it ignores, so results go through files."""

PIECES = [
    *["<%", "<%=", "<%@", "<%--", "%>", "--%>", "<", "%", ">", "-", "=", "@"],
    *["\n", "\r\n", "\r", " ", "  ", "\t", ":", '"', "'", "\\", "\\n", "\\r", "\\t", "\\x", "#"],
    *["a", "if x:", "else:", "pass", "text", "\xe4\u20ac", "begin", "end", "include file", "include"],
    *[
        '<%@ include file="inc.txt" %>',
        '<%@ include  file = "deep.txt" x %>',
        "\n%>",
        "<%\n",
        ":\n",
        "\n    ",
    ],
]
INCLUDED = {"inc.txt": "INC\n<%\nfor x in y:\n%>", "deep.txt": '[<%@ include file="inc.txt" %>\r\n<% x=1 %>]'}


def pages(count: int) -> list[str]:
    """Return random pages, the same ones in every run."""
    source = random.Random(20250101)
    made: list[str] = []
    while len(made) < count:
        page = "".join(source.choices(PIECES, k=source.randrange(1, 30)))
        made.append(page)
    return made


@pytest.mark.skipif(not (EXTENSIONS and PYTHON.exists()), reason="the original mod_python is not installed")
def test_the_original_writes_the_same_programs(tmp_path: Path) -> None:
    """Two thousand random pages give the same program as with the original."""
    for name, text in INCLUDED.items():
        (tmp_path / name).write_bytes(text.encode())
    made = pages(2000)
    (tmp_path / "pages.json").write_text(json.dumps(made))
    command = [str(PYTHON), "-c", REFERENCE, str(EXTENSIONS[0])]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL, timeout=60)
    for page, program in zip(made, json.loads((tmp_path / "programs.json").read_text()), strict=True):
        (tmp_path / "page.psp").write_bytes(page.encode())
        assert parse("page.psp", f"{tmp_path}/") == program, repr(page)
