"""Types, variables and the client's address."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.mime import MimeDir
from olexd.model.mp_request import mp_request
from olexd.model.request import Request
from olexd.modules.metadata.env import EnvDir
from olexd.modules.metadata.mime import read_extensions
from olexd.modules.metadata.remoteip import find_client
from olexd.modules.metadata.types import load_types, parse_types
from olexd.phases.derive import derive
from olexd.phases.run import process_mapped
from tests.unit.support import complaint, configure, drive, get, make_request

TYPES = {"html": "text/html", "gz": "application/gzip", "txt": "text/plain"}


def mime(text: str) -> MimeDir:
    """Return the settings that `text` makes."""
    return configure(text).main.merged()[MimeDir]


@pytest.mark.parametrize(
    ("extensions", "kind", "encoding", "languages"),
    [
        ("html", "text/html", None, ()),
        ("HTML", "text/html", None, ()),
        ("html.", "text/html", None, ()),
        ("fr.html", "text/html", None, ("fr",)),
        ("html.fr", "text/html", None, ("fr",)),
        ("html.fr.de", "text/html", None, ("fr", "de")),
        ("html.gz", "application/gzip", "x-gzip", ()),
        ("html.bak", "text/html", None, ()),
        ("html.txt", "text/plain", None, ()),
        ("html.u8", "text/html; charset=utf-8", None, ()),
        ("unknown", None, None, ()),
        ("", None, None, ()),
    ],
)
def test_extensions(
    extensions: str, kind: str | None, encoding: str | None, languages: tuple[str, ...]
) -> None:
    """Parts are read left to right; the last to speak of an item wins, languages add up."""
    conf = mime("AddLanguage fr .fr\nAddLanguage de de\nAddEncoding x-gzip .gz\nAddCharset UTF-8 .u8")
    found = read_extensions(extensions, conf, TYPES)
    assert (found.content_type, found.encoding, found.languages) == (kind, encoding, languages)


def test_default_language() -> None:
    """DefaultLanguage speaks where no extension does."""
    conf = mime("DefaultLanguage en\nAddLanguage fr .fr")
    assert read_extensions("html", conf, TYPES).languages == ("en",)
    assert read_extensions("html.fr", conf, TYPES).languages == ("fr",)


def test_removed_types() -> None:
    """RemoveType takes AddType back, and what the types file says; an inner AddType counts again."""
    config = configure(
        "AddType text/x-own .html\n<Location /a>\nRemoveType .html\n</Location>\n"
        "<Location /a/b>\nAddType text/x-again .html\n</Location>"
    )
    host = config.main
    assert read_extensions("html", host.merged()[MimeDir], TYPES).content_type == "text/x-own"
    inner = host.merged(host.locations.match("/a"))[MimeDir]
    assert read_extensions("html", inner, TYPES).content_type is None
    innermost = host.merged(host.locations.match("/a/b"))[MimeDir]
    assert read_extensions("html", innermost, TYPES).content_type == "text/x-again"


def test_removals_count_after_all_that_a_section_adds() -> None:
    """But for types, of which the last line counts; a further section adds again."""
    config = configure(
        "RemoveEncoding .gz\nAddEncoding gzip .gz .z\nRemoveHandler .py\nAddHandler own .py\n"
        "RemoveType .py\nAddType text/x .py\n<Location /a>\nAddEncoding br .gz\n</Location>"
    )
    host = config.main
    outer, inner = host.merged()[MimeDir], host.merged(host.locations.match("/a"))[MimeDir]
    assert read_extensions("gz.z", outer, TYPES).encoding == "gzip"
    assert read_extensions("gz.z", inner, TYPES).encoding == "br, gzip"
    found = read_extensions("py", outer, TYPES)
    assert (found.handler, found.content_type) == (None, "text/x")


def test_types_file(tmp_path: Path) -> None:
    """A types file lists extensions after the type; comments are skipped; without one there is a list."""
    assert parse_types(["# none", "text/x-a aa AB # c", "text/x-b"]) == {"aa": "text/x-a", "ab": "text/x-a"}
    (tmp_path / "types").write_text("text/x-own own\n")
    assert load_types(str(tmp_path / "types")) == {"own": "text/x-own"}
    assert load_types("/nonexistent")["html"] == "text/html"


def mapped(text: str, path: str, tmp_path: Path) -> Request:
    """Return a request for a file of the tree after its fixups."""
    for name in ("b.py.txt", "a.py", ".hidden", "x.unknown"):
        (tmp_path / name).write_text("x")
    request = make_request(configure(f"ErrorLog -\nDocumentRoot {tmp_path}\n{text}"), path)
    drive(request, process_mapped(request))
    return request


def test_handlers(tmp_path: Path) -> None:
    """AddHandler acts for any part of the name, with path info too; SetHandler beats it; None frees it."""
    add = "AddHandler Own-Handler .py\n"
    assert mapped(add, "/b.py.txt", tmp_path).handler == "own-handler"
    assert mapped(add, "/a.py/x/y", tmp_path).handler == "own-handler"
    assert mapped(add + "SetHandler other", "/a.py", tmp_path).handler == "other"
    assert mapped(
        add + "SetHandler x\n<Files a.py>\nSetHandler None\n</Files>", "/a.py", tmp_path
    ).handler == ("own-handler")
    assert mapped(add + "<Files a.py>\nRemoveHandler .py\n</Files>", "/a.py", tmp_path).handler is None


def test_forced_and_unknown_types(tmp_path: Path) -> None:
    """ForceType beats extensions, None restores them; a file nothing is known of has no type."""
    assert mapped("ForceType text/x-own", "/b.py.txt", tmp_path).content_type == "text/x-own"
    text = "ForceType text/x-own\n<Files b.py.txt>\nForceType None\n</Files>"
    assert mapped(text, "/b.py.txt", tmp_path).content_type == "text/plain"
    assert mapped("", "/x.unknown", tmp_path).content_type is None
    assert "content-type" not in get(configure(f"ErrorLog -\nDocumentRoot {tmp_path}"), "/x.unknown").fields


def test_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SetEnv and PassEnv set variables in the fixups, UnsetEnv takes them back, a later SetEnv wins again."""
    monkeypatch.setenv("PASSED", "on")
    text = "SetEnv A 1\nSetEnv B\nPassEnv PASSED NOT_THERE\nSetEnv C é\n<Files a.py>\nUnsetEnv A\n</Files>"
    env = mapped(text, "/x.unknown", tmp_path).subprocess_env
    assert [env.get(name) for name in ("A", "B", "PASSED", "NOT_THERE", "C")] == ["1", "", "on", None, "é"]
    assert "A" not in mapped(text, "/a.py", tmp_path).subprocess_env
    assert mapped("UnsetEnv A\nSetEnv A 2", "/a.py", tmp_path).subprocess_env["A"] == "2"


