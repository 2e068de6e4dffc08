"""Fields of forms at the edges: odd names, parts, arguments and callables."""

from __future__ import annotations

from tests.parity.cases.forms import CALLED, END, FIELDS, FILE, NAMED, body_fields, part, parts
from tests.parity.runner.case import Case, Expect, Request, get
from tests.parity.runner.shows import shows

RANDOM = """
import random
def texts(alphabet, seed):
    chance = random.Random(seed)
    return [bytes(chance.choice(alphabet) for _ in range(chance.randrange(12))) for _ in range(300)]
"""


def filled(name: str, *expressions: str, args: str = "long=1&other=two&long=3") -> Case:
    """Return a case about the form of a query, which expressions find as `req.form`."""
    return shows(
        f"form-{name}",
        "setattr(req, 'form', util.FieldStorage(req))",
        *expressions,
        requests=[get(f"/?{args}")],
    )


def fields(name: str, why: str, seen: list[str], requests: list[Request]) -> Case:
    """Return a case whose fields, `(name, value, filename)`, olexd shows as in `seen`, on purpose."""
    return Case(
        f"form-{name}",
        requests,
        source=f"from mod_python import apache, util\n"
        f"def text(v): return v.decode('utf-8', 'replace') if isinstance(v, bytes) else str(v)\n{FIELDS}\n"
        "def handler(req):\n    req.write(repr(fields(req)), 0)\n    return apache.OK\n",
        differs=why,
        olexd=[Expect(200, {}, one) if one else Expect(400) for one in seen],
    )


CALLABLES = """
import abc, collections, functools
def position_only(one, /):
    return one
class Abstract(abc.ABC):
    def __init__(self, one='none'):
        self.one = one
    def __repr__(self):
        return 'Abstract(%r)' % self.one
Named = collections.namedtuple('Named', 'one')
partial = functools.partial(function, 'x')
class Methods:
    @classmethod
    def of_class(cls, one):
        return 'of class', one
    @staticmethod
    def static(one):
        return 'static', one
class Inner:
    def __call__(self, one):
        return 'inner', one
class Outer:
    __call__ = Inner()
"""

