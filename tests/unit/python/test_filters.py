"""Python filters: how their functions are called, and what happens when they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from olexd.errors import BadRequest, ClientGone
from olexd.model import runtime
from olexd.model.body import READAHEAD
from olexd.model.request import Request
from olexd.phases.run import serve
from tests.unit.python_support import full_body
from tests.unit.support import Response, answer, configure, drive, make_request

MODULE = """
from mod_python import apache

def upper(filter):
    data = filter.read()
    while data:
        filter.write(data.upper())
        data = filter.read()
    if data is None:
        filter.close()

def handler(req):
    req.content_type = 'text/plain'
    {handler}
    return apache.OK
"""


class Site:
    """A directory with a module of handlers and filters, and the site's log."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def request(
        self, handler: str, filters: str = "", config: str = "", method: str = "GET", body: bytes = b""
    ) -> Request:
        """Return a request for a handler with this statement; `filters` are further definitions."""
        (self.directory / "site.py").write_text(MODULE.format(handler=handler) + filters)
        configuration = configure(
            f'ErrorLog "{self.directory}/log"\nPythonPath "[\'{self.directory}\']"\n'
            f"PythonInterpreter {self.directory.name}\n"
            "PythonOutputFilter site::upper UP\nPythonOutputFilter site::mine MINE\n"
            "PythonInputFilter site::upper UP\nPythonInputFilter site::mine MINE\n"
            f"<Location />\nSetHandler mod_python\nPythonHandler site\n{config}\n</Location>",
            self.directory,
        )
        runtime.set_config(configuration)
        request = make_request(configuration, "/", method)
        request.body = full_body(body)
        return request

    def answer(self, handler: str, filters: str = "", config: str = "", **more: Any) -> Response:
        """Return the answer of such a request."""
        return answer(self.request(handler, filters, config, **more))

    @property
    def log(self) -> str:
        """What stands in the error log."""
        path = self.directory / "log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


class TestOutput:
    def test_filters_what_a_handler_writes(self, site: Site) -> None:
        """SetOutputFilter puts a Python filter behind a handler."""
        response = site.answer("req.write('text', 0)", config="SetOutputFilter up")
        assert (response.status, response.body, response.fields["content-length"]) == (200, b"TEXT", "4")

    def test_forgotten_close(self, site: Site) -> None:
        """A filter that never closes does not keep the client waiting."""
        filters = "def mine(filter):\n    filter.write(filter.read() or b'')\n"
        response = site.answer("req.write('text', 0)", filters, "SetOutputFilter MINE")
        assert response.body == b"4\r\ntext\r\n0\r\n\r\n"

    def test_state_is_kept_on_the_request(self, site: Site) -> None:
        """Each invocation gets a new filter object, with the same request."""
        filters = (
            "def mine(filter):\n"
            "    filter.req.seen = getattr(filter.req, 'seen', []) + [filter]\n"
            "    if filter.read() is None:\n"
            "        filter.write(str(len({id(one) for one in filter.req.seen})))\n"
        )
        response = site.answer("req.write('a'); req.write('b')", filters, "SetOutputFilter MINE")
        assert response.body.startswith(b"1\r\n3\r\n")

    def test_registered_by_a_handler(self, site: Site) -> None:
        """register_output_filter() gives a name, add_output_filter() activates it: as `mod_python`."""
        filters = (
            "def mine(filter):\n    filter.write(repr((filter.name, filter.handler, filter.dir)))\n"
            "    filter.close()\n"
        )
        response = site.answer(
            "req.register_output_filter('Own', 'site::mine', '/somewhere'); req.add_output_filter('oWN'); "
            "req.write('x', 0)",
            filters,
        )
        assert response.body == b"('mod_python', 'site::mine', '/somewhere/')"

    def test_registered_arguments(self, site: Site) -> None:
        """Names, handlers and directories are text."""
        response = site.answer(
            "try: req.register_output_filter('x', len)\n    except TypeError as e: req.write(str(e), 0)"
        )
        assert response.body.startswith(b"argument 2 must be str")

    def test_ranges(self, site: Site) -> None:
        """A range is cut out of what the filter makes, not of what it gets."""
        request = site.request("req.write('0123456789', 0)", config="SetOutputFilter UP")
        request.header_lines = [(b"Range", b"bytes=2-4")]
        assert answer(request).status == 206

    def test_coroutine_handlers(self, site: Site) -> None:
        """The end of a coroutine's response is filtered on a pool thread, where filters may block."""
        filters = (
            "def mine(filter):\n    filter.write(filter.read() and repr(filter.req._record.on_reactor))\n"
        )
        request = site.request("req.write('x', 0)", filters, "SetOutputFilter MINE")
        module = site.directory / "site.py"
        module.write_text(module.read_text().replace("def handler", "async def handler"))
        assert answer(request).body.startswith(b"5\r\nFalse")


