"""HostnameLookups: the client's name in the environment, in logs, in rules, and what handlers see of it."""

from __future__ import annotations

from tests.parity.cases.environment import ENVIRONMENT
from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import DIRECTORY, LOCATION, Case, get

ASK = (
    "req.get_remote_host(apache.REMOTE_NAME)",
    "req.get_remote_host(apache.REMOTE_NAME, 1)",
    "req.get_remote_host(apache.REMOTE_HOST)",
    "req.get_remote_host(apache.REMOTE_HOST, 1)",
    "req.connection.remote_host",
    "req.connection.double_reverse",
    "req.get_remote_host(apache.REMOTE_DOUBLE_REV)",
    "req.get_remote_host(apache.REMOTE_DOUBLE_REV, 1)",
    "req.get_remote_host(apache.REMOTE_NOLOOKUP)",
    "req.connection.remote_host",
    "req.connection.double_reverse",
)

RULES = """
SetEnvIf Remote_Host ^localhost$ BY_RULE=name
SetEnvIf Remote_Host ^127 BY_RULE=address
SetEnvIfExpr "%{REMOTE_HOST} == 'localhost'" BY_EXPR=name
"""


def case(name: str, config: str, access: str = "%h %{c}h %a") -> Case:
    """A case that shows the environment."""
    requests = [get("/app.py"), get("/sub/app.py")]
    return Case(
        f"client-name-{name}",
        requests,
        DIRECTORY + RULES + config,
        source=ENVIRONMENT,
        access=access,
        masks=[(r"(REMOTE_PORT = )'\d+'", r"\1PORT")],
    )


CASES = [
    case("off", ""),
    case("on", "HostnameLookups On"),
    case("double", "HostnameLookups Double"),
    case("of-location", "<Location /sub>\nHostnameLookups On\n</Location>"),
    case("not-of-location", "HostnameLookups On\n<Location /sub>\nHostnameLookups Off\n</Location>"),
    *(
        evaluate(f"client-name-of-handlers-{word.lower()}", *ASK, config=f"HostnameLookups {word}" + LOCATION)
        for word in ("On", "Double")
    ),
    Case(
        "client-name-required",
        [get("/a.txt"), get("/b.txt")],
        "HostnameLookups On\n<Files a.txt>\nRequire host localhost\n</Files>\n"
        "<Files b.txt>\nRequire host example.org\n</Files>",
        files={"a.txt": "a", "b.txt": "b"},
    ),
]
