"""What is left of the toolkit: the test page, caches, configuration objects, versions."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, get

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
]
