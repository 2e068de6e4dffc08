"""CGI programs: what they get, what they cannot get, and that none outlives its request."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from olexd.config.server import ServerConfig
from olexd.modules.generators.cgi.head import BadHead, no_end, parse_head, split_head
from tests.unit.support import Response, answer, configure, get, make_request

DEADLINE = 10.0


def program(root: Path, text: str, name: str = "run.cgi") -> None:
    """Write a shell program."""
    path = root / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def site(root: Path, more: str = "") -> ServerConfig:
    """Return a server that runs what ends in .cgi."""
    return configure(
        f"ErrorLog {root}/error.log\nDocumentRoot {root}\n{more}\n<Directory {root}>\nOptions +ExecCGI\n"
        "AddHandler cgi-script .cgi\n</Directory>",
        root,
    )


def run(root: Path, text: str, target: str = "/run.cgi", more: str = "", **headers: str) -> Response:
    """Return what a program answers."""
    program(root, text)
    return get(site(root, more), target, **headers)


def is_alive(pid: int) -> bool:
    """Return whether a process still runs (one that only waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(file: Path) -> None:
    """Wait for the end of the processes whose ids a program wrote to `file`."""
    pids = [int(word) for word in file.read_text().split()]
    assert pids
    deadline = time.monotonic() + DEADLINE
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, f"still alive: {pids}"
        time.sleep(0.02)


HELLO = "printf 'Content-Type: text/plain\\n\\nhello'"


def test_only_with_exec_cgi(tmp_path: Path) -> None:
    """Without ExecCGI a program is neither run nor shown."""
    program(tmp_path, HELLO)
    config = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nAddHandler cgi-script .cgi", tmp_path)
    assert get(config, "/run.cgi").status == 403
    assert b"hello" in get(site(tmp_path), "/run.cgi").body


def test_no_shell(tmp_path: Path) -> None:
    """What the client sends is never a command."""
    response = run(
        tmp_path,
        "printf 'Content-Type: text/plain\\n\\n'; printf '<%s>' \"$@\"",
        "/run.cgi?;touch+$(touch%20evil)+%60touch%20evil%60",
    )
    assert b"<;touch><$(touch evil)><`touch evil`>" in response.body
    assert not (tmp_path / "evil").exists()


def test_environment_is_the_requests_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program sees nothing of the server's environment, no Proxy field and no password."""
    monkeypatch.setenv("OLEXD_SECRET", "secret")
    response = run(
        tmp_path,
        "printf 'Content-Type: text/plain\\n\\n'; env",
        Proxy="http://evil",
        Authorization="Basic eDp5",
        X_Own="1",
    )
    assert b"HTTP_X_OWN=1" in response.body
    for word in (b"secret", b"HTTP_PROXY", b"eDp5"):
        assert word not in response.body


def test_no_descriptor_leaks(tmp_path: Path) -> None:
    """A program has its three streams and nothing else of the server's files and sockets."""
    os.dup2(0, 77, inheritable=True)
    try:
        response = run(tmp_path, "printf 'Content-Type: text/plain\\n\\n'; ls /proc/$$/fd")
    finally:
        os.close(77)
    shown = set(response.body.split(b"\r\n\r\n")[-1].split())
    assert {b"0", b"1", b"2"} <= shown
    assert b"77" not in shown


def test_silence_ends_the_whole_group(tmp_path: Path) -> None:
    """A program that is silent for too long is ended, and its children with it."""
    response = run(tmp_path, "sleep 60 & echo $! $$ > pids; sleep 60", more="CGIScriptTimeout 1")
    assert response.status == 504
    wait_until_gone(tmp_path / "pids")


def test_stubborn_programs_are_killed(tmp_path: Path) -> None:
    """One that does not heed the request to end is killed."""
    text = "trap '' TERM; echo $$ > pids; while :; do sleep 1; done"
    assert run(tmp_path, text, more="CGIScriptTimeout 1").status == 504
    wait_until_gone(tmp_path / "pids")


def test_late_silence_cuts_the_response_off(tmp_path: Path) -> None:
    """After the head the client learns of it by the end of the connection."""
    request = _request(tmp_path, f"{HELLO}; sleep 60", "CGIScriptTimeout 1")
    assert answer(request).status == 200
    assert not request.output.persist


def test_client_gone(tmp_path: Path) -> None:
    """When the client leaves, the program ends."""
    request = _request(tmp_path, "echo $$ > pids; sleep 60", "")
    writer = cast(Any, request.output)._writer
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(_serve, request)
        deadline = time.monotonic() + DEADLINE
        while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        writer.gone = True
        served.result(DEADLINE)
    wait_until_gone(tmp_path / "pids")


def _request(root: Path, text: str, more: str) -> Any:
    program(root, text)
    return make_request(site(root, more), "/run.cgi")


def _serve(request: Any) -> None:
    from olexd.phases.run import serve
    from tests.unit.support import drive

    drive(request, serve(request))


def test_many_at_once(tmp_path: Path) -> None:
    """Programs run side by side, each with its own request."""
    program(tmp_path, "printf 'Content-Type: text/plain\\n\\n'; sleep 0.1; echo $QUERY_STRING")
    config = site(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: get(config, f"/run.cgi?n={number}").body, range(24)))
    assert all(f"n={number}\n".encode() in body for number, body in enumerate(found))


