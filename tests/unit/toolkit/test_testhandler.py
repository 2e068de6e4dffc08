"""`mod_python.testhandler` (toolkit spec 6.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mod_python import testhandler
from olexd.errors import ServerReturn
from olexd.model import runtime
from olexd.model.mp_request import mp_request
from tests.unit.python_support import make_config, make_request, sent


def page_request(config: str = "", args: str | None = None) -> mp_request:
    """Return a request under PythonDebug, with headers and options that need care."""
    text = f"PythonDebug On\nPythonOption app.password hide-me\nPythonOption shown <b>\n{config}"
    secrets = [(name, b"hide-me") for name in (b"X-Api-Key", b"Authorization", b"Cookie")]
    return make_request(text, args=args, headers=[(b"X-A", b"<script>"), *secrets])


def answer(req: mp_request) -> str:
    """Return what the handler sends."""
    assert testhandler.handler(req) == 0
    return sent(req._record).decode()


class TestPage:
    def test_content(self) -> None:
        """Every part of the page is there; values are escaped."""
        req = page_request()
        page = answer(req)
        assert req.content_type == "text/html; charset=utf-8"
        assert "<title>mod_python test page</title>" in page
        for title, _ in testhandler._tables(req):
            assert f"<h2>{title}</h2>" in page
        assert "&lt;script&gt;" in page and "<script>" not in page
        assert "Yes, maximum " in page and "main_interpreter" not in page.partition("<pre>")[2]

    def test_secrets(self) -> None:
        """Values whose names say that they are secret are left out, in tables and in the tree."""
        page = answer(page_request())
        assert "hide-me" not in page
        assert page.count("(not shown)") >= 4
        assert "PythonOption shown &lt;b&gt;" in page

    @pytest.mark.parametrize("args", [None, "view_log=1"])
    def test_without_debug(self, args: str | None) -> None:
        """Neither page nor log is for everybody."""
        with pytest.raises(ServerReturn) as raised:
            testhandler.handler(make_request(args=args))
        assert raised.value.args == (403,)


class TestLog:
    def test_last_lines(self, tmp_path: Path) -> None:
        """The last hundred, however long the log is."""
        log = tmp_path / "log"
        log.write_text("".join(f"line {number} {'x' * 300}\n" for number in range(9000)))
        lines = answer(page_request(f"ErrorLog {log}", "view_log=1")).splitlines()
        assert (len(lines), lines[0][:9], lines[-1][:9]) == (100, "line 8900", "line 8999")

    def test_no_file(self) -> None:
        """A log that cannot be read says so."""
        assert "cannot be shown" in answer(page_request("ErrorLog |/bin/cat", "view_log=1"))


class TestHelpers:
    def test_buffer(self) -> None:
        """A ring of the last values."""
        ring = testhandler.bounded_buffer(3)
        assert ring.items() == []
        for number in range(8):
            ring.append(number)
        assert (ring.items(), list(ring), ring.max_size) == ([5, 6, 7], [5, 6, 7], 3)

    def test_table(self) -> None:
        """Names and values as an HTML table."""
        req = make_request()
        testhandler.write_table(req, req.headers_in)
        testhandler.write_table(req, {"<a>": "<b>"})
        text = sent(req._record).decode()
        assert text.count("<table>") == 2
        assert "none" in text and "<code>&lt;a&gt;</code></th><td><code>&lt;b&gt;</code>" in text

    def test_tree(self) -> None:
        """Four blanks for each level."""
        req = make_request()
        testhandler.write_tree(req, [("A", "b"), [("<C", "d>"), [("E", "f")]]], 1)
        assert sent(req._record) == b"    A b\n        &lt;C d&gt;\n            E f\n"


def test_process_model() -> None:
    """What the page says of threads and processes."""
    runtime.set_config(make_config("ServerLimit 4\nThreadsPerChild 7"))
    assert (testhandler._threads(), testhandler._processes()) == (
        "Yes, maximum 7 threads / process",
        "Yes, maximum 4 processes",
    )
    runtime.set_config(make_config("ServerLimit 1"))
    assert testhandler._processes() == "No (single process MPM)"