class TestFailures:
    RAISES = "def mine(filter):\n    filter.write('lost')\n    raise ValueError('in a filter')\n"

    def test_is_left_out_afterwards(self, site: Site) -> None:
        """The block in hand is lost, the rest passes, the log has the traceback."""
        response = site.answer("req.write('one'); req.write('two')", self.RAISES, "SetOutputFilter MINE")
        assert (response.status, response.body) == (200, b"3\r\ntwo\r\n0\r\n\r\n")
        assert "mine site::mine: ValueError: in a filter" in site.log

    def test_nothing_to_answer_with(self, site: Site) -> None:
        """When the lost block was the whole response, the answer is an error, not an empty page."""
        response = site.answer("req.write('one', 0)", self.RAISES, "SetOutputFilter MINE")
        assert response.status == 500
        assert site.log.count("ValueError: in a filter") == 1
        assert "unexpected failure" not in site.log

    def test_system_exit(self, site: Site) -> None:
        """Not even SystemExit in a filter ends the server."""
        filters = "def mine(filter):\n    raise SystemExit(3)\n"
        response = site.answer("req.write('one'); req.write('two')", filters, "SetOutputFilter MINE")
        assert response.body == b"3\r\ntwo\r\n0\r\n\r\n"

    def test_debug_page(self, site: Site) -> None:
        """PythonDebug shows the traceback behind what the filter had written."""
        response = site.answer("req.write('one', 0)", self.RAISES, "SetOutputFilter MINE\nPythonDebug On")
        assert response.status == 500 and response.fields["content-type"] == "text/html"
        assert b'lost\n<pre>\nMod_python error: "mine site::mine"' in response.body

    def test_coroutines_are_refused(self, site: Site) -> None:
        """A filter has nobody to wait for it."""
        filters = "async def mine(filter):\n    pass\n"
        assert site.answer("req.write('one', 0)", filters, "SetOutputFilter MINE").status == 500
        assert "a filter cannot be a coroutine function" in site.log

    def test_client_that_left(self, site: Site) -> None:
        """A client that leaves is no failure of the filter."""

        def send(parts: object) -> None:
            raise ClientGone("gone")

        request = site.request("req.write('one')", config="SetOutputFilter UP")
        cast(Any, request.output)._writer.send = send
        drive(request, serve(request))
        assert "PythonHandler site: olexd.errors.ClientGone: gone" in site.log
        assert "up site::upper" not in site.log

    def test_declared_elsewhere(self, site: Site) -> None:
        """A filter that has a meaning in another place only keeps everything back."""
        request = site.request("req.write('secret', 0)")
        configuration = configure(
            f'ErrorLog "{site.directory}/log"\nPythonPath "[\'{site.directory}\']"\n'
            "<Location /other>\nPythonOutputFilter site::upper CENSOR\n</Location>\n"
            "<Location />\nSetHandler mod_python\nPythonHandler site\nSetOutputFilter CENSOR\n</Location>"
        )
        assert request is not None
        response = answer(make_request(configuration))
        assert response.status == 500 and b"secret" not in response.body
        assert "python_filter: Could not find registered filter." in site.log


class TestInput:
    READS = "req.write(repr(req.read()), 0)"

    def read(self, site: Site, filters: str = "", name: str = "MINE", statement: str = READS) -> bytes:
        config = f"SetInputFilter {name}"
        return site.answer(statement, filters, config, method="POST", body=b"some text").body

    def test_filters_what_a_handler_reads(self, site: Site) -> None:
        """SetInputFilter puts a Python filter between a body and its reader."""
        assert self.read(site, name="UP") == b"b'SOME TEXT'"

    def test_excess_is_kept(self, site: Site) -> None:
        """What a filter writes beyond what was asked for is there for the next read."""
        statement = "req.write(repr([req.read(4), req.read(4), req.read()]), 0)"
        assert self.read(site, name="UP", statement=statement) == b"[b'SOME', b' TEX', b'T']"

    def test_forgotten_close(self, site: Site) -> None:
        """The body ends when what is upstream does."""
        filters = "def mine(filter):\n    filter.write(filter.read() or b'')\n"
        assert self.read(site, filters) == b"b'some text'"

    def test_what_is_not_read_is_not_lost(self, site: Site) -> None:
        """The next invocation gets what this one left."""
        filters = "def mine(filter):\n    filter.write((filter.read(2) or b'') + b'|')\n"
        assert self.read(site, filters) == b"b'so|me| t|ex|t|'"

    def test_disabled(self, site: Site) -> None:
        """A filter that takes itself out leaves what it did not read to the handler."""
        filters = "def mine(filter):\n    filter.write(filter.read(4).upper())\n    filter.disable()\n"
        assert self.read(site, filters) == b"b'SOME text'"

    def test_unreadable_body(self, site: Site) -> None:
        """What is wrong with the body is the handler's affair, whatever the filter makes of it."""
        request = site.request("req.write(repr(req.read()), 0)", "", "SetInputFilter UP", "POST", b"text")
        request.body.fail(BadRequest(413, "too long"))
        request.body.complete = False
        assert answer(request).status == 413

    def test_stands_still(self, site: Site) -> None:
        """A filter that neither reads nor writes is left out instead of being asked for ever."""
        assert self.read(site, "def mine(filter):\n    pass\n") == b"b'some text'"
        assert "neither reads nor writes" in site.log

    def test_failure(self, site: Site) -> None:
        """The block in hand is lost, the rest passes."""
        filters = "def mine(filter):\n    filter.read(4)\n    raise ValueError('in a filter')\n"
        statement = "req.write(repr([len(req.read(4)), len(req.read())]), 0)"
        response = site.answer(
            statement, filters, "SetInputFilter MINE", method="POST", body=b"x" * (READAHEAD + 10)
        )
        assert response.body == b"[4, 6]"
        assert "mine site::mine: ValueError: in a filter" in site.log

    def test_unread_body(self, site: Site) -> None:
        """A filter sees a body that no handler reads."""
        filters = "def mine(filter):\n    filter.req.log_error('seen %r' % filter.read())\n"
        assert self.read(site, filters, statement="req.write('x', 0)") == b"x"
        assert "seen b'some text'" in site.log
