"""Members of the objects, one by one: types, what may be written, arguments, locks, the fields of a file."""

from __future__ import annotations

from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import DIRECTORY, get, post

REQUEST = (
    "allowed", "allowed_methods", "allowed_xmethods", "ap_auth_type", "args", "assbackwards",
    "bytes_sent", "canonical_filename", "chunked", "clength", "content_encoding", "content_languages",
    "content_type", "eos_sent", "err_headers_out", "expecting_100", "extension", "filename", "handler",
    "header_only", "headers_out", "hostname", "interpreter", "main", "method", "method_number", "mtime",
    "next", "no_cache", "no_local_copy", "parsed_uri", "path_info", "phase", "prev", "proto_num",
    "protocol", "proxyreq", "range", "read_body", "read_chunked", "read_length", "remaining",
    "sent_bodyct", "status", "status_line", "the_request", "unparsed_uri", "uri", "used_path_info",
    "user", "useragent_ip", "vlist_validator", "_bytes_queued", "_content_type_set",
)  # fmt: skip
TABLES = ("headers_in", "headers_out", "err_headers_out", "notes", "subprocess_env")
CONNECTION = (
    "base_server", "local_addr", "client_addr", "client_ip", "local_ip", "remote_host", "remote_logname",
    "local_host", "aborted", "keepalives", "double_reverse", "id", "notes", "nothing",
)  # fmt: skip
SERVER = (
    "server_hostname", "port", "server_admin", "names", "wild_names", "is_virtual", "defn_name",
    "defn_line_number", "error_fname", "loglevel", "timeout", "keep_alive_timeout", "keep_alive_max",
    "keep_alive", "path", "pathlen", "limit_req_line", "limit_req_fieldsize", "limit_req_fields",
    "my_generation", "restart_time",
)  # fmt: skip
FILE = (
    "protection", "inode", "device", "nlink", "user", "group", "size", "atime", "mtime", "ctime",
    "fname", "name", "filetype", "valid",
)  # fmt: skip
A_FILE = "f = apache.stat('/etc/passwd', 0); "
NO_FILE = "f = apache.stat('/none/at/all', 0); "
LOCKS = "import _apache; s = req.server; "
TRIED = "r = _apache._global_trylock(s, 'x'); _apache._global_unlock(s, 'x'); r"
NUL = "'a\\0b'"

CASES = [
    evaluate(
        "member-types",
        *(f"type(req.{name})" for name in REQUEST if name not in TABLES),
        *(f"type(req.{name}).__name__" for name in TABLES),
    ),
    evaluate(
        "member-values",
        *(f"req.{name}" for name in REQUEST),
        config=DIRECTORY,
        requests=(get("/a.txt?x=y"), get("/d/"), get("/d/a.html.gz.de"), post("/x/y", "abc")),
        files={"a.txt": "x", "d/a.html.gz.de": "y"},
    ),
    evaluate(
        "member-connection",
        *(f"req.connection.{name} = 1" for name in CONNECTION),
        *(f"del req.connection.{name}" for name in CONNECTION),
        *(
            f"req.connection.keepalive = {value}; req.connection.keepalive"
            for value in ("0", "1", "2", "3", "None", "1.0", "True")
        ),
        "req.connection.log_error('x', None)",
        "req.connection.log_error(b'x')",
        "repr(req.connection)[:20]",
        "req.connection.notes is req.connection.notes",
        "type(req.connection.local_addr)",
    ),
    evaluate(
        "member-server",
        *(f"req.server.{name} = 1" for name in SERVER),
        *(f"type(req.server.{name})" for name in SERVER),
        "req.server.register_cleanup(None, len)",
        "req.server.register_cleanup(req, None)",
        "req.server.log_error('x', None)",
        "req.server.get_options() is req.server.get_options()",
        "repr(req.server)[:19]",
        "req.server == apache.main_server",
        "req.server.own = 1; del req.server.own; req.server.own",
    ),
    evaluate(
        "member-file",
        *(f"{A_FILE}type(f.{name})" for name in FILE),
        *(f"{NO_FILE}f.{name}" for name in FILE),
        *(f"{NO_FILE}f[{index}]" for index in range(12)),
        f"{NO_FILE}repr(f)",
        f"{NO_FILE}tuple(f)",
        f"{A_FILE}f[0:2]",
        f"{A_FILE}f['x']",
        f"{A_FILE}f[13]",
        f"{A_FILE}hex(f.valid)",
        "apache.stat('/dev/null', 0).filetype",
        "apache.stat('/etc/passwd/x', 0)",
        "apache.stat('', 0)",
        "apache.stat(None, 0)",
        "apache.stat('/etc', None)",
        "apache.stat('/etc', 0, 0)",
        f"apache.stat({NUL}, 0)",
        "hex(apache.stat('/tmp', 0).protection)",
        "apache.stat('/proc/self/exe', apache.APR_FINFO_LINK).filetype",
        "apache.stat('/proc/self/exe', 0).filetype",
    ),
    evaluate(
        "member-nul",
        f"req.construct_url({NUL})",
        f"req.ssl_var_lookup({NUL})",
        f"req.log_error({NUL})",
        f"req.server.log_error({NUL})",
        f"apache.log_error({NUL})",
        f"req.add_handler({NUL}, 'x')",
        f"req.add_handler('PythonLogHandler', {NUL})",
        f"apache.exists_config_define({NUL})",
        f"req.internal_redirect({NUL})",
        f"req.sendfile({NUL})",
    ),
    evaluate(
        "member-dynamic",
        "req.x = 1; 'x' in dir(req)",
        "req['x']",
        "req < req",
        "str(req)[:24]",
        "hasattr(req, 'send_http_header')",
    ),
    evaluate(
        "member-locks",
        *(
            LOCKS + call
            for call in (
                "_apache._global_lock(1, 'x')",
                "_apache._global_lock(s, 'x', 9999)",
                "_apache._global_lock(s, 'x', -5)",
                "_apache._global_lock(s, 'x', 'y')",
                "_apache._global_lock(s, [])",
                "_apache._global_lock()",
                "_apache._global_trylock(1, 'x')",
                "_apache._global_unlock(1, 'x')",
                "_apache._global_unlock(s, 'x', 9999)",
                "_apache._global_lock(s, 'x'); _apache._global_unlock(s, 'x')",
                "_apache._global_lock(s, None, 0); _apache._global_unlock(s, None, 0)",
                f"_apache._global_lock(s, 'x'); {TRIED}",
                TRIED,
            )
        ),
    ),
    evaluate(
        "member-module",
        "apache.SERVER_RETURN(1).args",
        "repr(apache.SERVER_RETURN(1, 2))",
        "apache.REQ_EXIT",
        "apache.config_tree(1)",
        "apache.server_root(1)",
        "apache.register_cleanup(None)",
        "apache.log_error()",
        "apache.log_error('x', None)",
        "apache.log_error('x', 3, None)",
        "apache.log_error('x', 3, req)",
        "apache.module_mtime(3)",
        "import types; apache.module_mtime(types.ModuleType('x'))",
        "import json; apache.module_mtime(json); hasattr(json, '__mtime_check__')",
        "apache.import_module('')",
        "apache.import_module('.x')",
        "apache.import_module('os', 0, 0, ['/tmp']) is os",
        "apache.mpm_query(None)",
        "apache.mpm_query(1.0)",
        "apache.resolve_object(os, 'path') is os.path",
        "T(None)",
        "T('ab')",
        "T([['a', 'b']])",
        "import _apache; _apache.SERVER_RETURN is apache.SERVER_RETURN",
        "import _apache; _apache.table is T",
    ),
]
