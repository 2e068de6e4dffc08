"""Access, authentication and authorization from two small files.

PythonOption guard.people   lines `name:password`
PythonOption guard.rules    lines `path who rights`; `*` is everybody, rights are of `r` and `w`
PythonOption guard.blocked  a user agent that gets nothing
"""

from mod_python import apache

READING = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT")


def lines(req, option):
    with open(req.get_options()[option]) as file:
        return file.read().split("\n")


def accesshandler(req):
    agent = req.headers_in.get("User-Agent", "")
    if agent == req.get_options().get("guard.blocked"):
        req.log_error(f"guard: {agent} is not wanted", apache.APLOG_WARNING)
        return apache.HTTP_FORBIDDEN
    return apache.OK


def authenhandler(req):
    password = req.get_basic_auth_pw()
    if f"{req.user}:{password}" in lines(req, "guard.people"):
        req.ap_auth_type = "Basic"
        return apache.OK
    return apache.HTTP_UNAUTHORIZED


def authzhandler(req):
    """Everybody but eve; who else may is for Require to say."""
    if req.user == "eve":
        return apache.HTTP_FORBIDDEN
    return apache.DECLINED


def by_path(req):
    """The rules of the longest path that covers the request; Require decides besides."""
    rights = {}
    for line in lines(req, "guard.rules"):
        path, _, rest = line.partition(" ")
        who, _, what = rest.partition(" ")
        if path and (req.uri == path or req.uri.startswith(path + "/")) and who in ("*", req.user):
            rights[len(path)] = rights.get(len(path), "") + what
    granted = rights[max(rights)] if rights else ""
    wanted = "r" if req.method in READING else "w"
    return apache.DECLINED if wanted in granted else apache.HTTP_FORBIDDEN


def tell(req):
    """Tell programs who asks, in the way they know from their own server."""
    req.subprocess_env["VIEWVC_USER"] = req.user or "nobody"
    return apache.OK
