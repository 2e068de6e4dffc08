"""The core's directives: what they store and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.core import CoreDir, CoreServer, ProcessSettings
from olexd.model import methods
from tests.unit.support import complaint, configure, get

LEVELS = "emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("KeepAliveTimeout x", "KeepAliveTimeout has wrong format"),
        ("KeepAliveTimeout -1", "KeepAliveTimeout has wrong format"),
        ("LimitRequestLine -1", 'LimitRequestLine "-1" must be a non-negative integer'),
        ("LimitRequestFields -1", 'LimitRequestFields "-1" must be a non-negative integer (0 = no limit)'),
        ("LimitRequestBody x", "LimitRequestBody requires a non-negative integer."),
        ("LimitRequestBody -1", "LimitRequestBody requires a non-negative integer."),
        (
            "RequestReadTimeout header=20-10,MinRate=500",
            "RequestReadTimeout: header=20-10,MinRate=500: "
            "Maximum timeout must be larger than initial timeout",
        ),
        (
            "RequestReadTimeout header=20-30",
            "RequestReadTimeout: header=20-30: Must set MinRate option if using timeout range",
        ),
        ("RequestReadTimeout header=x", "RequestReadTimeout: header=x: Value 'x' not numerical"),
        ("RequestReadTimeout foo=1", "RequestReadTimeout: foo=1: Unknown RequestReadTimeout parameter"),
        ("RequestReadTimeout body=10,Foo=3", "RequestReadTimeout: body=10,Foo=3: Cannot parse ',Foo=3'"),
        ("ServerSignature foo", "ServerSignature: use one of: off | on | email"),
        ("TraceEnable foo", "TraceEnable must be one of 'on', 'off', or 'extended'"),
        ("UseCanonicalName foo", "parameter must be 'on', 'off', or 'dns'"),
        ("AcceptPathInfo foo", "AcceptPathInfo must be set to on, off or default"),
        ("AllowEncodedSlashes foo", "AllowEncodedSlashes must be On, Off, or NoDecode"),
        ("Options foo", "Illegal option foo"),
        ("Options +Indexes MultiViews", "Either all Options must start with + or -, or no Option may."),
        ("Options Indexes All", "'Options All' must be the first option given."),
        ("FileETag foo", "Unknown keyword 'foo' for FileETag directive"),
        ("HttpProtocolOptions Unsafe", "HttpProtocolOptions Unsafe is not supported"),
        ("LogLevel foo", f"Log level keyword must be one of {LEVELS}"),
        ("LogLevel core:foo", f"core:foo: Log level keyword must be one of {LEVELS}"),
        ("LogLevel foo:debug", "Cannot find module foo"),
        ("ErrorDocument 418 x", "Unsupported HTTP response code 418"),
        ("ErrorDocument abc x", "Unsupported HTTP response code abc"),
        ("DocumentRoot /nonexistent", "DocumentRoot '/nonexistent' is not a directory, or is not readable"),
        ("ErrorLog /nonexist/x", "AH02291: Cannot access directory '/nonexist/' for main error log"),
        ("User nosuchuser", "bad user name nosuchuser"),
        ("Group nosuchgroup", "bad group name nosuchgroup"),
        ("ListenBackLog 0", "ListenBacklog must be > 0"),
        ("MaxRanges 0", "MaxRanges requires 'none', 'default', 'unlimited' or a positive integer"),
        ("AuthType Basic", "AuthType not allowed here"),
        ("LimitInternalRecursion 0", "The recursion limit must be greater than zero."),
        ("LimitInternalRecursion 5 x", "The recursion limit must be greater than zero."),
        ("CGIVar X current-uri", 'Unrecognized CGI variable: "X"'),
        ("CGIVar REQUEST_URI x", "Valid rules for REQUEST_URI are 'current-uri' and 'original-uri'"),
        ("CGIPassAuth On", "CGIPassAuth not allowed here"),
        ("QualifyRedirectURL maybe", "QualifyRedirectURL must be On or Off"),
        ("MergeTrailers maybe", "MergeTrailers must be On or Off"),
        ("ExtendedStatus maybe", "ExtendedStatus must be On or Off"),
    ],
)
def test_refused(line: str, message: str) -> None:
    """A bad value is refused in httpd's words."""
    assert complaint(line) == message


def test_times() -> None:
    """Times take units; those that httpd reads leniently are read leniently here."""
    core = configure("Timeout 1500ms\nKeepAliveTimeout 500ms").main.server[CoreServer]
    assert (core.timeout, core.keep_alive_timeout) == (1.5, 0.5)
    assert configure("Timeout x").main.server[CoreServer].timeout == 0


def test_read_timeout() -> None:
    """Each stage is set by itself; a range needs and keeps its rate."""
    core = configure("RequestReadTimeout header=10-30,MinRate=100 body=0").main.server[CoreServer]
    assert (core.header_timeout, core.header_timeout_max, core.header_min_rate) == (10, 30, 100)
    assert (core.body_timeout, core.body_min_rate) == (0, 0)


