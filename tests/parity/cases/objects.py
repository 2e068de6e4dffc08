"""The objects that handlers hold, expression by expression: tables, request, connection, server, finfo."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, LOCATION, Case, Request, get

EVALUATOR = """
import ast, os, sys
from mod_python import apache

def show(text, names):
    *before, last = ast.parse(text).body
    if not isinstance(last, ast.Expr):
        exec(text, names)
        return 'done'
    exec(compile(ast.Module(before, []), 'x', 'exec'), names)
    return repr(eval(compile(ast.Expression(last.value), 'x', 'eval'), names))

def failure(error):
    text = str(error)
    if isinstance(error, TypeError) and ('takes' in text or 'missing' in text or 'keyword' in text):
        text = 'wrong arguments'
    return '%s: %s' % (type(error).__name__, text)

def evaluate(req):
    for text in LINES:
        names = {'req': req, 'apache': apache, 'os': os, 'sys': sys, 'T': apache.table}
        try:
            yield '%s -> %s' % (text, show(text, names))
        except BaseException as error:
            yield '%s -> %s' % (text, failure(error))

def handler(req):
    req.content_type = 'text/plain'
    text = '\\n'.join(evaluate(req))
    req.content_type = 'text/plain'
    req.write(text.encode('utf-8', 'backslashreplace'), 0)
    return apache.OK