CASES = [
    shows(
        "qsl-random",
        r"[util.parse_qsl(text, n % 2) for n, text in enumerate(texts(b'ab=&;%+04fF \x00\xe4', 1))]",
        "[sorted(util.parse_qs(text, 1).items()) for text in texts(b'a=&;%2', 2)]",
        setup=RANDOM,
    ),
    shows(
        "qsl-arguments",
        "util.parse_qsl(b'a=', 'x')",
        "util.parse_qsl(b'a=', 1, 'x')",
        "util.parse_qsl(b'a=', 1.5)",
        "util.parse_qsl(b'a=', None)",
        "util.parse_qsl(b'a=', True, True)",
        "util.parse_qsl(Text('a=1'))",
        "util.parse_qsl(Bytes(b'a=1'))",
        "fails(lambda: util.parse_qsl(b'a=1', keep_blank_values=1))",
        "fails(lambda: util.parse_qs(qs=b'a=1'))",
        "fails(util.parse_qsl)",
        "fails(lambda: util.parse_qsl(b'a=1', 1, 1, 1))",
        setup="""
class Text(str): pass
class Bytes(bytes): pass
def fails(call):
    try:
        return call()
    except TypeError:
        return 'TypeError'
""",
    ),
    filled(
        "as-text",
        "req.form",
        "req.form.get('long')",
        "req.form.getlist('long') is req.form.getlist('long')",
        "[name for name in req.form if req.form.__delitem__(name) is None], len(req.form)",
    ),
    shows(
        "form-is-nobodys-attribute",
        "len(util.FieldStorage(req)), hasattr(req, 'form')",
        requests=[get("/?long=1")],
    ),
    filled(
        "values-added",
        "[req.form.add_field(*one) for one in enumerate((5, None, b'bytes', '\\xe4', 1.5))]",
        "[req.form[n].value for n in (0, 1, 3, 4)], req.form[2].value == b'bytes'",
        "[req.form[n] == one for n, one in enumerate((b'5', b'None', b'bytes', b'\\xc3\\xa4', b'1.5'))]",
    ),
    filled(
        "objects-in-the-list",
        "req.form.list.append(type('Own', (), {'name': 'own', 'value': 'v', 'filename': None}))",
        "req.form.keys()",
        "req.form['own'].value, req.form.getfirst('own').value, req.form.items()[-1][0], len(req.form)",
        "util.apply_fs_data(lambda own: own, req.form)",
    ),
    shows(
        "form-part-attributes",
        "keep(req)",
        "[(one.name, one.type, sorted(one.type_options), one.filename) for one in KEPT[0].list]",
        "[(one.disposition, sorted(one.disposition_options.items())) for one in KEPT[0].list]",
        "type(KEPT[0].list[0].headers).__name__, sorted(KEPT[0].list[0].headers.keys())",
        "KEPT[0].list[0].headers['content-disposition'].strip()",
        "[one.file.tell() for one in KEPT[0].list]",
        setup="KEPT = []\ndef keep(req):\n    KEPT.append(util.FieldStorage(req))",
        requests=parts(
            part(f"{FILE}\r\nX-Own: a value\r\nContent-Type: Text/HTML; Charset=x") + part(NAMED, "abc") + END
        ),
    ),
    body_fields("parts-filename-star", *parts(part(f"{NAMED}; filename*=UTF-8''x.txt") + END)),
    body_fields("parts-filename-semicolon", *parts(part(f'{NAMED}; filename="a b;.txt"') + END)),
    shows(
        "apply-to-odd-callables",
        *(
            f"call({name})"
            for name in (
                "position_only",
                "Abstract",
                "Named",
                "partial",
                "Methods.of_class",
                "Methods.static",
            )
        ),
        "call(Methods().static)",
        "call(Instance.method)",
        "call(print)",
        "call(Outer())",
        setup=CALLED + CALLABLES,
    ),
    Case(
        "redirect-beyond-latin-1",
        [get("/?euro"), get("/?umlaut")],
        handler="from mod_python import util\n"
        "util.redirect(req, '/\\u20ac' if req.args == 'euro' else '/\\xe4')",
        log=["not an ISO-8859-1 string"],
    ),
    Case(
        "redirect-line-break",
        [get("/")],
        handler="from mod_python import util\nutil.redirect(req, '/a\\r\\nX-Injected: 1')",
        differs="a location with a line break is refused before anything is sent",
        olexd=[Expect(500, {"x-injected": None, "location": None})],
    ),
    Case(
        "redirect-markup",
        [get("/")],
        handler="from mod_python import util\nutil.redirect(req, '/\"><b>')",
        differs="the link in the page is no place for markup",
        olexd=[Expect(302, {"location": '/"><b>'}, '.*<a href="/%22%3E%3Cb%3E">here</a>.*')],
    ),
    Case(
        "form-names-in-bytes",
        [get("/?long=1")],
        handler="from mod_python import util\nform = util.FieldStorage(req)\n"
        "req.write(repr((b'long' in form, form.has_key(b'long'), form.getfirst(b'long') == '1')), 0)",
        differs="a field is found by its name in bytes, too",
        olexd=[Expect(200, {}, r"\(True, True, True\)")],
    ),
    fields(
        "semicolons-beside-bad-bytes",
        "a byte that is not UTF-8 does not change what separates fields",
        [r"\[\('name', '\ufffd', None\), \('other', 'x', None\)\]"],
        [get("/?name=%ff;other=x")],
    ),
    fields(
        "parts-after-the-last",
        "what follows the last delimiter is no part of the form",
        [r"\[\('field', '1', None\)\]"],
        parts(part(NAMED, "1") + END + part(NAMED, "2") + END),
    ),
    fields(
        "parts-header-without-colon",
        "a malformed part is the client's mistake",
        [""],
        parts(f"--BB\r\nno header\r\n\r\nvalue\r\n{END}"),
    ),
    fields(
        "parts-names-in-utf-8",
        "names are UTF-8, as browsers send them",
        [r"\[\('n\u00e9', 'value', '\u00e9\.txt'\)\]"],
        parts(part('Content-Disposition: form-data; name="n\u00e9"; filename="\u00e9.txt"') + END),
    ),
    Case(
        "form-part-headers",
        parts(part(f"{FILE}\r\nX-Own:  a value ") + END),
        handler="from mod_python import util\n"
        "req.write(repr(util.FieldStorage(req)['field'].headers['X-Own']), 0)",
        differs="the value of a part's header has no blanks and line end around it",
        olexd=[Expect(200, {}, "'a value'")],
    ),
]