def test_options_edit_the_outer_ones(tmp_path: Path) -> None:
    """Signs edit what is in force outside, a plain list replaces it."""
    config = configure(
        f"Options Indexes ExecCGI\n<Directory {tmp_path}>\nOptions +Includes -ExecCGI\n</Directory>\n"
        "<Location /none>\nOptions None\n</Location>"
    )
    host = config.main
    assert host.merged()[CoreDir].options == {"indexes", "execcgi"}
    assert not host.merged()[CoreDir].follows_symlinks
    inner = host.merged(host.directories.match(str(tmp_path)))
    assert inner[CoreDir].options == {"indexes", "includes"}
    assert host.merged(host.locations.match("/none"))[CoreDir].options == frozenset()
    assert configure("Options +Indexes").main.merged()[CoreDir].options == {"followsymlinks", "indexes"}


def test_log_levels() -> None:
    """Modules have levels of their own, by any of their names; a plain level starts over."""
    conf = configure("LogLevel info mod_rewrite.c:trace3 python_module:debug").main.merged()[CoreDir]
    assert conf.log_level == {"": "info", "rewrite": "trace3", "python": "debug"}
    conf = configure("LogLevel rewrite:trace3\nLogLevel error").main.merged()[CoreDir]
    assert conf.log_level == {"": "error"}


def test_handlers_and_names() -> None:
    """Handler names are lower-cased, None takes them back; AuthType None switches authentication off."""
    config = configure(
        "SetHandler MOD_Python\n<Location /a>\nSetHandler None\nAuthType None\n</Location>\n"
        "<Location /b>\nAuthType Basic\nAuthName x\nRequire all granted\n</Location>"
    )
    host = config.main
    assert host.merged()[CoreDir].handler == "mod_python"
    inner = host.merged(host.locations.match("/a"))[CoreDir]
    assert (inner.handler, inner.auth_type) == ("", None)
    other = host.merged(host.locations.match("/b"))[CoreDir].auth_type
    assert other is not None
    assert other.fixed == "Basic"


def test_full_url_for_401_is_left_out() -> None:
    """An ErrorDocument that would lose the challenge is not used."""
    documents = configure("ErrorDocument 401 http://x/\nErrorDocument 404 /e").main.merged()[CoreDir]
    assert documents.error_documents == {404: "/e"}


def test_recursion() -> None:
    """One number says how many redirects and how deep subrequests, two say each."""
    one = configure("LimitInternalRecursion 5").main.server[CoreServer]
    two = configure("LimitInternalRecursion 5 7").main.server[CoreServer]
    assert (one.redirect_limit, one.subrequest_limit) == (5, 5)
    assert (two.redirect_limit, two.subrequest_limit) == (5, 7)


def test_methods(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A method that is registered is one that files do not take; one that is not is unknown."""
    monkeypatch.setattr(methods, "_NUMBERS", dict(methods._NUMBERS))
    (tmp_path / "a.txt").write_text("a")
    config = configure(f"DocumentRoot {tmp_path}\nRegisterHttpMethod FOO GET BAR\nErrorLog -")
    assert [get(config, "/a.txt", name).status for name in ("FOO", "BAR", "BAZ")] == [405, 405, 501]
    assert [methods.method_number(name) for name in ("FOO", "BAR", "BAZ", "GET")] == [27, 28, 26, 0]
    assert complaint("<Location />\nRequire method NEW\n</Location>") == "Invalid Method 'NEW'"
    assert configure("RegisterHttpMethod NEW\n<Location />\nRequire method NEW\n</Location>")
    many = " ".join(f"M{n}" for n in range(40))
    assert complaint(f"RegisterHttpMethod {many}") == "RegisterHttpMethod: too many methods"


def test_merge_trailers() -> None:
    """MergeTrailers is off unless the server or a host says otherwise."""
    assert not configure("").main.server[CoreServer].merge_trailers
    assert configure("MergeTrailers On").main.server[CoreServer].merge_trailers


def test_process_words() -> None:
    """The words of Apache's process models fill the process settings, raised to what makes sense."""
    process = configure(
        "StartServers 0\nThreadsPerChild 0\nMaxClients 64\nMaxRequestsPerChild 10\nPidFile x.pid", "/srv"
    ).main.server[ProcessSettings]
    assert (process.start_servers, process.threads_per_child, process.max_request_workers) == (1, 1, 64)
    assert (process.max_connections_per_child, process.pid_file) == (10, "/srv/x.pid")


def test_without_effect() -> None:
    """Directives that mean nothing here are accepted with one warning each."""
    config = configure("EnableSendfile On\nMutex default\nMinSpareThreads 3\nMinSpareThreads 4")
    assert len(config.warnings) == 3


def test_default_error_log_is_below_server_root(tmp_path: Path) -> None:
    """Without ErrorLog the log is ServerRoot's logs/error_log, for virtual hosts too."""
    config = configure(f"ServerRoot {tmp_path}\n<VirtualHost *:80>\nServerName a\n</VirtualHost>")
    for host in config.hosts:
        assert host.server[CoreServer].error_log == f"{tmp_path}/logs/error_log"
