"""What machines ask."""

import json as _json


def index(req):
    req.content_type = "application/captive+json"
    return _json.dumps({"captive": True, "user-portal-url": "http://%s/sign_in.psp" % req.hostname})


def echo(req, **fields):
    req.content_type = "text/plain"
    return "\n".join("%s=%s" % (name, str(fields[name])) for name in sorted(fields))
