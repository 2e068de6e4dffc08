"""Modules of the toolkit that need no request: cache, httpdconf, testhandler's helpers, version, _apache."""

from __future__ import annotations

from tests.parity.runner.shows import shows

BESIDE = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>'
NAMES = {
    "Cookie": "Cookie CookieError MarshalCookie SignedCookie add_cookie base64 get_cookie get_cookies hmac "
    "marshal metaCookie re time",
    "Session": "BaseSession CLEANUP_CHANCE COOKIE_NAME Cookie DFT_CLEANUP_TIME_LIMIT DFT_FAST_CLEANUP "
    "DFT_GRACE_PERIOD DFT_LOCK DFT_TIMEOUT DFT_VERIFY_CLEANUP DbmSession FS_STAT_VERSION FileSession "
    "MemorySession Session StringIO apache dbm dbm_cleanup dump dumps filesession_cleanup load loads "
    "make_filesession_dirs md5_hash mem_cleanup os random re stat sys tempdir tempfile time traceback "
    "true_or_false unlock_session_cleanup validate_sid_re whichdb",
    "cache": "Cache Entry FileCache FunctionCache HTTPCache HTTPEntity HttpModuleCache ModuleCache "
    "NOT_INITIALIZED WeakCache parseRFC822Time re_max_age re_not_word",
    "psp": "FileCache HitsCache PSP PSPInterface Session apache code2str dbm dbm_cache_get dbm_cache_store "
    "dbm_cache_type dbm_types escape handler marshal mem_fcache mem_scache os parse parsestring path_split "
    "str2code sys tempdir tempfile types util",
    "publisher": "PageCache apache default_builtins_tp_rule default_tp_rule handler page_cache process_auth "
    "publish_object resolve_object tp_rules util",
    "util": "BytesIO Field FieldList FieldStorage StringField apache apply_fs_data parse_header parse_qs "
    "parse_qsl readBlockSize redirect tempfile",
}
"""What `from mod_python.NAME import *` has brought to applications; types and private helpers apart."""

