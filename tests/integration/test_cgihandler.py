"""CGI scripts under the real server: as they are, side by side, and each for itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Wire, until

HEAD = 'print("Content-Type: text/plain\\n")\n'
SCRIPTS = {
    "hello": HEAD + 'print("hello", __name__)\nif __name__ == "__main__":\n    print("never")\n',
    # Every line is one request's own; the sleeps let the others in between.
    "mine": """
import os, subprocess, sys, time
me = os.environ["QUERY_STRING"]
print("Content-Type: text/plain\\nX-Me: %s\\n" % me)
os.environ["OWN"] = me
for step in range(5):
    time.sleep(0.002)
    print("env", os.environ["QUERY_STRING"], os.getenv("OWN"), dict(os.environ)["OWN"])
    sys.stdout.write("argv %r\\n" % sys.argv)
    sys.stdout.flush()
print("stdin", sys.stdin.read())
seen = subprocess.run(["sh", "-c", "echo $QUERY_STRING $OWN; pwd"], capture_output=True, text=True).stdout
print("child", *seen.split())
print("system", os.system('test "$OWN" = %s' % me), os.system("exit 3") >> 8)
print("cwd", os.getcwd() == os.path.dirname(__file__), os.path.exists("marker"))
""",
    "wrapped": """
import codecs, io, os, sys, time
me = os.environ["QUERY_STRING"]
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="latin-1")
sys.stderr = sys.stdout
print("Content-Type: text/plain\\n")
for step in range(5):
    time.sleep(0.002)
    print("\\xe4", me)
    print(me, file=sys.stderr)
""",
    "detached": """
import codecs, sys
sys.stdout = codecs.getwriter("latin-1")(sys.stdout.detach())
print("Content-Type: text/plain\\n")
print("\\xe4")
""",
    "own_writer": """
import io, sys
out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
def show():
    print("Content-Type: text/plain\\n\\nshown", file=out)
show()
if sys.stdin.read():
    raise LookupError("after something was shown")
""",
    "exits": HEAD + 'import sys\nprint("before")\nsys.exit("the reason")\nprint("after")\n',
    "text": HEAD
    + """
import sys
print(repr(sys.stdin.readline()), repr(sys.stdin.read(2)), repr(list(sys.stdin)), sys.stdin.tell())
""",
    "binary": """
import sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(b"Content-Type: application/x-bytes\\r\\n\\r\\n" + data[::-1])
""",
    "input": HEAD + 'print(input() + "!", input("prompt "))\n',
    "status": 'print("Status: 404 Gone\\nContent-Type: text/x-mine\\nX-A: 1\\nX-A: 2\\n\\nbody")\n',
    "location": 'print("Status: 302 Found\\nLocation: /elsewhere\\n")\n',
    "no_end": 'print("Content-Type: text/plain")\n',
    "no_colon": 'print("nonsense\\n\\nbody")\n',
    "raises": 'raise LookupError("in a script")\n',
    "raises_later": HEAD + 'print("begun")\nraise LookupError("after the head")\n',
    "classes": "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    "@dataclass\nclass Point:\n    x: int\n" + HEAD + "print(Point(1))\n",
    "json": HEAD + "import json as other\nprint(other.dumps([1]), __name__)\n",
    "threads": HEAD + "import asyncio, os\nasync def main():\n"
    '    print(await asyncio.to_thread(lambda: os.environ["QUERY_STRING"]))\nasyncio.run(main())\n',
    "many": HEAD + "for number in range(20000):\n    print(number)\n",
    "mask": HEAD + "import os\nprint(os.umask(0o077))\n",
    "environ_object": HEAD + 'import os\nprint(len(os.environ) > 10, "PATH_INFO" in os.environ)\n'
    'print(os.environ.get("PATH_INFO"), os.environ.setdefault("NEW", "n"))\n'
    'os.environ |= {"MORE": "m"}\nprint(os.environ["MORE"], repr(os.environ).startswith("environ({"))\n'
    'try:\n    os.environ["X"] = 1\nexcept TypeError as error:\n    print(error)\n',
    "sub/deep": HEAD + "import os\nprint(os.getcwd())\n",
}
if sys.version_info < (3, 13):
    SCRIPTS["form"] = (
        HEAD + "import cgi\nform = cgi.FieldStorage()\n"
        "print(sorted((k, form.getlist(k)) for k in form), [f.filename for f in form.list])\n"
    )

PLAIN = """
import os
import sys
import time

