"""A request's whole way: every result of every phase, failures, error documents, cleanups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from olexd.errors import ClientGone
from olexd.model.body import Body
from olexd.model.request import Request
from olexd.phases.derive import depth
from olexd.phases.hooks import Order, Phase
from olexd.phases.run import process, process_mapped
from olexd.phases.sides import to_pool, to_reactor
from olexd.phases.subrequest import internal_redirect, lookup_uri
from olexd.status import DECLINED, DONE, OK
from tests.unit.phases.support import Result, Server, Wire, error_log
from tests.unit.python_support import drive, make_record

BEFORE_CONTENT = [
    Phase.POST_READ_REQUEST,
    Phase.TRANSLATE_NAME,
    Phase.HEADER_PARSER,
    Phase.ACCESS_CHECKER,
    Phase.ACCESS_DECIDER,
    Phase.CHECK_USER_ID,
    Phase.AUTH_CHECKER,
    Phase.TYPE_CHECKER,
    Phase.FIXUPS,
]
RESPONDING = [*BEFORE_CONTENT, Phase.HANDLER]
USER_PHASES = (Phase.CHECK_USER_ID, Phase.AUTH_CHECKER)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server without hooks, with an error log."""
    return Server(f"ErrorLog {tmp_path}/error.log")


def says(text: bytes, result: int = OK) -> Callable[[Request], int]:
    """A content handler that buffers a text."""

    def call(request: Request) -> int:
        request.output.write(text, False)
        return result

    return call


def let_in(server: Server, phase: Phase) -> None:
    """Have a request come as far as `phase`: the phases of authentication only run when a user is needed."""
    if phase in USER_PHASES:
        server.answers(Phase.ACCESS_DECIDER, DECLINED)
    if phase is Phase.AUTH_CHECKER:
        server.on(Phase.CHECK_USER_ID, log_in)


def log_in(request: Request) -> int:
    request.user = "joe"
    return OK


