"""What programs and handlers are told of a request: credentials, targets, redirects."""

from __future__ import annotations

from olexd.model.cgi_env import Variables, cgi_variables
from olexd.phases.derive import follow
from olexd.phases.walk import location_walk
from tests.unit.support import configure, make_request

CREDENTIALS = (("Authorization", "Basic abc"), ("Proxy-Authorization", "Basic xyz"), ("Proxy", "evil"))


def told(config: str, target: str = "/x?a=b") -> Variables:
    """Return what a request is told whose settings are those of its Location."""
    request = make_request(configure(config), target, headers=CREDENTIALS)
    location_walk(request)
    return cgi_variables(request)


def test_credentials_are_kept_back() -> None:
    """Nobody sees a password by default; `Proxy` never becomes HTTP_PROXY."""
    assert not {"HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION", "HTTP_PROXY"} & told("").keys()


def test_credentials_where_they_are_passed() -> None:
    """CGIPassAuth tells them where it says so, and nowhere else."""
    config = "<Location /x>\nCGIPassAuth On\n</Location>"
    found = told(config)
    assert (found["HTTP_AUTHORIZATION"], found["HTTP_PROXY_AUTHORIZATION"]) == ("Basic abc", "Basic xyz")
    assert "HTTP_PROXY" not in found and "HTTP_AUTHORIZATION" not in told(config, "/y")


def test_urls_of_redirects() -> None:
    """QualifyRedirectURL makes REDIRECT_URL a whole URL with its query."""

    def redirected(config: str) -> str | None:
        return cgi_variables(follow(make_request(configure(config), "/x?a=b"), "/y"))["REDIRECT_URL"]

    assert redirected("") == "/x"
    assert redirected("QualifyRedirectURL On") == "http://localhost/x?a=b"