from mod_python import apache


def handler(req):
    for _ in range(5):
        print("lost in no response")
        time.sleep(0.002)
    req.write(repr((os.environ.get("QUERY_STRING"), os.getcwd(), sys.argv == [])), 0)
    return apache.OK


def forgets(req):
    apache.setup_cgi(req)
    print("Content-Type: text/plain\\n\\nforgets", os.environ["QUERY_STRING"])
    return apache.OK


async def coroutine(req):
    apache.setup_cgi(req)
    return apache.OK
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the scripts, and a handler that is none."""
    directory = tmp_path_factory.mktemp("cgi")
    scripts = directory / "cgi"
    for name, source in SCRIPTS.items():
        path = scripts / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    (scripts / "marker").touch()
    (directory / "plain.py").write_text(PLAIN)
    port = free_port()
    text = base_config(directory, port, ["python"], threads=32)
    text += f'DocumentRoot "{directory}"\nPythonPath "[\'{directory}\'] + sys.path"\n'
    text += (
        f'<Directory "{scripts}">\nSetHandler mod_python\nPythonHandler mod_python.cgihandler\n</Directory>\n'
    )
    for name in ("plain", "plain::forgets", "plain::coroutine"):
        path = name.replace("::", "-")
        text += f"<Location /{path}>\nSetHandler mod_python\nPythonHandler {name}\n</Location>\n"
    text += "<Location /nowhere>\nSetHandler mod_python\nPythonHandler mod_python.cgihandler\n</Location>\n"
    with Olexd(text, directory, port) as server:
        yield server


def text(wire: Wire, path: str, body: bytes | None = None, *fields: str) -> str:
    """Return the body of the answer."""
    return wire.ask(path, body, *fields).body.decode()


class TestScripts:
    @pytest.mark.parametrize("path", ["/cgi/hello", "/cgi/hello.py", "/cgi/hello.cgi", "/cgi/hello/more"])
    def test_names(self, wire: Wire, path: str) -> None:
        """The URL names a module; the script's own name is the module's."""
        assert text(wire, path) == "hello hello\n"

    @pytest.mark.parametrize("path", ["/cgi/none", "/cgi/", "/cgi/sub/", "/nowhere"])
    def test_no_script(self, wire: Wire, path: str) -> None:
        """What is no script is not found."""
        assert wire.ask(path).status == 404

    def test_head(self, wire: Wire) -> None:
        """Header lines make the response's head."""
        answer = wire.ask("/cgi/status")
        assert (answer.status, answer.fields["content-type"], answer.body) == (404, "text/x-mine", b"body\n")
        answer = wire.ask("/cgi/location")
        assert (answer.status, answer.fields["location"]) == (302, "/elsewhere")

    def test_exit(self, wire: Wire, server: RunningServer) -> None:
        """`sys.exit()` ends the script in order; a message goes to the log."""
        assert text(wire, "/cgi/exits") == "before\n"
        assert server.error_log().count("the reason") == 1

    def test_input(self, wire: Wire) -> None:
        """The body as text, as bytes, and by `input()`."""
        assert text(wire, "/cgi/text", "é\nabcd\ne".encode()) == "'é\\n' 'ab' ['cd\\n', 'e'] 8\n"
        assert text(wire, "/cgi/text", b"") == "'' '' [] 0\n"
        assert wire.ask("/cgi/binary", bytes(range(256))).body == bytes(range(255, -1, -1))
        assert text(wire, "/cgi/input", b"one\ntwo\n") == "prompt one! two\n"

    @pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python has no module cgi any more")
    def test_the_standard_librarys_form(self, wire: Wire) -> None:
        """`cgi.FieldStorage()` finds query, body and files by itself."""
        kind = "Content-Type: application/x-www-form-urlencoded"
        assert text(wire, "/cgi/form?q=1", b"a=2&a=3", kind).startswith("[('a', ['2', '3']), ('q', ['1'])]")
        upload = b'--B\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\ndata\r\n--B--\r\n'
        seen = text(wire, "/cgi/form", upload, "Content-Type: multipart/form-data; boundary=B")
        assert seen == "[('f', [b'data'])] ['n.txt']\n"

    def test_wrapped_streams(self, wire: Wire) -> None:
        """Scripts wrap their output as they do on Python 3."""
        assert wire.ask("/cgi/wrapped?m").body == b"\xe4 m\nm\n" * 5
        assert wire.ask("/cgi/detached").body == b"\xe4\n"
        assert wire.ask("/cgi/own_writer").body == b"shown\n"
        wire.post("/cgi/own_writer", b"x")
        assert wire.head().status == 200

    def test_failures(self, wire: Wire, server: RunningServer) -> None:
        """They are logged with their traceback, and answered with 500 while nothing was sent."""
        assert wire.ask("/cgi/raises").status == 500
        with Wire(server) as other:
            assert other.ask("/cgi/no_colon").status == 500
        assert "LookupError: in a script" in server.error_log()
        assert "no colon in the CGI header line b'nonsense'" in server.error_log()

    def test_failure_after_the_head(self, wire: Wire, server: RunningServer) -> None:
        """What was printed is sent, and the failure logged."""
        wire.get("/cgi/raises_later")
        assert wire.head().status == 200
        until(lambda: "LookupError: after the head" in server.error_log())

    def test_output_without_an_end_of_headers(self, wire: Wire, server: RunningServer) -> None:
        """Nothing is sent, and the log says why."""
        assert wire.ask("/cgi/no_end").body == b""
        assert "the script ended before an empty line" in server.error_log()

    def test_names_of_other_modules(self, wire: Wire) -> None:
        """A script takes no module's place, and is found where classes look for their module."""
        assert text(wire, "/cgi/json") == "[1] json\n"
        assert text(wire, "/cgi/classes") == "Point(x=1)\n"

    def test_environment_object(self, wire: Wire) -> None:
        """`os.environ` does all that it does elsewhere."""
        expected = "True True\n/p n\nm True\nstr expected, not int\n"
        assert text(wire, "/cgi/environ_object/p") == expected

    def test_changes(self, wire: Wire, server: RunningServer) -> None:
        """A changed script runs as it is now."""
        path = server.directory / "cgi" / "changing.py"
        for number in (1, 22, 333):
            path.write_text(HEAD + f"print({number})\n")
            assert text(wire, "/cgi/changing") == f"{number}\n"

    def test_much_output(self, wire: Wire) -> None:
        """All of it arrives."""
        assert text(wire, "/cgi/many").split() == [str(number) for number in range(20000)]


