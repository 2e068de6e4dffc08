"""Handlers as their authors write them, with annotations; a type checker has nothing to say about them."""

from __future__ import annotations

import asyncio

from mod_python import Cookie, Session, apache, psp, util


def handler(req: apache.mp_request) -> int:
    """Use a little of everything."""
    req.content_type = "text/plain"
    req.headers_out["X-Seen"] = req.headers_in.get("X-Sent", "no")
    options: apache.table = req.get_options()
    form = req.form = util.FieldStorage(req, keep_blank_values=True)
    name = form.getfirst("name", "nobody")
    session = Session.Session(req)
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    Cookie.add_cookie(req, Cookie.Cookie("seen", "yes", path="/"))
    seen = Cookie.get_cookies(req).get("seen")
    client, server = req.connection, req.server
    req.write(f"{name} {seen} {options.get('a')} {client.client_ip} {server.server_hostname}", 0)
    req.log_error("done", apache.APLOG_INFO)
    if req.finfo.size and req.method == "GET":
        req.sendfile(req.filename or "", 0, -1)
    return apache.OK


def page(req: apache.mp_request) -> int:
    """Show a template."""
    psp.PSP(req, "page.psp", vars={"title": "A page"}).run()
    return apache.OK


def authenhandler(req: apache.mp_request) -> int:
    """Ask for a password."""
    password = req.get_basic_auth_pw()
    if password is None or req.user != "joe":
        raise apache.SERVER_RETURN(apache.HTTP_UNAUTHORIZED)
    return apache.OK


async def waiting(req: apache.mp_request) -> int:
    """Read as a coroutine does."""
    body: bytes = await req.aread()
    await asyncio.sleep(0)
    req.set_content_length(len(body))
    req.write(body)
    return apache.OK


def application(req: apache.mp_request) -> int:
    """Call a WSGI application."""
    environ = req.build_wsgi_env()
    return apache.DECLINED if environ is None else apache.OK


def log(server: apache.mp_server, connection: apache.mp_conn, file: apache.mp_finfo) -> None:
    """Write to a server's log."""
    server.log_error(f"{connection.remote_host} {file.fname}")