class TestResults:
    def test_order(self, server: Server) -> None:
        """All phases run once, in order, and logging and cleanup after the response."""
        server.note_phases()
        server.on(Phase.CHECK_USER_ID, log_in)
        server.answers(Phase.AUTH_CHECKER, OK)
        server.on(Phase.HANDLER, says(b"hello"))
        result = server.get()
        assert server.ran == [phase.label for phase in Phase]
        assert (result.status, result.body) == (200, b"hello")

    def test_nobody_answers(self, server: Server) -> None:
        """Content that nobody wants to make is 404."""
        server.answers(Phase.HANDLER, DECLINED)
        assert server.get().status == 404

    @pytest.mark.parametrize("phase", RESPONDING)
    def test_done(self, server: Server, phase: Phase) -> None:
        """DONE ends the request with what it is: its status, its headers, no body."""

        def done(request: Request) -> int:
            request.status = 202
            request.headers_out["X-Kept"] = "1"
            return DONE

        let_in(server, phase)
        server.on(phase, done, Order.REALLY_FIRST)
        server.on(Phase.HANDLER, says(b"not reached"))
        result = server.get()
        assert (result.status, result.body) == (202, b"")
        assert (result.field("X-Kept"), result.field("Content-Length")) == ("1", "0")

    @pytest.mark.parametrize("phase", RESPONDING)
    @pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 418, 500, 503])
    def test_status(self, server: Server, phase: Phase, status: int) -> None:
        """A status ends the request with its page; what was prepared for success is lost."""

        def refuse(request: Request) -> int:
            request.headers_out["X-Lost"] = request.err_headers_out["X-Kept"] = "1"
            request.output.write(b"lost", False)
            return status

        let_in(server, phase)
        server.on(phase, refuse, Order.REALLY_FIRST)
        server.on(Phase.HANDLER, says(b"not reached"))
        result = server.get()
        assert result.status == status
        assert (result.field("X-Lost"), result.field("X-Kept")) == (None, "1")
        assert result.field("Content-Type") == "text/html; charset=iso-8859-1"
        assert b"<h1>" in result.body and b"lost" not in result.body and b"not reached" not in result.body

    @pytest.mark.parametrize("phase", RESPONDING)
    @pytest.mark.parametrize("code", [1, 99, 100, 101, 199, 419, 600, 999, -3])
    def test_no_status(self, server: Server, phase: Phase, code: int, tmp_path: Path) -> None:
        """A result that means nothing is 500, and the log says which it was."""
        let_in(server, phase)
        server.answers(phase, code, Order.REALLY_FIRST)
        assert server.get().status == 500
        assert f"invalid result code {code}" in error_log(tmp_path)

    @pytest.mark.parametrize("phase", BEFORE_CONTENT)
    def test_http_ok_is_no_pass(self, server: Server, phase: Phase) -> None:
        """200 is not OK: no later phase runs, and nobody is let in by it."""
        let_in(server, phase)
        server.answers(phase, 200, Order.REALLY_FIRST)
        server.on(Phase.HANDLER, says(b"secret"))
        result = server.get()
        assert (result.status, result.body) == (200, b"")

    def test_http_ok_of_content(self, server: Server, tmp_path: Path) -> None:
        """A content handler that returns 200 meant OK; the log warns."""
        server.on(Phase.HANDLER, says(b"hello", 200))
        assert server.get().body == b"hello"
        assert "HTTP_OK" in error_log(tmp_path)

    @pytest.mark.parametrize("status", [204, 304])
    def test_bodyless(self, server: Server, status: int) -> None:
        """204 and 304 keep the headers and have no body."""

        def call(request: Request) -> int:
            request.headers_out["X-Kept"] = "1"
            request.output.write(b"dropped", False)
            return status

        server.on(Phase.HANDLER, call)
        result = server.get()
        assert (result.status, result.field("X-Kept"), result.body) == (status, "1", b"")

    def test_status_and_ok(self, server: Server) -> None:
        """A handler that sets the status and returns OK is answered as it wrote it, without a page."""

        def call(request: Request) -> int:
            request.status = 404
            request.output.write(b"own page", False)
            return OK

        server.on(Phase.HANDLER, call)
        result = server.get()
        assert (result.status, result.body) == (404, b"own page")

    def test_status_line_is_forgotten(self, server: Server) -> None:
        """The returned code counts, not the status that was prepared."""

        def call(request: Request) -> int:
            request.status, request.status_line = 299, "299 Custom"
            return 404

        server.on(Phase.HANDLER, call)
        assert server.get().sent.startswith(b"HTTP/1.1 404 Not Found\r\n")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_location(self, server: Server, status: int) -> None:
        """A redirect keeps its Location, escaped in the page."""

        def call(request: Request) -> int:
            request.headers_out["Location"] = '/"><script>'
            return status

        server.on(Phase.HANDLER, call)
        result = server.get()
        assert result.field("Location") == '/"><script>'
        assert b"<script>" not in result.body

    def test_committed_already(self, server: Server) -> None:
        """An error after commitment is appended; the head stays as it went out."""

        def call(request: Request) -> int:
            request.output.write(b"begun", True)
            return 500

        server.on(Phase.HANDLER, call)
        result = server.get()
        assert result.status == 200
        assert b"begun" in result.body and b"Internal Server Error" in result.body
        assert result.body.endswith(b"0\r\n\r\n")

    def test_refusal(self, server: Server) -> None:
        """A request that cannot be looked at runs no phase but logging and cleanup."""
        server.note_phases()
        assert server.get(refusal=400).status == 400
        assert server.ran == ["response_head", "log_transaction", "cleanup"]

    def test_head(self, server: Server) -> None:
        """HEAD runs like GET and has no body, error pages included."""
        server.answers(Phase.HANDLER, 404)
        result = server.get(method="HEAD")
        assert (result.status, result.body) == (404, b"")