"""
"""A handler that evaluates the last expression of each of LINES, after the statements before it."""

A_TABLE = "t = T([('a', '1'), ('B', '2')]); t.add('A', '3'); "


def evaluate(
    name: str,
    *lines: str,
    config: str = LOCATION,
    requests: tuple[Request, ...] = (get("/"),),
    **more: object,
) -> Case:
    """A case that shows what each line evaluates to, or the exception it raises."""
    source = f"LINES = {lines!r}\n{EVALUATOR}"
    return Case(name, requests, config, source=source, **more)  # type: ignore[arg-type]


TABLES = {
    "make": (
        "T()", "T({})", "T({'a': 'b'})", "T([('a', 'b')])", "T(items={'a': 'b'})",
        "T((('a', 'b'), ('A', 'c')))",
        "T({'a': None, 'b': 1})", "T(T({'a': 'b'}))", "T(iter([('a', 'b')]))", "type(T()).__name__",
        "apache.make_table is apache.table",
    ),
    "make-wrongly": ("T(1)", "T([1])", "T([('a',)])", "T(['abc'])", "T(['ab'])", "T([('a', 'b', 'c')])"),
    "read": (
        A_TABLE + "t['a']", A_TABLE + "t['A']", A_TABLE + "t['b']", A_TABLE + "t['none']",
        A_TABLE + "t.get('a')",
        A_TABLE + "t.get('none')", A_TABLE + "t.get('none', 7)", A_TABLE + "len(t)", A_TABLE + "bool(t)",
        "bool(T())",
        A_TABLE + "'A' in t", A_TABLE + "'none' in t", A_TABLE + "t.has_key('b')",
        A_TABLE + "t.has_key('none')",
        A_TABLE + "t.keys()", A_TABLE + "t.values()", A_TABLE + "t.items()", A_TABLE + "list(t)",
        A_TABLE + "list(t.iterkeys())", A_TABLE + "list(t.itervalues())", A_TABLE + "list(t.iteritems())",
        A_TABLE + "repr(t)", A_TABLE + "str(t)", A_TABLE + "sorted(dict(t).items())", A_TABLE + "t[b'a']",
        A_TABLE + "next(t.iteritems())", A_TABLE + "t.iterkeys().next()",
    ),
    "write": (
        A_TABLE + "t['a'] = 'x'; t", A_TABLE + "t['A'] = 'x'; t.items()", A_TABLE + "t['b'] = 'x'; t.items()",
        A_TABLE + "t['c'] = 'x'; t.items()", A_TABLE + "del t['a']; t.items()",
        A_TABLE + "del t['none']; t.items()", A_TABLE + "t.add('b', '4'); t['b']",
        A_TABLE + "t.clear(); t.items()",
        A_TABLE + "t.update({'a': 5, 'z': None}); t.items()", A_TABLE + "c = t.copy(); c['b'] = '9'; t['b']",
        A_TABLE + "t.copy().items()", A_TABLE + "t.setdefault('a', 'x')", A_TABLE + "t.setdefault('none')",
        A_TABLE + "t.setdefault('none'); t.items()", "T().popitem()", A_TABLE + "t['x'] = b'bytes'; t['x']",
    ),
    "write-wrongly": (
        "t = T(); t['a'] = 1", "t = T(); t['a'] = None", "t = T(); t[1] = 'a'", "T().add('a', 1)",
        "T().add('a')",
        "T().add(1, 'a')", "T()[1]", "T().get()", "T().get(1)", "1 in T()", "T().has_key(1)",
        "T().setdefault('a', None)", "T().setdefault('a', 1)", "T().update([('a', 'b')])",
        "T().update(a='b')",
        "T().update()", "T().update(1)", "t = T(); t['\\u20ac'] = 'a'", "t = T(); t['a'] = '\\u20ac'",
        "t = T({'a': 'b'}); t.x = 1", "T().fromkeys", "T().clear(1)", "T().add('a', 'b', 'c')",
    ),
    "compare": (
        "T({'a': 'b'}) == T({'a': 'b'})", "T({'a': 'b'}) == T({'A': 'b'})", "T({'a': 'b'}) == {'a': 'b'}",
        "{'a': 'b'} == T({'a': 'b'})", "T() == {}", "T({'a': 'b'}) != {'a': 'b'}", "T({'a': '1'}) != T()",
        "hash(T())", "len({T(): 1})",
    ),
    "iterate": (
        A_TABLE + "i = iter(t); next(i); t['new'] = 'x'; next(i)", A_TABLE + "[t[k] for k in t]",
        A_TABLE + "i = t.iteritems(); t.clear(); next(i)", A_TABLE + "sorted(t)",
        A_TABLE + "[k for k in t.keys()]",
        A_TABLE + "i = iter(t); i is iter(i)",
    ),
    "live": (
        "req.headers_in is req.headers_in", "req.headers_out is req.headers_out",
        "req.err_headers_out is req.err_headers_out", "req.notes is req.notes",
        "req.subprocess_env is req.subprocess_env", "req.headers_out is req.err_headers_out",
        "t = req.notes; req.notes['x'] = 'y'; t['x']",
        "req.headers_in['x-new'] = '1'; req.headers_in['X-New']",
        "req.headers_in.get('host') == req.hostname", "type(req.headers_in).__name__",
        "type(req.notes).__name__",
    ),
}  # fmt: skip

REQUEST = {
    "identity": (
        "req is req", "type(req).__name__", "repr(req)[:24]", "hash(req) == hash(req)", "req == req",
        "len(req)", "req.connection is req.connection", "req.server is req.server",
        "req.nothing", "req.a = 1; req.a", "del req.a; req.a", "hasattr(req, 'a')",
        "req.headers_out = 1", "req.phase = 'x'", "req.hlist = 1", "req.extension = 'x'", "bool(req)",
    ),
    "text-attributes": tuple(
        f"req.{name} = {value}; req.{name}"
        for name in ("args", "content_type", "filename", "handler", "path_info", "status_line", "uri", "user",
                     "canonical_filename", "ap_auth_type")
        for value in ("'x'", "b'y'", "1", "None", "'\\u20ac'")
    ),
    "integer-attributes": tuple(
        f"req.{name} = {value}; req.{name}"
        for name in ("assbackwards", "chunked", "no_cache", "no_local_copy", "proxyreq",
                     "used_path_info")
        for value in ("1", "0", "'x'", "None", "1.5")
    ),
    "read-only-attributes": tuple(
        f"req.{name} = 1"
        for name in ("allowed", "bytes_sent", "clength", "connection", "content_encoding", "eos_sent",
        "expecting_100",
                     "header_only", "headers_in", "hostname", "interpreter", "main", "method", "mtime",
                     "notes",
                     "parsed_uri", "prev", "proto_num", "protocol", "range", "read_body", "read_length",
                     "remaining",
                     "request_time", "sent_bodyct", "server", "subprocess_env", "the_request", "unparsed_uri",
                     "vlist_validator", "useragent_ip", "useragent_addr", "next", "_bytes_queued")
    ),
    "finfo": (
        "req.finfo = apache.stat('@ROOT@', 0); req.finfo.filetype", "req.finfo = 1", "req.finfo = None",
        "type(req.finfo).__name__",
    ),
    "arguments": (
        "req.write()", "req.write('x', 0, 0)", "req.write(None)", "req.write(1)", "req.write(['x'])",
        "req.write('', 'x')", "req.write(memoryview(b'x'))", "req.set_content_length('x')",
        "req.set_content_length()",
        "req.sendfile()", "req.sendfile(b'x')", "req.sendfile(1)", "req.sendfile('/none/at/all')",
        "req.internal_redirect()", "req.log_error(b'x')", "req.log_error(1)",
        "req.log_error('x', 'y')", "req.log_error(None)", "req.log_error()", "req.register_cleanup(1)",
        "req.register_cleanup()", "req.add_handler()", "req.add_handler('PythonHandler')",
        "req.add_handler('x', 'y')", "req.add_handler('PythonCleanupHandler', 'y')",
        "req.add_handler('PythonOutputFilter', 'y')", "req.add_handler('PythonHandler', len)",
        "req.add_handler(1, 'y')", "req.add_handler('PythonLogHandler', 'm', 1)",
        "req.construct_url()", "req.construct_url(1)", "req.construct_url('x')",
        "req.construct_url('/x y?z')",
        "req.ssl_var_lookup(1)", "req.ssl_var_lookup()", "req.is_https()", "req.update_mtime('x')",
        "req.update_mtime()", "req.allow_methods(1)", "req.allow_methods([1])", "req.allow_methods()",
        "req.get_remote_host('x')", "req.discard_request_body()", "req.read('x')",
        "req.read(None)", "req.readline(None)", "req.readlines('x')", "req.read(1, 2)",
    ),
    "environment-empty": ("sorted(req.subprocess_env.items())", "sorted(req.notes.items())",
                          "req.get_basic_auth_pw()", "req.user", "req.auth_type()", "req.auth_name()",
                          "req.meets_conditions()"),
    "remote-host": ("req.get_remote_host()", "req.get_remote_host(apache.REMOTE_HOST)",
                    "req.get_remote_host(apache.REMOTE_NAME)", "req.get_remote_host(apache.REMOTE_NOLOOKUP)",
                    "req.get_remote_host(apache.REMOTE_NAME, 1)",
                    "req.get_remote_host(apache.REMOTE_NOLOOKUP, 'x')",
                    "req.get_remote_host(apache.REMOTE_HOST, 1)"),
    "mtime": ("req.mtime", "req.update_mtime(5.9); req.mtime", "req.update_mtime(3); req.mtime",
              "req.update_mtime(10); req.mtime", "req.set_last_modified(); req.headers_out['last-modified']",
              "req.set_etag(); req.headers_out['etag']", "req.update_mtime(-1); req.mtime"),
    "allow-methods": ("req.allow_methods(['GET', 'FOO']); (req.allowed, req.allowed_methods)",
                      "req.allowed_xmethods",
                      "req.allow_methods([], 1); req.allowed_methods",
                      "req.allow_methods(('BAR',)); req.allowed_methods",
                      "req.allow_methods(['X'], 1); req.allowed_methods",
                      "req.allow_methods('AB', 1); req.allowed_methods"),
}  # fmt: skip

OWN_TREE = (
    "[tree[i + 1] for tree in [apache.config_tree()] for i, x in enumerate(tree)"
    " if x[0] == '<VirtualHost' and ('ServerName', req.hostname) in tree[i + 1]]"
)
"""What `config_tree()` has of the case's own virtual host."""

