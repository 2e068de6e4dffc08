"""The surface of the API: which names the objects and modules have, and what wrong arguments lead to."""

from __future__ import annotations

from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import DIRECTORY, Case, get

NEW = {
    "req": (
        "aflush", "ainternal_redirect", "aread", "areadline", "asendfile", "awrite", "requires", "__iter__",
    ),
    "conn": (),
    "server": (),
    "table": (
        "__annotations__", "__module__", "__slots__", "_append", "_entries", "_first", "_join", "_rebuild",
        "_repeated", "clone", "from_wire", "pop", "put_none", "put_variables", "raw", "raw_items", "snapshot",
        "wire_items",
    ),
    "apache": ("allow_methods", "mp_conn", "mp_finfo", "mp_request", "mp_server", "nonblocking"),
    "_apache": (),
}  # fmt: skip
"""Names that olexd has beyond mod_python's."""
PARTS_OF_THE_DISPATCHER = (
    "CallBack", "_callback", "_path_cache", "_path_cache_lock", "_phase", "_phase_handler_names",
    "_result_warning", "_status_values", "init", "_apache",
)  # fmt: skip
"""Names of `mod_python.apache` that `dir()` does not show here."""

SHOWS_NAMES = f"""
import inspect
from mod_python import apache
import _apache

NEW = {NEW!r}
GONE = {PARTS_OF_THE_DISPATCHER!r}

def kind(value):
    return 'callable' if callable(value) and not inspect.isclass(value) else type(value).__name__

def lines(what, thing):
    names = [name for name in dir(thing) if name not in NEW[what] and name not in GONE]
    if inspect.ismodule(thing):
        names = [name for name in names if not name.startswith('__')]
    for name in sorted(names):
        value = getattr(thing, name, None)
        shown = value if inspect.ismodule(thing) and type(value) in (int, str) else ''
        if name.startswith('__') or name.endswith(('_rec', '_time')):
            yield '%s.%s' % (what, name)
        else:
            yield '%s.%s %s %s' % (what, name, kind(value), shown)

def handler(req):
    things = dict(req=req, conn=req.connection, server=req.server, table=req.headers_in, apache=apache)
    text = [line for what, thing in things.items() for line in lines(what, thing)]
    text += lines('_apache', _apache)
    for what, thing in things.items():
        text.append('%s has __dict__: %s' % (what, what != 'apache' and hasattr(thing, '__dict__')))
    req.content_type = 'text/plain'
    req.write('\\n'.join(text), 0)
    return apache.OK
"""

SHOWS_FILTERS = """
from mod_python import apache

# dir() shows nothing of a filter.
NAMES = ('close', 'closed', 'dir', 'disable', 'flush', 'handler', 'is_input', 'name', 'pass_on', 'read',
         'readline',
         'req', 'softspace', 'write', 'writelines', 'next', 'readlines', 'log_error', '__dict__', '__iter__')

def outputfilter(filter):
    names = [(name, type(getattr(filter, name, None)).__name__ in ('method', 'builtin_function_or_method'))
             for name in NAMES if hasattr(filter, name)]
    for _ in iter(filter.read, None):
        pass
    if not getattr(filter.req, 'shown', False):
        # What is written has to stay somewhere: mod_python loses what nobody holds.
        filter.req.shown = '%s %s' % (type(filter).__name__, names)
        filter.write(filter.req.shown)
    filter.close()

def handler(req):
    req.content_type = 'text/plain'
    req.write('x', 0)
    return apache.OK
"""

STAR = """
from mod_python.apache import *

def handler(req):
    names = 'OK DECLINED HTTP_NOT_FOUND table SERVER_RETURN os sys time types interpreter make_table escape'
    for name in names.split() + ['CGI_MAGIC_TYPE', 'URI_PATH', 'inspect', 'build_cgi_env']:
        req.write('%s %s\\n' % (name, type(globals().get(name, KeyError())).__name__), 0)
    req.write(interpreter, 0)
    return OK
"""