CASES = [
    shows(
        "names-of-modules",
        *(f"missing({module!r}, {names!r})" for module, names in NAMES.items()),
        setup="""
def missing(module, names):
    found = {}
    exec('from mod_python.%s import *' % module, found)
    return [name for name in names.split() if name not in found]
""",
    ),
    shows(
        "cache-basics",
        "own['a'], own['a']",
        "own._checkitem('a')[0], own._checkitem('b')[0]",
        "own.mru(), own.lru()",
        "own.__setitem__('x', 5), own['x'], own.__delitem__('x')",
        "own.__delitem__('x')",
        "own.clear()",
        "two['a'], two['b'], two['c'], two.mru(), two.lru()",
        "two['a'], two.mru(), two.lru()",
        "calls",
        "cache.Cache()['x']",
        "cache.Cache().key('n'), cache.Cache().check('k', 'n', None), cache.Cache().commit()",
        "cache.Entry('k')._key, cache.Entry('k')._value is cache.NOT_INITIALIZED",
        setup="""
from mod_python import cache
calls = []
class Own(cache.Cache):
    def build(self, key, name, opened, entry):
        calls.append(key)
        return key * 2
own, two = Own(), Own(2)
""",
    ),
    shows(
        "cache-weak",
        "kept['x'].n, kept['x'] is KEPT",
        "numbers['x']",
        setup="""
from mod_python import cache
class Thing:
    n = 3
KEPT = Thing()
class Kept(cache.WeakCache):
    def build(self, key, name, opened, entry): return KEPT
class Numbers(cache.WeakCache):
    def build(self, key, name, opened, entry): return 5
kept, numbers = Kept(), Numbers()
""",
    ),
    shows(
        "cache-functions",
        "f(1, 2), f(1, 2), f(1, b=2), f(a=1, b=2), f(b=2, a=1)",
        "calls",
        "f([], 1)",
        "cache.parseRFC822Time('Sat, 14 Jun 2003 02:42:36 GMT')",
        "cache.re_max_age.search('public, Max-Age = 5').group(1), cache.re_not_word.sub('_', '/a/b.py')",
        setup="""
from mod_python import cache
calls = []
def plain(a, b=0):
    calls.append(1)
    return a, b
f = cache.FunctionCache(plain)
""",
    ),
    shows(
        "cache-files",
        "cache.FileCache()['@ROOT@/a.txt'], cache.FileCache(0, 'r')['@ROOT@/a.txt']",
        "cache.FileCache()['@ROOT@/none']",
        "modules['@ROOT@/mod.py'].word, modules['@ROOT@/mod.py'].__name__[-7:]",
        "modules['@ROOT@/mod.py'] is modules['@ROOT@/mod.py']",
        "modules['@ROOT@/mod.py'].__name__ in sys.modules, modules['@ROOT@/mod.py'].__file__",
        "modules['@ROOT@/none.py']",
        setup="import sys\nfrom mod_python import cache\nmodules = cache.ModuleCache()",
        files={"a.txt": "text", "mod.py": "word = 'w'"},
        config=BESIDE,
    ),
    shows(
        "httpdconf",
        "repr(h.Location('/x', h.SetHandler('mod_python')))",
        "str(h.Location('/x', h.SetHandler('mod_python'), h.Container(h.Options('None'), only_if='1 == 2')))",
        "repr(h.Container(h.Options('None')))",
        "str(h.Comment('a\\n\\nb')), repr(h.Comment('a\\nb'))",
        "h.quote_if_space('a b'), h.quote_if_space('a')",
        "str(h.Directory('C:\\\\x', h.PythonPath('a\\\\b'), h.CustomLog('a\\\\b')))",
        "h.Container(5).args",
        "str(h.Container(5))",
        "h.Container().append(5)",
        "h.PythonInterpPerDirectory(), h.PythonInterpPerDirective()",
        "str(Own('v')), repr(Own('v')), repr(h.Listen(\"it's\")), h.Listen(5), str(h.Listen(5))",
        "h.Directive('A', 'b', 0), h.ContainerTag('T', 'a', [h.Options('x')])",
        "str(h.VirtualHost('*', h.IfModule('x', h.Listen('1'))))",
        "str(h.Container(h.Listen('1'), only_if='no_such_name'))",
        "str(h.Container(h.Listen('1'), only_if='mod_python.version.version and sys and os'))",
        "h.Listen('1').indent, h.Container().indent",
        setup="""
from mod_python import httpdconf as h
class Own(h.Directive):
    def __init__(self, val):
        h.Directive.__init__(self, self.__class__.__name__, val)
""",
    ),
    shows(
        "testhandler-buffer",
        "[buffer.append(n) for n in range(5)]",
        "buffer.items, list(buffer), list(testhandler.bounded_buffer(2))",
        setup="from mod_python import testhandler\nbuffer = testhandler.bounded_buffer(3)",
    ),
    shows(
        "package",
        "sorted(mod_python.__all__)",
        "mod_python.mp_version == mod_python.version.version, mod_python.mp_version[:3]",
        "mod_python.apache is apache, mod_python.python22.__name__",
        "[type(getattr(mod_python.version, name)).__name__ for name in VERSIONS.split()]",
        setup="import mod_python, mod_python.version, mod_python.python22\n"
        "VERSIONS = 'version HTTPD HTTPD_VERSION APR_VERSION LIBEXECDIR SYSCONFDIR PYTHON_BIN'",
    ),
    shows(
        "low-level",
        "_apache._global_lock(req.server, 'key'), _apache._global_unlock(req.server, 'key')",
        "_apache._global_lock(req.server, None, 1)",
        "_apache._global_trylock(req.server, None, 2), _apache._global_unlock(req.server, None, 2)",
        "_apache._global_unlock(req.server, None, 1)",
        "_apache._global_lock(5, 'x')",
        "_apache._global_lock(req.server, None, 1000)",
        "_apache.parse_qsl(b'a=1'), _apache.config_tree is apache.config_tree",
        "[name for name in NAMES.split() if not hasattr(_apache, name)]",
        setup="import _apache\nNAMES = 'SERVER_RETURN config_tree exists_config_define log_error mpm_query "
        "parse_qs parse_qsl register_cleanup server_root stat table'",
    ),
]