class TestFailures:
    @pytest.mark.parametrize("phase", RESPONDING)
    @pytest.mark.parametrize("error", [RuntimeError("secret reason"), AssertionError(), ValueError("x")])
    def test_never_a_pass(self, server: Server, phase: Phase, error: Exception, tmp_path: Path) -> None:
        """An exception in any phase is 500: the content is not reached, the reason is in the log only."""

        def fail(request: Request) -> int:
            raise error

        let_in(server, phase)
        server.on(phase, fail, Order.REALLY_FIRST)
        server.on(Phase.HANDLER, says(b"content"))
        result = server.get()
        assert result.status == 500
        assert b"content" not in result.body and b"secret reason" not in result.body
        assert "Traceback" in error_log(tmp_path)

    def test_buffered_output_is_dropped(self, server: Server) -> None:
        """What a failing handler had prepared does not go out."""

        def fail(request: Request) -> int:
            request.headers_out["X-Lost"] = "1"
            request.output.write(b"lost", False)
            raise RuntimeError

        server.on(Phase.HANDLER, fail)
        result = server.get()
        assert (result.status, result.field("X-Lost"), b"lost" in result.body) == (500, None, False)

    @pytest.mark.parametrize("table", ["headers_out", "err_headers_out"])
    def test_header_that_cannot_be_sent(self, server: Server, table: str) -> None:
        """A response whose head cannot be sent is a 500 without that header."""

        def evil(request: Request) -> int:
            getattr(request, table)["X-Evil"] = "a\r\nSet-Cookie: b"
            return OK

        server.on(Phase.HANDLER, evil)
        result = server.get()
        assert result.status == 500
        assert b"Set-Cookie" not in result.sent

    def test_header_of_an_error_document(self, server: Server) -> None:
        """The same when it is the error document's: the page of the first error says so."""

        def evil(request: Request) -> int:
            if request.uri == "/":
                return 404
            request.headers_out["X-Evil"] = "a\nb"
            return OK

        server.config += "\nErrorDocument 404 /page"
        server.on(Phase.HANDLER, evil)
        result = server.get()
        assert result.status == 404
        assert b"500 Internal Server Error" in result.body
        assert b"X-Evil" not in result.sent

    def test_client_gone(self, server: Server, tmp_path: Path) -> None:
        """A client that left is no failure: nothing is sent, the phases after the response run."""

        def gone(request: Request) -> int:
            raise ClientGone("Write failed, client closed connection.")

        server.on(Phase.HANDLER, gone)
        server.note_phases()
        server.answers(Phase.ACCESS_DECIDER, OK)
        result = server.get()
        assert result.sent == b""
        assert result.record.connection.aborted
        assert not result.record.output.persist
        assert server.ran[-2:] == ["log_transaction", "cleanup"]
        assert "Traceback" not in error_log(tmp_path)

    def test_error_page_to_a_client_that_left(self, server: Server) -> None:
        """When not even the error page can be sent, the connection is given up."""

        def fail(request: Request) -> int:
            wire.gone = True
            raise RuntimeError

        server.on(Phase.HANDLER, fail)
        wire = Wire()
        record = server.get().record
        record.output = type(record.output)(record, wire)  # type: ignore[arg-type]
        result = server.serve(record, wire)
        assert result.sent == b""
        assert not record.output.persist

    def test_log_and_cleanup_failures(self, server: Server, tmp_path: Path) -> None:
        """A failing log or cleanup hook keeps no other from running and does not touch the response."""

        def fail(request: Request) -> int:
            raise LookupError(f"in {server.ran[-1]}")

        server.note_phases()
        server.answers(Phase.ACCESS_DECIDER, OK)
        for phase in (Phase.LOG_TRANSACTION, Phase.CLEANUP):
            server.on(phase, fail, Order.FIRST)
            server.on(phase, lambda request: server.ran.append("after") or OK, Order.LAST)  # type: ignore[func-returns-value]
        server.on(Phase.HANDLER, says(b"fine"))
        assert server.get().body == b"fine"
        assert server.ran[-4:] == ["log_transaction", "after", "cleanup", "after"]
        assert "in log_transaction" in error_log(tmp_path)