ARGUMENTS = """
from mod_python import apache
import _apache

ARGUMENTS = [
    (), (None,), (1,), ('x',), (b'x',), (1.5,), ([],), ('x', 'y'), ('x', 1), (1, 1), ('x', None),
    (None, 'x'), (1, 2, 3), ('x', 'y', 'z'), (1, 2, 3, 4, 5, 6),
]
# These crash mod_python, or differ as differences.md says.
LEFT_OUT = {'setdefault': [('x', 'y'), ('x', 1), ('x', None)], 'iteritems': [()], 'iterkeys': [()],
            'itervalues': [()],
            'restore_nocgi': [(1, 2, 3), ('x', 'y', 'z')]}

def result(function, arguments, words):
    try:
        return 'gives ' + type(function(*arguments, **words)).__name__
    except BaseException as error:
        return 'raises ' + type(error).__name__

def lines(what, thing, names):
    for name in names:
        for arguments in ARGUMENTS:
            if arguments not in LEFT_OUT.get(name, []):
                function = getattr(thing(), name)
                yield '%s.%s%r %s' % (what, name, arguments, result(function, arguments, {}))
        yield '%s.%s(nonsense=1) %s' % (what, name, result(getattr(thing(), name), (), {'nonsense': 1}))

NAMES = {
    'req': 'add_cgi_vars add_common_vars add_handler add_input_filter add_output_filter allow_methods '
           'auth_name auth_type '
           'build_wsgi_env construct_url discard_request_body document_root get_addhandler_exts '
           'get_basic_auth_pw '
           'get_config get_options get_remote_host is_https log_error meets_conditions read readline '
           'readlines '
           'register_cleanup register_input_filter register_output_filter send_http_header sendfile '
           'set_content_length set_etag set_last_modified ssl_var_lookup update_mtime wsgi_start_response',
    'conn': 'log_error',
    'server': 'get_config get_options log_error register_cleanup',
    'table': 'add clear copy get has_key items iteritems iterkeys itervalues keys popitem setdefault '
             'update values '
             '__getitem__ __setitem__ __delitem__ __contains__',
    'apache': 'CGIStdin CGIStdout NullIO SERVER_RETURN build_cgi_env config_tree exists_config_define '
              'import_module '
              'log_error make_table module_mtime mpm_query restore_nocgi server_root setup_cgi stat table',
    '_apache': 'config_tree exists_config_define log_error mpm_query parse_qs parse_qsl server_root stat '
               'table',
}

def handler(req):
    things = dict(
        req=lambda: req, conn=lambda: req.connection, server=lambda: req.server, apache=lambda: apache,
        table=lambda: apache.table({'x': 'v', 'z': 'w'}), _apache=lambda: _apache,
    )
    text = list(lines(req.args, things[req.args], NAMES[req.args].split()))
    del req.headers_out['Content-Length']
    req.status, req.content_type = 200, 'text/plain'
    req.write('\\n'.join(text).encode('utf-8', 'replace'), 0)
    return apache.OK
"""

CASES = [
    Case("surface-names", [get("/file")], DIRECTORY, source=SHOWS_NAMES, files={"file": "x"}),
    Case(
        "surface-filter",
        [get("/file")],
        "PythonOutputFilter @M@ SHOWS\n"
        + DIRECTORY.replace("SetHandler", "SetOutputFilter SHOWS\nSetHandler"),
        source=SHOWS_FILTERS,
        files={"file": "x"},
    ),
    Case("surface-star", [get("/")], source=STAR),
    *(
        Case(
            f"surface-arguments-{what.replace('_', 'low-level-')}",
            [get(f"/file?{what}")],
            DIRECTORY,
            source=ARGUMENTS,
            files={"file": "x"},
        )
        for what in ("req", "conn", "server", "table", "apache", "_apache")
    ),
    evaluate(
        "surface-of-parts",
        "vars(req)",
        "vars(req.server)",
        "req.__dict__",
        "req.x = 1; hasattr(req, '__dict__')",
        "req.server.y = 1; hasattr(req.server, '__dict__')",
        "'x' in dir(req)",
        "'_record' in dir(req)",
        "'_phase_handler_names' in vars(apache)",
        "apache._phase_handler_names['PythonHandler']",
        "import _apache; apache._apache is _apache",
        "import _apache; (_apache.APR_DIR, _apache.AP_CONN_CLOSE, _apache.MODULE_MAGIC_NUMBER_MAJOR)",
    ),
]