class TestSideBySide:
    def test_nothing_leaks(self, server: RunningServer) -> None:
        """Of many scripts at once each has an environment, streams, a directory and children of its own."""

        def mine(number: int) -> None:
            with Wire(server) as wire:
                lines = text(wire, f"/cgi/mine?r{number}", b"in%d" % number).splitlines()
            me = f"r{number}"
            directory = str(server.directory / "cgi")
            assert lines == [
                *([f"env {me} {me} {me}", "argv []"] * 5),
                f"stdin in{number}",
                f"child {me} {me} {directory}",
                "system 0 3",
                "cwd True True",
            ]

        def wrapped(number: int) -> None:
            with Wire(server) as wire:
                assert wire.ask(f"/cgi/wrapped?w{number}").body == b"\xe4 w%d\nw%d\n" % (number, number) * 5

        def deep(number: int) -> None:
            with Wire(server) as wire:
                assert text(wire, "/cgi/sub/deep") == f"{server.directory}/cgi/sub\n"

        def plain(number: int) -> None:
            with Wire(server) as wire:
                assert text(wire, f"/plain?p{number}") == repr((None, os.getcwd(), False))

        with ThreadPoolExecutor(24) as pool:
            tasks = [pool.submit(task, n) for n in range(40) for task in (mine, wrapped, deep, plain)]
            for task in tasks:
                task.result(60)

    def test_context_goes_along(self, wire: Wire) -> None:
        """Threads that are given the script's context see its environment."""
        assert text(wire, "/cgi/threads?q") == "q\n"

    def test_umask(self, wire: Wire) -> None:
        """A script's umask ends with it."""
        first = text(wire, "/cgi/mask")
        assert {text(wire, "/cgi/mask") for _ in range(5)} == {first}

    def test_handlers_that_forget(self, wire: Wire) -> None:
        """After `setup_cgi()` without `restore_nocgi()` the next request in the thread is outside again."""
        for number in range(40):
            assert text(wire, f"/plain-forgets?f{number}") == f"forgets f{number}\n"
            assert text(wire, "/plain") == repr((None, os.getcwd(), False))

    def test_not_on_the_reactor(self, wire: Wire, server: RunningServer) -> None:
        """The thread that all share is nobody's process."""
        assert wire.ask("/plain-coroutine").status == 500
        assert "CGI scripts need a thread of their own" in server.error_log()