def test_errors_are_bounded(tmp_path: Path) -> None:
    """A program cannot fill the log."""
    run(tmp_path, f"{HELLO}; yes complaint | head -n 100000 >&2")
    log = (tmp_path / "error.log").read_text()
    assert "stderr from" in log
    assert "was left out" in log
    assert len(log) < 2_000_000


@pytest.mark.parametrize(
    "text",
    [
        "printf 'just text'",
        "printf 'Content-Type: text/plain\\n'",
        "true",
        "printf 'Status: 99\\n\\n'",
        "printf 'Status: 200 OK\\rX: y\\n\\n'",
        "printf 'A B: c\\n\\n'",
        "printf ': c\\n\\n'",
        "printf 'X-A: a\\rX-B: b\\n\\n'",
        "yes 'X-A: aaaaaaaaaaaaaaaa' | head -n 5000; printf '\\n\\n'",
    ],
)
def test_bad_heads(tmp_path: Path, text: str) -> None:
    """What is no head is answered with 500, not sent."""
    assert run(tmp_path, text).status == 500


def test_fields_of_a_redirect(tmp_path: Path) -> None:
    """What a program says beside Location goes out with it, but for what is said of its own body."""
    text = "printf 'X-A: 1\\nX-A: 2\\nContent-Encoding: gzip\\nLocation: http://a.test/\\n\\nx'"
    response = run(tmp_path, text)
    assert (response.status, response.fields["x-a"]) == (302, "1, 2")
    assert "content-encoding" not in response.fields


def test_a_head_without_fields(tmp_path: Path) -> None:
    """An empty line alone is a head, as with httpd."""
    response = run(tmp_path, "printf '\\nbody'")
    assert (response.status, response.body) == (200, b"body")


def test_length_is_the_servers_affair(tmp_path: Path) -> None:
    """A program's word on framing does not count: a wrong one would become the next response."""
    text = "printf 'Content-Type: text/plain\\nContent-Length: 1\\nTransfer-Encoding: x\\n\\nhello'"
    response = run(tmp_path, text)
    assert b"hello" in response.body
    assert response.fields.get("content-length") in (None, "5")
    assert response.fields.get("transfer-encoding") in (None, "chunked")


def test_nph_is_refused(tmp_path: Path) -> None:
    """Programs that write their own response line are not supported, and said so."""
    program(tmp_path, "printf 'HTTP/1.1 200 OK\\n\\n'", "nph-x.cgi")
    assert get(site(tmp_path), "/nph-x.cgi").status == 500
    assert "nph-" in (tmp_path / "error.log").read_text()


def test_guarded(tmp_path: Path) -> None:
    """Where access is denied nothing runs, also when a program sends the request there."""
    (tmp_path / "closed").mkdir()
    program(tmp_path / "closed", f"touch ran; {HELLO}")
    more = f"<Directory {tmp_path}/closed>\nRequire all denied\n</Directory>"
    assert get(site(tmp_path, more), "/closed/run.cgi").status == 403
    assert run(tmp_path, "printf 'Location: /closed/run.cgi\\n\\n'", more=more).status == 403
    assert not (tmp_path / "closed/ran").exists()


def test_redirects_of_programs_end(tmp_path: Path) -> None:
    """A program that sends the request to itself does not do so for ever."""
    assert run(tmp_path, "printf 'Location: /run.cgi\\n\\n'").status == 500


def test_heads() -> None:
    """Heads end with an empty line of either kind; fields keep their order."""
    assert split_head(b"A: b\r\n\r\nbody") == (b"A: b\r", b"body")
    assert split_head(b"A: b\n\nbody\n\n") == (b"A: b", b"body\n\n")
    assert split_head(b"A: b\n") is None
    head = parse_head(b"A: b\r\nStatus: 404 Gone Fishing\r\nC:d")
    assert (head.status, head.line) == (404, "404 Gone Fishing")
    assert head.fields == (("A", b"b"), ("C", b"d"))
    with pytest.raises(BadHead):
        split_head(b"x" * 70_000)
    assert no_end(b"").what == "End of script output before headers"
    assert no_end(b"A: b\n").what == "Premature end of script headers"
    assert no_end(b"oops\n").detail == "Bad header: oops"
