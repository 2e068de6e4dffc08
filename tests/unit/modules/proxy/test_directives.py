"""What the proxy's directives accept and refuse."""

from __future__ import annotations

import pytest

from olexd.modules.proxy.settings import Parameters, ProxyDir
from tests.unit.support import complaint, configure

B = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ProxyPass /a", "ProxyPass requires at least two arguments when not in a Location section."),
        ("ProxyPass /a nowhere", "ProxyPass URL must be absolute!"),
        ("ProxyPass /a http://h:99999/", "ProxyPass there is no port 99999"),
        (
            "ProxyPass /a http://a b",
            "Invalid ProxyPass parameter. Parameter must be in the form 'key=value'.",
        ),
        (f"ProxyPass /a {B} timeout=0", "ProxyPass timeout must be a time of more than zero"),
        (f"ProxyPass /a {B} timeout=soon", "ProxyPass timeout has wrong format"),
        (f"ProxyPass /a {B} max=-1", "ProxyPass max must be a number"),
        (f"ProxyPass /a {B} keepalive=maybe", "ProxyPass keepalive must be On|Off"),
        (f"ProxyPass /a {B} colour=red", "ProxyPass unknown Worker parameter colour"),
        (f"ProxyPass /a {B} interpolate", "ProxyPass interpolate is not supported"),
        (f"ProxyPassMatch ( {B}", "Regex could not be compiled"),
        (
            f"<Location /a>\nProxyPass /b {B}\n</Location>",
            "ProxyPass can not have a path when defined in a location.",
        ),
        (
            f'<Directory "/a">\nProxyPass {B}\n</Directory>',
            "ProxyPass cannot occur within <Directory> section",
        ),
        ("ProxyPassReverse /a", "ProxyPassReverse needs a path when not defined in a location"),
        ("ProxyErrorOverride Maybe", "ProxyErrorOverride first parameter must be On or Off"),
        ("ProxyErrorOverride On 200", "ProxyErrorOverride: status code 200 is not an error"),
        ("ProxyTimeout 0", "ProxyTimeout must be a positive time: 0"),
        ("ProxyVia maybe", "ProxyVia must be one of: off | on | full | block"),
        ("ProxyRequests On", "ProxyRequests On is not supported: olexd is no forward proxy"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """A line that cannot be meant is refused, and the message says why."""
    assert complaint(text) == message


def test_parameters() -> None:
    """The words of ProxyPass become parameters."""
    config = configure(
        f"ProxyPass /a {B}/ timeout=5 connectiontimeout=500ms acquire=250 max=3 ttl=9 retry=0 "
        "disablereuse=on keepalive=On upgrade=WebSocket min=2 nocanon"
    )
    (mapping,) = config.main.merged()[ProxyDir].mappings
    assert mapping.raw
    assert mapping.parameters == Parameters(
        timeout=5.0,
        connect_timeout=0.5,
        acquire=0.25,
        most=3,
        idle=9.0,
        retry=0.0,
        reuse=False,
        keep_alive=True,
        upgrade="websocket",
    )


@pytest.mark.parametrize("target", ["ajp://127.0.0.1:8009/", "fcgi://127.0.0.1:9000/"])
def test_unsupported_schemes(target: str) -> None:
    """The configuration loads, and the check says which requests cannot be answered."""
    (warning,) = configure(f"ProxyPass /a {target}").warnings
    assert warning.endswith("is not supported; requests for it are answered with 501")