class TestLateErrors:
    @pytest.mark.parametrize("document", ["default", '"own text"', "/page"])
    @pytest.mark.parametrize("status", [404, 500])
    def test_promised_length(self, server: Server, document: str, status: int) -> None:
        """Nothing of the error gets among the bytes that were promised: some are seen to be missing."""
        server.config += f"\nErrorDocument {status} {document}"

        def content(request: Request) -> int:
            request.headers_out["Content-Length"] = "20"
            request.output.write(b"as promised", True)
            return status

        server.on(Phase.HANDLER, content)
        result = server.get()
        assert (result.field("Content-Length"), result.body) == ("20", b"as promised")
        assert not result.record.output.persist


class TestErrorDocuments:
    def answer(self, server: Server, document: str, status: int = 404, **details: Any) -> Result:
        """Serve / with this ErrorDocument; /page tells what it was given."""
        server.config += f"\nErrorDocument {status} {document}"

        def content(request: Request) -> int:
            if request.uri == "/":
                return status
            request.content_type = "text/plain"
            request.output.write(f"{request.method} {request.uri}?{request.args}".encode(), False)
            return OK

        server.on(Phase.HANDLER, content)
        return server.get(**details)

    def test_local_path(self, server: Server) -> None:
        """A path of the site answers, with the error's status."""
        result = self.answer(server, "/page")
        assert (result.status, result.body) == (404, b"GET /page?None")

    def test_query(self, server: Server) -> None:
        """It may have a query of its own."""
        assert self.answer(server, "/page?a=b").body == b"GET /page?a=b"

    def test_post_becomes_get(self, server: Server) -> None:
        """The page is always got."""
        assert self.answer(server, "/page", method="POST").body == b"GET /page?None"

    def test_head_has_no_body(self, server: Server) -> None:
        """The answer to HEAD has no body, whatever the page writes."""
        result = self.answer(server, "/page", method="HEAD")
        assert (result.status, result.body) == (404, b"")
        assert result.record.next is not None
        assert result.record.next.header_only

    def test_environment(self, server: Server) -> None:
        """The page learns what happened."""

        def set_variables(request: Request) -> int:
            request.user = "joe"
            request.subprocess_env["UNIQUE"] = "1"
            return DECLINED

        server.on(Phase.HANDLER, set_variables, Order.FIRST)
        result = self.answer(server, "/page", status=403, args="x=y", method="POST")
        page = result.record.next
        assert page is not None
        assert page.prev is result.record
        expected = {
            "REDIRECT_STATUS": "403",
            "REDIRECT_REQUEST_METHOD": "POST",
            "REDIRECT_REMOTE_USER": "joe",
            "REDIRECT_UNIQUE": "1",
        }
        assert {name: page.subprocess_env.get(name) for name in expected} == expected

    @pytest.mark.parametrize(
        ("document", "text"),
        [
            ('"Nothing here"', b"Nothing here"),
            ("Nothing", b"Nothing"),
            ('"<b>&amp;</b> \N{LATIN SMALL LETTER E WITH ACUTE}"', b"<b>&amp;</b> \xe9"),
        ],
    )
    def test_text(self, server: Server, document: str, text: bytes) -> None:
        """A text is the page."""
        result = self.answer(server, document)
        assert (result.status, result.body) == (404, text)
        assert result.field("Content-Type") == "text/html; charset=iso-8859-1"

    def test_elsewhere(self, server: Server) -> None:
        """A full URL is a redirect there."""
        result = self.answer(server, "https://other.example/sorry")
        assert (result.status, result.field("Location")) == (302, "https://other.example/sorry")

    def test_elsewhere_is_no_answer_to_401(self, server: Server) -> None:
        """A browser that is sent elsewhere would never ask for the password."""
        result = self.answer(server, "https://other.example/sorry", status=401)
        assert (result.status, result.field("Location")) == (401, None)

    def test_default(self, server: Server) -> None:
        """`default` is the built-in page."""
        assert b"<h1>Not Found</h1>" in self.answer(server, "default").body

    def test_own_page_is_not_replaced(self, server: Server) -> None:
        """A handler that wrote its own error page keeps it."""
        server.config += "\nErrorDocument 404 /page"

        def call(request: Request) -> int:
            request.status = 404
            request.output.write(b"own", False)
            return OK

        server.on(Phase.HANDLER, call)
        assert server.get().body == b"own"

    @pytest.mark.parametrize("second", [404, 403, 500, 999])
    def test_that_fails_itself(self, server: Server, second: int) -> None:
        """When the page fails, the built-in page of the first error says so."""
        server.config += "\nErrorDocument 404 /page\nErrorDocument 403 /page\nErrorDocument 500 /page"
        server.on(Phase.HANDLER, lambda request: 404 if request.uri == "/" else second)
        result = server.get()
        assert result.status == 404
        assert str(second if second != 999 else 500).encode() in result.body
        assert result.record.next is not None
        assert result.record.next.next is None

    def test_cannot_be_reached(self, server: Server) -> None:
        """The page is subject to access control like every other."""
        server.config += "\nErrorDocument 404 /page"
        server.on(Phase.ACCESS_CHECKER, lambda request: 403 if request.uri == "/page" else OK)
        server.on(Phase.HANDLER, lambda request: 404 if request.uri == "/" else says(b"secret")(request))
        result = server.get()
        assert (result.status, b"secret" in result.body) == (404, False)