ELSEWHERE = {
    "connection": (
        "req.connection.client_ip", "req.connection.client_addr[0]", "type(req.connection.client_addr)",
        "type(req.connection.client_addr[1])", "req.connection.local_ip", "req.connection.local_addr[0]",
        "req.connection.local_addr[1]", "req.connection.remote_ip", "req.connection.remote_addr[0]",
        "req.connection.remote_host", "req.connection.remote_logname", "req.connection.local_host",
        "req.connection.aborted", "req.connection.keepalive", "req.connection.keepalives",
        "req.connection.double_reverse", "type(req.connection.id)", "req.connection.notes",
        "req.connection.notes['x'] = 'y'; req.connection.notes", "req.connection.base_server.server_hostname",
        "req.connection.aborted = 1", "req.connection.nothing", "req.connection.nothing = 1",
        "del req.connection.aborted", "req.connection.keepalive = 'x'", "req.connection.keepalive = 2",
        "dir(req.connection)", "type(req.connection).__name__", "req.connection.log_error(1)",
        "req.connection.log_error('x', 'y')", "req.connection.log_error(None)",
        "req.connection is req.connection",
    ),
    "server": (
        "req.server.server_hostname", "req.server.port", "req.server.names", "req.server.wild_names",
        "req.server.is_virtual", "req.server.server_admin", "req.server.error_fname", "req.server.loglevel",
        "req.server.timeout", "req.server.keep_alive", "req.server.keep_alive_timeout",
        "req.server.keep_alive_max",
        "req.server.path", "req.server.pathlen", "req.server.limit_req_line",
        "req.server.limit_req_fieldsize",
        "req.server.limit_req_fields", "req.server.my_generation", "type(req.server.restart_time)",
        "type(req.server.defn_name)",
        "type(req.server.defn_line_number)", "req.server.next.is_virtual",
        "req.server.own = 1; req.server.own",
        "req.server.names = 1", "del req.server.names", "req.server.nothing", "type(req.server).__name__",
        "req.server.get_config()", "sorted(req.server.get_options().items())[-1:]",
        "req.server.log_error(1)", "req.server.log_error(None)", "req.server.register_cleanup(1, len)",
        "req.server.register_cleanup(req, 1)", "req.server.register_cleanup(req)",
    ),
    "main-server": (
        "apache.main_server.is_virtual", "apache.main_server.server_hostname", "apache.main_server.names",
        "apache.main_server.defn_name", "apache.main_server.defn_line_number",
        "apache.main_server.next.is_virtual", "apache.main_server.get_options().get('parity.main')",
        "type(apache.main_server).__name__", "apache.main_server.next.next.is_virtual",
        "apache.main_server.next.server_hostname == apache.main_server.next.names[0]",
        "apache.main_server.next is apache.main_server.next", "apache.main_server.port",
        "apache.main_server.get_options().keys()", "apache.main_server.get_config().keys()",
    ),
    "finfo": (
        "f = apache.stat('@ROOT@/file.txt', 0); (f.size, f.filetype, f.fname, f.name)",
        "f = apache.stat('@ROOT@/file.txt', 0); hex(f.protection)",
        "f = apache.stat('@ROOT@', 0); f.filetype",
        "f = apache.stat('@ROOT@/file.txt', 0); (f.mtime, f[9] == f.ctime, f[8] == f.mtime)",
        "f = apache.stat('@ROOT@/file.txt', 0); (f[0] == f.protection, f[6], f[10], f[11])",
        "f = apache.stat('@ROOT@/file.txt', 0); len(list(f))",
        "f = apache.stat('@ROOT@/file.txt', 0); len(f)",
        "f = apache.stat('@ROOT@/file.txt', 0); f[-1]", "f = apache.stat('@ROOT@/file.txt', 0); f[99]",
        "f = apache.stat('@ROOT@/file.txt', 0); f.nothing",
        "f = apache.stat('/none/at/all', 0); (f.filetype, f.size, f.mtime, f.fname)", "apache.stat('x')",
        "apache.stat(1, 2)", "apache.stat('x', 'y')", "apache.stat(b'x', 0)",
        "f = apache.stat('@ROOT@/file.txt', apache.APR_FINFO_SIZE); (f.size, type(f.inode))",
        "type(req.finfo).__name__", "req.finfo.filetype", "req.finfo.size", "req.finfo.fname",
    ),
    "module": (
        "apache.server_root().rstrip('/').endswith(('apache', 'tested'))",
        "apache.exists_config_define('nope')",
        "apache.exists_config_define(1)", "apache.mpm_query('x')",
        "apache.mpm_query(apache.AP_MPMQ_IS_THREADED)",
        "apache.mpm_query(apache.AP_MPMQ_MAX_THREADS)", "apache.interpreter", "req.interpreter",
        "apache.log_error(1)", "apache.log_error('x', 'y')", "apache.log_error('x', 3, 4)",
        "apache.register_cleanup(1)", "apache.register_cleanup()", "apache.module_mtime(sys)",
        "apache.import_module('no_such_module_anywhere')", "apache.import_module('json').__name__",
        "apache.import_module('os.path').__name__", "apache.resolve_object(os, 'path.join') is os.path.join",
        "apache.resolve_object(os, 'getcwd') is os.getcwd", "apache.resolve_object(os, 'nothing', None, 1)",
        "apache.resolve_object(os, 'nothing.more', None, 1)", "apache.resolve_object(os, 'path.nothing')",
        "apache.SERVER_RETURN.__module__", "issubclass(apache.SERVER_RETURN, Exception)",
        "apache.SERVER_RETURN.__mro__[1]", "apache.escape('<&\">')", "apache.os is os",
        "type(apache.config_tree())", OWN_TREE, "[x for x in apache.config_tree() if x[0] == 'Listen'][0][0]",
        "hasattr(apache, 'exists_config')", "sorted(apache._phase_handler_names.items())[0]",
    ),
    "hlist": (
        "req.hlist.handler", "req.hlist.directory", "req.hlist.is_location", "req.hlist.silent",
        "type(req.hlist).__name__", "repr(req.hlist)",
        "[hasattr(req.hlist, name) for name in ('next', 'nothing', 'location', 'parent')]",
    ),
}  # fmt: skip

A_FILE = {"file.txt": "0123456789"}

CASES = [
    *(evaluate(f"table-{name}", *lines) for name, lines in TABLES.items()),
    *(evaluate(f"request-{name}", *lines) for name, lines in REQUEST.items()),
    *(evaluate(f"object-{name}", *lines, files=A_FILE) for name, lines in ELSEWHERE.items()),
    *(
        evaluate(
            f"object-{name}-in-directory",
            *ELSEWHERE[name],
            config=DIRECTORY,
            files=A_FILE,
            requests=(get("/file.txt/more"), get("/none")),
        )
        for name in ("finfo", "hlist")
    ),
]
