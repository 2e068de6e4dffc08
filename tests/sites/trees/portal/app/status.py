"""What machines ask."""

import json as _json


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def index(req):
    req.content_type = "application/captive+json"
    return _json.dumps({"captive": True, "user-portal-url": f"http://{req.hostname}/sign_in.psp"})


def echo(req, **fields):
    req.content_type = "text/plain"
    return "\n".join(f"{name}={_text(fields[name])}" for name in sorted(fields))