class TestRedirects:
    def chain(self, server: Server) -> list[int]:
        """Have /N redirect to /N+1 without end; the list gets the depth of each request."""
        depths: list[int] = []

        async def content(request: Request) -> int:
            depths.append(depth(request)[0])
            await internal_redirect(request, f"/{int(request.uri[1:]) + 1}")
            return OK

        server.on(Phase.HANDLER, content)
        return depths

    def test_answers_in_place(self, server: Server) -> None:
        """The other path answers: its status, its headers; the first one's buffered body is dropped."""

        async def content(request: Request) -> int:
            if request.uri == "/":
                request.output.write(b"dropped", False)
                request.headers_out["X-First"] = request.err_headers_out["X-Always"] = "1"
                await internal_redirect(request, "/other?a=b")
                request.output.write(b"too late", True)
                return OK
            request.status = 201
            request.output.write(f"{request.method} {request.uri} {request.args}".encode(), False)
            return OK

        server.on(Phase.HANDLER, content)
        result = server.get(method="POST")
        assert (result.status, result.body) == (201, b"POST /other a=b")
        assert (result.field("X-First"), result.field("X-Always")) == (None, "1")

    def test_depth(self, server: Server, tmp_path: Path) -> None:
        """Redirects without end become a 500."""
        depths = self.chain(server)
        result = server.get("/0")
        assert result.status == 500
        assert depths == list(range(11))

    def test_depth_is_configured(self, server: Server, tmp_path: Path) -> None:
        """As many redirects as LimitInternalRecursion says."""
        server.config += "\nLimitInternalRecursion 3"
        depths = self.chain(server)
        assert server.get("/0").status == 500
        assert depths == list(range(4))

    def test_depth_of_look_ups(self, server: Server, tmp_path: Path) -> None:
        """A look-up that looks itself up without end comes to a 500."""
        server.config += "\nLimitInternalRecursion 10 3"
        results: list[int] = []

        async def look(request: Request) -> int:
            results.append((await lookup_uri(request, "/again")).status)
            return OK

        server.on(Phase.FIXUPS, look)
        server.get("/")
        assert results == [500, 200, 200, 200]

    def test_access_is_checked_anew(self, server: Server) -> None:
        """A redirect is no way around access control."""
        server.on(Phase.ACCESS_CHECKER, lambda request: 403 if request.uri == "/secret" else OK)

        async def content(request: Request) -> int:
            if request.uri == "/secret":
                return says(b"secret")(request)
            await internal_redirect(request, "/secret")
            return OK

        server.on(Phase.HANDLER, content)
        result = server.get()
        assert (result.status, b"secret" in result.body) == (403, False)

    def test_lookup(self, server: Server) -> None:
        """A look-up runs the phases up to the fixups, says the status, and sends nothing."""
        server.note_phases()
        server.answers(Phase.ACCESS_DECIDER, OK)
        server.on(Phase.ACCESS_CHECKER, lambda request: 403 if request.uri == "/dir/secret" else OK)
        found: list[tuple[str, int, bool]] = []

        async def content(request: Request) -> int:
            for name in ("secret", "/dir/open"):
                looked = await lookup_uri(request, name)
                found.append((looked.uri, looked.status, looked.main is request))
            return OK

        server.on(Phase.HANDLER, content)
        result = server.get("/dir/page")
        assert found == [("/dir/secret", 403, True), ("/dir/open", 200, True)]
        assert (result.status, result.body) == (200, b"")
        assert server.ran.count("handler") == 1


