"""What is left of the toolkit: the test page, caches, configuration objects, versions, names of modules."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, get
from tests.parity.runner.shows import shows

TEST_PAGE = """
<Location /page>
    SetHandler mod_python
    PythonHandler mod_python.testhandler
    PythonDebug @DEBUG@
</Location>
"""


def case(name: str, imports: str, body: str, **more: object) -> Case:
    """Return a case of a handler that shows what `body` appends to `seen`."""
    lines = "\n    ".join(body.strip().splitlines())
    source = (
        f"from mod_python import apache, {imports}\nimport sys\n\n\ndef handler(req):\n    seen = []\n"
        f"    {lines}\n    req.content_type = 'text/plain'\n    req.write(repr(seen), 0)\n"
        "    return apache.OK\n"
    )
    return Case(name, [get("/")], source=source, **more)  # type: ignore[arg-type]


DOUBLING = """
class C(cache.Cache):
    def build(self, key, name, opened, entry):
        seen.append('build %s %r' % (name, opened))
        return name * 2
"""

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
    Case(
        "testhandler",
        [get("/page")],
        TEST_PAGE.replace("@DEBUG@", "Off"),
        differs="the page tells much of the server: it is there under PythonDebug only",
        olexd=[Expect(403)],
        log=[],
    ),
    Case(
        "testhandler-debug",
        [get("/page?<script>", "X-A: <script>")],
        TEST_PAGE.replace("@DEBUG@", "On"),
        differs="the page looks different, and escapes what it shows",
        olexd=[
            Expect(
                200,
                {"content-type": "text/html; charset=utf-8"},
                r".*<title>mod_python test page</title>(?!.*<script>).*X-A.*&lt;script&gt;.*",
            )
        ],
    ),
    Case(
        "testhandler-log",
        [get("/page?view_log=1")],
        TEST_PAGE.replace("@DEBUG@", "On"),
        differs="its type has a charset, and the two logs are not the same",
        olexd=[Expect(200, {"content-type": "text/plain; charset=utf-8"})],
    ),
    case(
        "testhandler-buffer",
        "testhandler",
        "b = testhandler.bounded_buffer(3)\nfor n in range(8):\n    b.append(n)\n"
        "    seen.append((b.items(), list(b), b.max_size))",
    ),
    Case(
        "testhandler-tree",
        [get("/")],
        handler="from mod_python import testhandler\nreq.content_type = 'text/plain'\n"
        "tree = [('A', 'b'), ('C', 'x'), [('D', 'e'), [('F', 'g')]], ('H', 'i')]\n"
        "testhandler.write_tree(req, tree, 0)\ntesthandler.write_tree(req, [('A', 'b')], 2)",
    ),
    case("cache", "cache", DOUBLING + "c = C()\nseen += [c['a'], c['a'], c['b'], c.mru(), c.lru()]"),
    case(
        "cache-size",
        "cache",
        DOUBLING + "c = C(2)\nseen += [c['a'], c['b'], c['a'], c.mru(), c.lru(), c['c'], c.lru(), c['b']]",
    ),
    case(
        "cache-changes",
        "cache",
        DOUBLING
        + "c = C()\nc['x'] = None\nseen += [c['x'], c['a']]\ndel c['a']\nseen.append(c['a'])\nc.clear()\n"
        + "seen.append(c['x'])\ntry:\n    del c['zz']\nexcept KeyError as e:\n    seen.append(repr(e))",
    ),
    case(
        "cache-checkitem",
        "cache",
        DOUBLING + "c = C()\nseen += [c._checkitem('a')[:3], c._checkitem('a')[:3]]",
    ),
    case(
        "cache-plain",
        "cache",
        "try:\n    cache.Cache()['a']\nexcept NotImplementedError as e:\n    seen.append(repr(e))",
    ),
    case(
        "cache-function",
        "cache",
        "f = cache.FunctionCache(lambda *a, **k: seen.append((a, k)) or len(seen))\n"
        "seen += [f(1), f(1), f(1, x=2), f(1, x=2), f(1, 2)]",
    ),
    case(
        "cache-weak",
        "cache",
        "class V:\n    pass\nclass W(cache.WeakCache):\n    def build(self, key, name, opened, entry):\n"
        "        seen.append('build')\n        return V()\nw = W()\nv = w['a']\nseen.append(w['a'] is v)\n"
        "try:\n    w['b'] = 'x'\nexcept TypeError as e:\n    seen.append(type(e).__name__)",
    ),
    case(
        "cache-file",
        "cache",
        "f = cache.FileCache()\nseen.append(f[__file__][:10])\n"
        "seen.append(cache.FileCache(mode='r')[__file__][:10])\n"
        "try:\n    f['/no/such/file']\nexcept OSError as e:\n    seen.append(e.errno)",
    ),
    case(
        "cache-module",
        "cache",
        "m = cache.ModuleCache()\nx = m[__file__]\nseen += [x is m[__file__], x.__file__ == __file__, "
        "x.__name__ in sys.modules, callable(x.handler)]",
    ),
    case("cache-names", "cache", "seen += [cache.re_max_age.pattern, cache.re_not_word.pattern]"),
    case("cache-dates", "cache", "seen.append(cache.parseRFC822Time('Sun, 06 Nov 1994 08:49:37 GMT'))"),
    case(
        "httpdconf",
        "httpdconf",
        "c = httpdconf.Container(httpdconf.Listen('80'), httpdconf.Location('/', httpdconf.SetHandler('x'), "
        "httpdconf.Comment('a\\n\\nb')), only_if='sys.version_info[0] == 3')\n"
        "seen += [str(c), repr(c), str(httpdconf.PythonInterpPerDirectory())]\n"
        "seen.append(httpdconf.quote_if_space('a b'))",
    ),
    case(
        "httpdconf-errors",
        "httpdconf",
        "try:\n    httpdconf.Container().append('x')\nexcept TypeError as e:\n    seen.append(str(e))\n"
        "try:\n    str(httpdconf.Container(only_if='nope'))\nexcept NameError as e:\n    seen.append(str(e))",
    ),
    case(
        "package",
        "python22, version",
        "import mod_python\nseen += [sorted(mod_python.__all__), mod_python.mp_version == version.version, "
        "mod_python.version is version, version.version[:3], type(version.HTTPD).__name__]",
    ),
    shows(
        "cache-hooks",
        "cache.Cache().key('n'), cache.Cache().check('k', 'n', None), cache.Cache().commit()",
        "cache.Entry('k')._key, cache.Entry('k')._value is cache.NOT_INITIALIZED",
        setup="from mod_python import cache",
    ),
    shows(
        "httpdconf-texts",
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
        "low-level-names",
        "[name for name in NAMES.split() if not hasattr(_apache, name)]",
        "_apache.parse_qsl(b'a=1'), _apache.config_tree is apache.config_tree",
        setup="import _apache\nNAMES = 'SERVER_RETURN config_tree exists_config_define log_error mpm_query "
        "parse_qs parse_qsl register_cleanup server_root stat table'",
    ),
]