def test_variable_of_an_earlier_phase_stays_first(tmp_path: Path) -> None:
    """A variable that is there already is what look-ups find; SetEnv's value follows it."""
    (tmp_path / "a.py").write_text("x")
    request = make_request(configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nSetEnv A set"), "/a.py")
    request.subprocess_env["A"] = "earlier"
    drive(request, process_mapped(request))
    assert request.subprocess_env.get("A") == "earlier"
    assert request.subprocess_env["A"] == ["earlier", "set"]


XFF = "RemoteIPHeader X-Forwarded-For\n"
INTERNAL = XFF + "RemoteIPInternalProxy 10.0.0.0/8\n"
TRUSTED = XFF + "RemoteIPTrustedProxy 10.0.0.0/8\n"


@pytest.mark.parametrize(
    ("text", "peer", "value", "client", "left"),
    [
        ("", "10.0.0.1", "5.6.7.8", "10.0.0.1", "5.6.7.8"),
        (XFF, "10.0.0.1", "5.6.7.8", "5.6.7.8", None),
        (XFF, "10.0.0.1", "1.1.1.1, 5.6.7.8", "1.1.1.1", None),
        (XFF, "10.0.0.1", "192.168.0.1", "10.0.0.1", "192.168.0.1"),
        (INTERNAL, "10.0.0.1", "5.6.7.8", "5.6.7.8", None),
        (INTERNAL, "10.0.0.1", "192.168.0.1", "192.168.0.1", None),
        (INTERNAL, "10.0.0.1", "1.1.1.1, 5.6.7.8", "5.6.7.8", "1.1.1.1"),
        (INTERNAL, "10.0.0.1", "1.1.1.1, 10.9.9.9", "1.1.1.1", None),
        (INTERNAL, "9.9.9.9", "5.6.7.8", "9.9.9.9", "5.6.7.8"),
        (TRUSTED, "10.0.0.1", "5.6.7.8", "5.6.7.8", None),
        (TRUSTED, "10.0.0.1", "127.0.0.1", "10.0.0.1", "127.0.0.1"),
        (TRUSTED, "10.0.0.1", "fd00::1", "10.0.0.1", "fd00::1"),
        (TRUSTED, "10.0.0.1", "2001:db8::1", "2001:db8::1", None),
        (INTERNAL, "10.0.0.1", "1.2.3.4:55", "10.0.0.1", "1.2.3.4:55"),
        (INTERNAL, "10.0.0.1", "junk", "10.0.0.1", "junk"),
        (INTERNAL, "10.0.0.1", "", "10.0.0.1", ""),
        (INTERNAL, "10.0.0.1", "5.6.7.8, junk", "10.0.0.1", "5.6.7.8, junk"),
        (INTERNAL, "::ffff:10.0.0.1", "5.6.7.8", "5.6.7.8", None),
    ],
)
def test_forwarded_addresses_count_from_listed_proxies_only(
    text: str, peer: str, value: str, client: str, left: str | None
) -> None:
    """The header is read right to left as far as its senders are trusted; the rest stays in it."""
    request = make_request(configure(text), headers=[("X-Forwarded-For", value)], peer=peer)
    find_client(request)
    assert request.client_ip == client
    assert request.headers_in.get("X-Forwarded-For") == left
    assert request.connection.client_ip == peer


def test_passed_proxies() -> None:
    """The proxies on the way are listed, internal ones left out."""
    text = XFF + "RemoteIPTrustedProxy 127.0.0.1 5.6.7.8\nRemoteIPProxiesHeader X-Via\n"
    request = make_request(configure(text), headers=[("X-Forwarded-For", "1.1.1.1, 5.6.7.8")])
    find_client(request)
    assert (request.client_ip, request.headers_in["X-Via"]) == ("1.1.1.1", "127.0.0.1, 5.6.7.8")


@pytest.mark.parametrize(
    ("text", "peer", "https"),
    [
        (INTERNAL, "10.0.0.1", "on"),
        (INTERNAL, "9.9.9.9", None),
        (XFF, "10.0.0.1", None),
        ("", "10.0.0.1", None),
    ],
)
def test_forwarded_scheme_counts_from_listed_proxies_only(text: str, peer: str, https: str | None) -> None:
    """Nobody but a listed proxy can say that the client used TLS."""
    request = make_request(configure(text), headers=[("X-Forwarded-Proto", "https")], peer=peer)
    find_client(request)
    assert request.subprocess_env.get("HTTPS") == https
    req = mp_request(request)
    assert req.is_https() == (1 if https else 0)
    assert req.construct_url("/x") == ("https://localhost/x" if https else "http://localhost/x")
    assert req.ssl_var_lookup("HTTPS") == https
    assert derive(request, "/y").forwarded_secure is bool(https)


FACTS = """
RemoteIPInternalProxy 192.0.2.1
ForwardedUser X-Remote-User
ForwardedVariable X-SSL-Client-S-DN SSL_CLIENT_S_DN
"""


def test_forwarded_facts_of_listed_proxies() -> None:
    """A listed proxy names the user and variables; an empty or unknown one is none."""
    headers = [("X-Remote-User", "joe"), ("X-SSL-Client-S-DN", "CN=joe"), ("X-Forwarded-Proto", "https")]
    request = make_request(configure(FACTS), headers=headers, peer="192.0.2.1")
    find_client(request)
    assert request.user == "joe"
    assert mp_request(request).ssl_var_lookup("SSL_CLIENT_S_DN") == "CN=joe"
    headers = [("X-Remote-User", "(null)"), ("X-SSL-Client-S-DN", "")]
    request = make_request(configure(FACTS), headers=headers, peer="192.0.2.1")
    find_client(request)
    assert request.user is None
    assert "SSL_CLIENT_S_DN" not in request.subprocess_env


def test_forwarded_facts_of_everyone_else_are_dropped() -> None:
    """A client cannot name itself, and no handler sees that it tried."""
    headers = [("X-Remote-User", "joe"), ("X-SSL-Client-S-DN", "CN=joe")]
    request = make_request(configure(FACTS), headers=headers, peer="192.0.2.2")
    find_client(request)
    assert request.user is None
    assert "SSL_CLIENT_S_DN" not in request.subprocess_env
    assert not request.headers_in


def test_forwarded_facts_without_a_list_of_proxies() -> None:
    """Where no proxy is listed nobody is believed."""
    request = make_request(configure("ForwardedUser X-Remote-User"), headers=[("x-remote-user", "joe")])
    find_client(request)
    assert request.user is None
    assert not request.headers_in


def test_proxy_lists(tmp_path: Path) -> None:
    """Proxies can stand in a file; bad addresses and missing files are refused."""
    (tmp_path / "list").write_text("# ours\n10.0.0.0/8 # net\n")
    request = make_request(
        configure(f"{XFF}RemoteIPInternalProxyList {tmp_path}/list"),
        headers=[("X-Forwarded-For", "5.6.7.8")],
        peer="10.0.0.1",
    )
    find_client(request)
    assert request.client_ip == "5.6.7.8"
    assert complaint("RemoteIPInternalProxyList /nonexistent") == (
        "RemoteIPInternalProxyList: Could not open file /nonexistent: No such file or directory"
    )
    assert "(The specified network mask is invalid. error)" in complaint("RemoteIPTrustedProxy 1.2.3.4/40")


def test_variables_taken_back() -> None:
    """UnsetEnv takes an outer section's variable back; sections of one kind forget it, as in httpd."""
    inside = "<Files x>\nSetEnv A files\nSetEnv B files\n</Files>\n"
    once = configure(inside + "<Location /a>\nUnsetEnv A\n</Location>")
    twice = configure(
        inside + "<Location />\nSetEnv C 1\n</Location>\n<Location /a>\nUnsetEnv A\n</Location>"
    )
    found = [
        config.main.merged((*config.main.files, *config.main.locations.match("/a")))[EnvDir].variables
        for config in (once, twice)
    ]
    assert found == [{"B": b"files"}, {"A": b"files", "B": b"files", "C": b"1"}]