class TestCleanups:
    def test_newest_first(self, server: Server) -> None:
        """Cleanups run after the log hooks, newest first, then the cleanup hooks."""
        ran = server.ran

        def content(request: Request) -> int:
            request.cleanups.append(lambda: ran.append("old"))
            request.cleanups.append(lambda: ran.append("new"))
            return OK

        server.on(Phase.HANDLER, content)
        for phase in (Phase.LOG_TRANSACTION, Phase.CLEANUP):
            server.on(phase, lambda request, phase=phase: ran.append(phase.label) or OK)  # type: ignore[misc,func-returns-value]
        result = server.get()
        assert ran == ["log_transaction", "new", "old", "cleanup"]
        assert result.record.cleanups == []

    def test_registered_by_a_cleanup_hook(self, server: Server) -> None:
        """What a cleanup or a cleanup hook registers runs, too."""
        ran: list[str] = []

        def hook(request: Request) -> int:
            ran.append("hook")
            request.cleanups.append(lambda: ran.append("of hook"))
            return OK

        def content(request: Request) -> int:
            request.cleanups.append(lambda: request.cleanups.append(lambda: ran.append("of cleanup")))
            return OK

        server.on(Phase.HANDLER, content)
        server.on(Phase.CLEANUP, hook)
        server.get()
        assert ran == ["of cleanup", "hook", "of hook"]

    def test_failure(self, server: Server, tmp_path: Path) -> None:
        """A failing cleanup is logged and stops no other."""

        def fail() -> None:
            raise LookupError("lost")

        def content(request: Request) -> int:
            request.cleanups += [lambda: server.ran.append("done"), fail]
            return OK

        server.on(Phase.HANDLER, content)
        assert server.get().status == 200
        assert server.ran == ["done"]
        assert "LookupError: lost" in error_log(tmp_path)

    @pytest.mark.parametrize("code", [404, None])
    def test_whatever_happened(self, server: Server, code: int | None) -> None:
        """Cleanups run after errors and exceptions too."""

        def content(request: Request) -> int:
            request.cleanups.append(lambda: server.ran.append("done"))
            if code is None:
                raise RuntimeError
            return code

        server.on(Phase.HANDLER, content)
        server.get()
        assert server.ran == ["done"]

    def test_redirected(self, server: Server) -> None:
        """Those of all requests of a chain run, the last one's first."""
        server.config += "\nErrorDocument 404 /page"

        def content(request: Request) -> int:
            request.cleanups.append(lambda: server.ran.append(request.uri))
            return 404 if request.uri == "/" else OK

        server.on(Phase.HANDLER, content)
        server.get()
        assert server.ran == ["/page", "/"]


