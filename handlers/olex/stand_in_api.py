"""A stand-in for the web API that twitter_authn asks, so that the example works without the network.

It knows one user, whom the configuration names:

    PythonHandler olex.stand_in_api
    PythonOption stand_in_api.user olex
    PythonOption stand_in_api.password mod_python
"""

import base64
import hmac
import json

from mod_python import apache


def handler(req):
    """Answer whether the credentials of the request are those of the one user."""
    options = req.get_options()
    known = f"{options['stand_in_api.user']}:{options['stand_in_api.password']}"
    req.content_type = "application/json"
    if hmac.compare_digest(credentials(req), known.encode()):
        req.write(json.dumps({"screen_name": options["stand_in_api.user"]}), 0)
    else:
        req.status = apache.HTTP_UNAUTHORIZED
        req.headers_out["WWW-Authenticate"] = 'Basic realm="Stand-in API"'
        req.write(json.dumps({"errors": [{"message": "Could not authenticate you."}]}), 0)
    return apache.OK


def credentials(req):
    """Return what a Basic Authorization header holds, user:password, or nothing.

    req.get_basic_auth_pw() would do this where AuthType Basic is in force, which it is not for an API
    that answers everybody, if only with a refusal.
    """
    scheme, _, encoded = req.headers_in.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded)
    except ValueError:
        return b""
