"""Guard a Location with somebody else's passwords: ask a web API whether a user is who they say.

The configuration names the API; the path is the one that Twitter's once had:

    AuthType Basic
    AuthName "Subversion Repository"
    Require valid-user
    AuthBasicAuthoritative off
    PythonAuthenHandler olex.twitter_authn
    PythonOption twitter_authn.url https://api.example.com
    PythonOption twitter_authn.timeout 5
"""

import treq
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from mod_python import apache

VERIFY = "/1/account/verify_credentials.json"
TIMEOUT = "5"  # seconds for the whole question, unless the configuration says otherwise


async def authenhandler(req):
    """Let the user in when the API knows the user name and the password.

    A coroutine is olexd's extension to mod_python: while this request waits for the API, the process
    serves others. The synchronous handler that it grew from looked the same, with a blocking call
    where this one awaits:

        def authenhandler(req):
            password = req.get_basic_auth_pw()
            response = requests.get(url, auth=(req.user, password), timeout=5)

    and olexd runs that one too, on a thread of its pool.
    """
    # req.user is only known after req.get_basic_auth_pw() has been called.
    password = req.get_basic_auth_pw()
    username = req.user
    if password is None:
        return apache.HTTP_UNAUTHORIZED

    try:
        status = await verify(req.get_options(), username, password)
    except Exception as error:
        # No answer is not a yes: whoever cannot be checked stays outside.
        req.log_error(f"[authn] Could not ask the API: {error!r}")
        return apache.HTTP_INTERNAL_SERVER_ERROR

    if status == 200:
        return apache.OK
    if status in (401, 403):
        req.log_error(f"[authn] The API does not know user {username!r} with this password")
        return apache.HTTP_UNAUTHORIZED
    req.log_error(f"[authn] The API answered with status {status}")
    return apache.HTTP_INTERNAL_SERVER_ERROR


async def verify(options, username, password):
    """Return the status with which the API answers for these credentials."""
    # What came in a Basic header is handed out as Latin-1, so this gives back the bytes that were sent.
    credentials = username.encode("latin-1"), password.encode("latin-1")
    question = Deferred.fromCoroutine(ask(options["twitter_authn.url"] + VERIFY, credentials))
    return await question.addTimeout(float(options.get("twitter_authn.timeout", TIMEOUT)), reactor)


async def ask(url, credentials):
    """Return the status of one GET; the body is read to its end and dropped."""
    response = await treq.get(url, auth=credentials, allow_redirects=False, persistent=False)
    await treq.collect(response, lambda data: None)
    return response.code