class TestSides:
    def test_hops(self) -> None:
        """A request is only moved when it is not where it is to be."""
        record = make_record()
        record.connection.on_reactor = True

        async def hops() -> int:
            for hop in (to_reactor, to_pool, to_pool, to_reactor, to_reactor):
                await hop(record)
            return OK

        seen: list[object] = []
        drive(record, hops(), seen)  # type: ignore[arg-type]
        assert [str(side) for side in seen] == ["Side.POOL", "Side.REACTOR"]


class TestBodies:
    @pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
    def test_declared(self, server: Server, size: int, status: int) -> None:
        """A declared body beyond the limit is refused before the handler, however much has arrived."""
        server.config += "\nLimitRequestBody 10"
        server.on(Phase.HANDLER, says(b"fine"))
        assert server.get(method="POST", body=b"x" * size).status == status

    @pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
    @pytest.mark.parametrize("complete", [True, False])
    def test_chunked(self, server: Server, size: int, status: int, complete: bool) -> None:
        """The same for a chunked one, of which more than the limit has come already."""
        server.config += "\nLimitRequestBody 10"
        server.on(Phase.HANDLER, says(b"fine"))

        def arrive(request: Request) -> int:
            body = request.body = Body(None, None)
            body.feed(b"x" * size)
            if complete:
                body.finish()
            return OK

        server.on(Phase.POST_READ_REQUEST, arrive)
        assert server.get(method="POST").status == status


@pytest.mark.parametrize(
    ("target", "early"),
    [
        ("/a//b/../c?q", "/a//b/../c"),
        ("http://site.test/a//b/../c?q", "/a//b/../c"),
        ("http://site.test?/q", "/a/c"),
        ("*", "/a/c"),
    ],
)
def test_the_path_as_it_was_sent(server: Server, target: str, early: str) -> None:
    """The first phase finds the path as it was sent, later ones as it was settled."""
    seen: list[str] = []
    for phase in (Phase.POST_READ_REQUEST, Phase.TRANSLATE_NAME):
        server.on(phase, lambda request: seen.append(request.uri) or DECLINED)  # type: ignore[func-returns-value]
    record = make_record(server.config, uri="/a/c")
    record.unparsed_uri = target
    record.phases = server.get().record.phases
    del seen[:]
    drive(record, process(record))
    assert seen == [early, "/a/c"]


def test_settings_of_a_location_reach_the_handler(server: Server) -> None:
    """SetHandler of a Location names the handler, whatever an early phase chose."""
    server.config += "\n<Location /a>\nSetHandler Mod_Python\n</Location>"
    for uri, chosen, expected in (
        ("/a", None, "mod_python"),
        ("/a", "own", "mod_python"),
        ("/b", "own", "own"),
        ("/b", None, None),
    ):
        record = make_record(server.config, uri=uri)
        record.handler = chosen
        record.phases = server.get().record.phases
        assert drive(record, process_mapped(record)) == OK
        assert record.handler == expected


class TestFilledIn:
    def test_markup(self, server: Server) -> None:
        """What a client sent does not become markup in the site's own error text."""
        server.config = 'ErrorDocument 404 "<b>no %{QUERY_STRING} %{req:X}</b>"'
        result = server.get("/x", args="<script>", headers=[(b"X", b"<i>")])
        assert result.body == b"<b>no &lt;script&gt; &lt;i&gt;</b>"

    def test_addresses(self, server: Server) -> None:
        """In an address it stays what it is."""
        server.config = 'ErrorDocument 404 "http://elsewhere.test/?a&b=%{REQUEST_METHOD}"'
        result = server.get("/x")
        assert (result.status, result.field("Location")) == (302, "http://elsewhere.test/?a&b=GET")
