"""mod_remoteip: whom the servers take for the client, by what proxies say."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Expect, Request, get

SHOW = """
req.add_common_vars()
env = req.subprocess_env
names = ("REMOTE_ADDR", "REMOTE_HOST")
req.write("%s %s %r\\n" % (req.useragent_ip, req.connection.remote_ip, [env.get(name) for name in names]))
for name in ("X-Forwarded-For", "X-Client", "X-By"):
    req.write("%s: %r\\n" % (name, req.headers_in.get(name)))
"""
FORMAT = r"%h %a %{c}a %{X-Forwarded-For}i %{X-By}i %s"
TOLD = (
    "192.0.2.1",
    " 192.0.2.1 ",
    "192.0.2.1, 198.51.100.7",
    "192.0.2.1,198.51.100.7,203.0.113.9",
    "10.1.2.3",
    "10.1.2.3, 192.0.2.1",
    "192.0.2.1, 10.1.2.3",
    "127.0.0.1",
    "192.0.2.1, 127.0.0.1",
    "192.0.2.1, 127.0.0.1, 127.0.0.1",
    "172.16.3.4",
    "172.32.3.4",
    "169.254.1.1",
    "192.168.9.9, 172.31.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1:8080",
    "192.0.2.1, unknown",
    "unknown",
    "unknown, 192.0.2.1",
    "_hidden, 192.0.2.1",
    "",
    " ",
    ",",
    "192.0.2.1,",
    ", 192.0.2.1",
    "192.0.2.1,,198.51.100.7",
    "192.0.2.1 198.51.100.7",
    "192.0.2.256",
    "2001:db8::1",
    "[2001:db8::1]",
    "[2001:db8::1]:80",
    "2001:DB8:0:0:0:0:0:1",
    "fe80::1",
    "fd00::1",
    "::1",
    "::ffff:192.0.2.1",
    "::ffff:10.0.0.1",
    "fe80::1%lo",
    "example.invalid",
    "for=192.0.2.1",
    '"192.0.2.1"',
)
SHORT = ("192.0.2", "192.000.002.001", "0x7f.1", "3221225985", "localhost")
"""What the system makes an address of, though it looks like another one or like none."""


def told(field: str, *values: str) -> list[Request]:
    """Return a request for each value of a field."""
    return [get("/", f"{field}: {value}") for value in values]


def case(name: str, config: str, requests: list[Request], **more: object) -> Case:
    """Return a case that shows the client to a handler and in the log."""
    return Case(f"remote-ip-{name}", requests, LOCATION + config, SHOW, access=FORMAT, **more)  # type: ignore[arg-type]


HEADER = "RemoteIPHeader X-Forwarded-For\n"
INTERNAL = HEADER + "RemoteIPInternalProxy 127.0.0.1\n"
TRUSTED = HEADER + "RemoteIPTrustedProxy 127.0.0.1\n"
BY = "RemoteIPProxiesHeader X-By\n"
CHAIN = (
    "192.0.2.1, 198.51.100.7",
    "192.0.2.1, 198.51.100.7, 203.0.113.9",
    "192.0.2.1, 10.0.0.9",
    "10.9.9.9, 198.51.100.7",
    "10.9.9.9, 10.0.0.9",
    "192.0.2.1, 2001:db8::7",
)

CASES = [
    case("off", "", told("X-Forwarded-For", "192.0.2.1")),
    case("nobody-listed", HEADER + BY, told("X-Forwarded-For", *TOLD)),
    case("internal", INTERNAL + BY, told("X-Forwarded-For", *TOLD)),
    case("trusted", TRUSTED + BY, told("X-Forwarded-For", *TOLD)),
    case(
        "odd-spellings",
        INTERNAL,
        told("X-Forwarded-For", *SHORT),
        differs="only one spelling of an IPv4 address is believed, and no name is looked up",
        olexd=[Expect(200, body=r"127\.0\.0\.1 127[^\n]*\nX-Forwarded-For: '.*\n.*\n.*\n")] * len(SHORT),
    ),
    case("others", HEADER + "RemoteIPInternalProxy 192.0.2.99\n" + BY, told("X-Forwarded-For", *TOLD[:8])),
    case(
        "chain",
        INTERNAL + BY + "RemoteIPTrustedProxy 198.51.100.0/24\nRemoteIPTrustedProxy 2001:db8::/32\n"
        "RemoteIPInternalProxy 10.0.0.0/24\n",
        told("X-Forwarded-For", *CHAIN),
    ),
    case(
        "chain-of-trusted",
        TRUSTED + BY + "RemoteIPTrustedProxy 198.51.100.0/24 203.0.113.0/255.255.255.0\n",
        told("X-Forwarded-For", *CHAIN),
    ),
    case(
        "internal-behind-trusted",
        TRUSTED + BY + "RemoteIPInternalProxy 10.0.0.0/8\nRemoteIPTrustedProxy 198.51.100.7\n",
        told("X-Forwarded-For", *CHAIN),
    ),
    case(
        "first-listed-counts",
        HEADER + BY + "RemoteIPTrustedProxy 127.0.0.0/8\nRemoteIPInternalProxy 127.0.0.1\n",
        told("X-Forwarded-For", "10.1.1.1", "192.0.2.1"),
    ),
    case("partial-network", HEADER + "RemoteIPInternalProxy 127\n", told("X-Forwarded-For", "10.1.1.1")),
    case("by-name", HEADER + "RemoteIPInternalProxy localhost\n", told("X-Forwarded-For", "10.1.1.1")),
    case(
        "lists",
        HEADER
        + BY
        + 'RemoteIPInternalProxyList "@ROOT@/internal"\nRemoteIPTrustedProxyList "@ROOT@/trusted"\n',
        told("X-Forwarded-For", *CHAIN),
        files={
            "internal": "# ours\n127.0.0.1 10.0.0.0/24\n\n",
            "trusted": "198.51.100.7 # theirs\n  203.0.113.9\n",
        },
    ),
    case(
        "several-fields",
        INTERNAL + BY,
        [
            get("/", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"),
            get("/", "X-Forwarded-For: 192.0.2.1", "x-forwarded-for: 127.0.0.1"),
            get("/", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For:"),
            get("/", "X-By: somebody", "X-Forwarded-For: 192.0.2.1"),
        ],
    ),
    case(
        "another-field",
        "RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1\n",
        [*told("X-Client", "192.0.2.1", "10.0.0.1"), *told("X-Forwarded-For", "192.0.2.1")],
    ),
    case(
        "guards",
        INTERNAL + "<Location />\nRequire ip 192.0.2.0/24\n</Location>\n",
        told("X-Forwarded-For", "192.0.2.1", "198.51.100.1", "unknown", "192.0.2.1, 198.51.100.1"),
    ),
    case(
        "guards-of-old",
        INTERNAL + "<Location />\nOrder deny,allow\nDeny from all\nAllow from 192.0.2\n</Location>\n",
        told("X-Forwarded-For", "192.0.2.1", "198.51.100.1", "unknown"),
    ),
    case(
        "local",
        INTERNAL + "<Location />\nRequire local\n</Location>\n",
        [get("/"), *told("X-Forwarded-For", "192.0.2.1", "127.0.0.1", "127.9.9.9", "::1")],
    ),
    case(
        "expressions",
        INTERNAL
        + "<If \"%{REMOTE_ADDR} == '192.0.2.1' || -R '198.51.100.0/24'\">\nRequire all denied\n</If>\n"
        "<If \"%{CONN_REMOTE_ADDR} != '127.0.0.1'\">\nRequire all denied\n</If>\n",
        told("X-Forwarded-For", "192.0.2.1", "198.51.100.1", "203.0.113.1"),
    ),
    case(
        "environment",
        INTERNAL + "SetEnvIf Remote_Addr ^192 REMOTE_HOST=seen\n",
        told("X-Forwarded-For", "192.0.2.1", "198.51.100.1"),
    ),
]
