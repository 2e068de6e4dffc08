"""olexd as the one whom a front asks who may pass, as nginx does with auth_request."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.integration.servers import REPOSITORY, Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Response, Wire
from tests.parity.runner.case import basic

PAGE = (REPOSITORY / "docs" / "proxy.md").read_text()
SECTION = PAGE[PAGE.index("## When another server asks") :]


def documented(language: str) -> str:
    """Return the first example in a language of the page's section."""
    found = re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the example of the documentation."""
    directory = tmp_path_factory.mktemp("asked")
    (directory / "accounts.py").write_text(documented("python"))
    port = free_port()
    text = base_config(directory, port, ("python",)) + f"PythonPath \"['{directory}'] + sys.path\"\n"
    with Olexd(text + documented("apache"), directory, port) as server:
        yield server


def ask(server: RunningServer, uri: str, *fields: str) -> Response:
    """Return the answer to the front's question about a URL."""
    with Wire(server) as wire:
        wire.get("/allowed", f"X-Original-URI: {uri}", *fields)
        return wire.head()


def test_who_may_pass(server: RunningServer) -> None:
    """204 and the user's name; the front serves the content."""
    response = ask(server, "/report?x=y", basic("joe", "secret"))
    assert (response.status, response.fields["x-remote-user"]) == (204, "joe")


def test_who_has_to_log_in(server: RunningServer) -> None:
    """401 and what the browser needs to ask."""
    for fields in ((), (basic("joe", "wrong"),)):
        response = ask(server, "/report", *fields)
        assert response.status == 401
        assert response.fields["www-authenticate"] == 'Basic realm="Staff"'
        assert "x-remote-user" not in response.fields


@pytest.mark.parametrize(
    "uri", ["/admin/x", "/%61dmin/x", "/x/../admin/x", "//admin/x", "/admin", "/x/%2e%2e/admin/"]
)
def test_who_may_not(server: RunningServer, uri: str) -> None:
    """403, however the path is spelled."""
    assert ask(server, uri, basic("joe", "secret")).status == 403
    assert ask(server, uri, basic("ann", "secret")).status == 204


def test_a_question_about_nothing(server: RunningServer) -> None:
    """Who does not say what he wants is refused."""
    with Wire(server) as wire:
        wire.get("/allowed", basic("joe", "secret"))
        assert wire.read().status == 403
