"""AllowMethods: who is refused, what Allow says, how it merges."""

from __future__ import annotations

from tests.parity.runner.case import Case, Request, ask

METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "FOO", "get")
INNER = "\n</Location>\n<Location /f>\nAllowMethods"
HANDLER = "SetHandler mod_python\nPythonHandler @M@"


def case(name: str, config: str, path: str = "/f.txt", *requests: Request, log: tuple[str, ...] = ()) -> Case:
    """Return a case that asks with every method."""
    return Case(
        f"allow-methods-{name}",
        requests or [ask(method, path, body=None) for method in METHODS],
        config,
        handler="req.content_type = 'text/plain'\nreq.write(req.method)",
        files={"f.txt": "text"},
        log=log,
    )


CASES = [
    case("file", "<Location />\nAllowMethods GET\n</Location>", log=("AH01623: client method denied",)),
    case("handler", f"<Location />\nAllowMethods POST PUT\n{HANDLER}\n</Location>"),
    case("head", f"<Location />\nAllowMethods HEAD\n{HANDLER}\n</Location>"),
    case(
        "reset",
        f"<Location />\nAllowMethods GET\n{HANDLER}{INNER} RESET\n</Location>",
        "/f",
    ),
    case(
        "inner",
        f"<Location />\nAllowMethods GET\n{HANDLER}{INNER} PUT\n</Location>",
        "/f",
    ),
    case("twice", f"<Location />\nAllowMethods GET\nAllowMethods PUT\n{HANDLER}\n</Location>"),
    case("reset-first", f"<Location />\nAllowMethods reset\nAllowMethods PUT\n{HANDLER}\n</Location>"),
]
