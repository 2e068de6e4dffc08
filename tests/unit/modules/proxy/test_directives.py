"""What the proxy's directives accept and refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from olexd.modules.proxy.balancer import balancer_conf, told_parameters
from olexd.modules.proxy.settings import Balancing, Member, Parameters, ProxyDir
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
        ("BalancerMember http://a:1", "BalancerMember needs a balancer and a URL"),
        ("<Proxy http://a>\nBalancerMember http://b\n</Proxy>", "BalancerMember needs a balancer and a URL"),
        (
            "<Location /x>\nBalancerMember http://b\n</Location>",
            "BalancerMember cannot occur within <Location> section",
        ),
        ("BalancerMember balancer://a nowhere", "BalancerMember URL must be absolute!"),
        (
            "BalancerMember balancer://a http://b loadfactor=0",
            "BalancerMember loadfactor must be a number between 1..100",
        ),
        (
            "BalancerMember balancer://a http://b loadfactor=x",
            "BalancerMember loadfactor must be a number between 1..100",
        ),
        ("BalancerMember balancer://a http://b lbset=x", "BalancerMember lbset must be a number"),
        ("BalancerMember balancer://a http://b status=+X", "BalancerMember status has the unknown letter X"),
        (
            "BalancerMember balancer://a http://b lbmethod=x",
            "BalancerMember unknown Worker parameter lbmethod",
        ),
        (
            "ProxySet balancer://a lbmethod=random",
            "ProxySet lbmethod must be one of byrequests, bytraffic, bybusyness",
        ),
        (
            "ProxySet balancer://a stickysessionsep=ab",
            "ProxySet stickysessionsep must be a single character or Off",
        ),
        (
            "ProxySet balancer://a failonstatus=5xx",
            "ProxySet failonstatus must be a number",
        ),
        (
            "ProxySet balancer://a failonstatus=999",
            "ProxySet failonstatus must be one or more response codes, with commas between them",
        ),
        (
            "ProxySet balancer://a connectiontimeout=5",
            "ProxySet unknown Balancer parameter connectiontimeout",
        ),
        ("ProxySet http://a nofailover=On", "ProxySet unknown Worker parameter nofailover"),
        (
            "ProxySet http://a timeout",
            "Invalid ProxySet parameter. Parameter must be in the form 'key=value'.",
        ),
        ("<Proxy *>\nProxySet timeout=5\n</Proxy>", "ProxySet URL must be absolute!"),
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


def test_balancers() -> None:
    """Members and settings are gathered from wherever they stand, for the host and for virtual hosts."""
    config = configure(
        "<Proxy BALANCER://One>\nBalancerMember http://a:1/x/ loadfactor=2.5 route=r lbset=3 status=+DH-D "
        "timeout=5\n"
        "ProxySet stickysession=c|p maxattempts=2 failonstatus=500,503 scolonpathdelim=On\n</Proxy>\n"
        "<VirtualHost *:1>\nBalancerMember balancer://one http://b:2 ping=1 hctemplate=x\n"
        "<Location /y>\nProxyPass balancer://one/z nofailover=On\n</Location>\n</VirtualHost>\n"
    )
    first = Member("http://a:1/x", Parameters(timeout=5.0), 250, "r", "", 3, frozenset("H"))
    main, host = (balancer_conf(host, "balancer://one") for host in config.hosts)
    assert main.members == (first,)
    assert set(host.members) == {first, Member("http://b:2")}
    assert main.balancing == Balancing(
        sticky=("c", "p"), attempts=2, fail_statuses=frozenset({500, 503}), no_failover=False
    )
    assert host.balancing == replace(main.balancing, no_failover=True)
    assert config.warnings == ()


def test_members_that_cannot_be_asked() -> None:
    """The configuration loads, and the check says that they get no requests."""
    config = configure("BalancerMember balancer://a ajp://b:8009\nBalancerMember balancer://a http://c")
    (warning,) = config.warnings
    assert warning.endswith("BalancerMember: ajp:// is not supported; it gets no requests")
    assert balancer_conf(config.main, "balancer://a").members == (Member("http://c"),)


@pytest.mark.parametrize(
    ("url", "timeout"),
    [
        ("http://a/x", 1.0),
        ("http://a/x/deep", 2.0),
        ("http://a/xyz", None),
        ("http://b/x", None),
    ],
)
def test_what_is_said_of_a_url(url: str, timeout: float | None) -> None:
    """ProxySet counts for the URL and what is below it, the longest most."""
    config = configure(
        "ProxySet http://a/x/deep timeout=2\n<Proxy http://a/x>\nProxySet timeout=1 retry=7\n</Proxy>"
    )
    found = told_parameters(config.main, url, Parameters())
    assert (found.timeout, found.retry) == (timeout, 60.0 if timeout is None else 7.0)
