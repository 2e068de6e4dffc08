"""Forms and redirects: query strings, bodies, uploads, calls with a form's fields."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Expect, Request, ask, get, post, raw
from tests.parity.runner.shows import shows

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=BB"

FIELDS = """
def fields(req, **kw):
    form = util.FieldStorage(req, **kw)
    return [(text(field.name), text(field.value), field.filename) for field in form.list]
"""
UPLOADS = """
import hashlib
def uploads(req):
    form = util.FieldStorage(req)
    return [(field.name, field.filename, field.type, field.disposition, sorted(field.type_options.items()),
             field.file.tell(), len(text(field.value)), hashlib.md5(field.file.read()).hexdigest())
            for field in form.list if field.filename]
"""
FORM = "form = None\ndef read(req, **kw):\n    global form\n    form = util.FieldStorage(req, **kw)"


def split(name: str, *queries: bytes, keep: int = 0) -> Case:
    """Return a case that shows what `parse_qsl` makes of bytes."""
    return shows(f"qsl-{name}", *(f"util.parse_qsl({query!r}, {keep})" for query in queries))


def query(name: str, *queries: str, **details: object) -> Case:
    """Return a case that shows the fields of queries."""
    requests = [get(f"/?{text}") for text in queries]
    return shows(f"form-{name}", "fields(req)", setup=FIELDS, requests=requests, **details)  # type: ignore[arg-type]


def mapping(name: str, *expressions: str, args: str = "long=1&other=two&long=3") -> Case:
    """Return a case about the form of a query with names that are long enough for the reference."""
    return shows(f"form-{name}", "read(req)", *expressions, setup=FORM, requests=[get(f"/?{args}")])


def part(headers: str, value: str = "value") -> str:
    """Return one part."""
    return f"--BB\r\n{headers}\r\n\r\n{value}\r\n"


def parts(*bodies: str, ctype: str = MULTIPART) -> list[Request]:
    """Return a POST for each body."""
    return [post("/", body, ctype) for body in bodies]


def upload(name: str, *bodies: str, **details: object) -> Case:
    """Return a case that shows the uploads in multipart bodies."""
    return shows(f"upload-{name}", "uploads(req)", setup=UPLOADS, requests=parts(*bodies), **details)  # type: ignore[arg-type]


def body_fields(name: str, *requests: Request, **details: object) -> Case:
    """Return a case that shows the fields of requests."""
    return shows(f"form-{name}", "fields(req)", setup=FIELDS, requests=requests, **details)  # type: ignore[arg-type]


NAMED = 'Content-Disposition: form-data; name="field"'
FILE = f'{NAMED}; filename="f.txt"'
END = "--BB--\r\n"

CALLED = """
class Values(dict):
    pass
class Field:
    filename = None
    def __init__(self, name, value):
        self.name, self.value = name, value
class Form:
    list = [Field('one', 1), Field('two', 2), Field('two', 3)]
def function(one, two=None):
    return one, two
def rest(**fields):
    return sorted(fields)
def key_only(*, one='default'):
    return one
def star(one, *others):
    return one, others
class Made:
    def __init__(self, one):
        self.one = one
    def __repr__(self):
        return 'Made(%r)' % self.one
class Instance:
    def method(self, two):
        return two
    def __call__(self, one):
        return 'called', one
def call(object, **args):
    return util.apply_fs_data(object, Form, **args)
"""

CASES = [
    split("separators", b"a=1&b=2;c=3", b"&&a=1;;b=2&", b"a=1&&", b"", b";"),
    split("blanks", b"a=&b", b"a", b"a=%00", b"=v", b"=", b"a=&b=1"),
    split("blanks-kept", b"a=&b", b"a", b"a=%00", b"=v", b"=", b"a=&b=1", keep=1),
    split("equals", b"a==b=c", b"a=b=c=d", b"==", b"a%3Db=c"),
    split("escapes", b"a=%zz", b"a=%2", b"a=%", b"a=%u20ac", b"a=%41%4a%4A", b"a=b%26c=d", b"a=%2F"),
    split("plus", b"a=b+c", b"a=b%2Bc", b"a+b=c", b"+=+"),
    split("nul", b"x=%00abc", b"x=a%00b&y=c", b"a=1&b\x00=2&c=3", b"x%00y=1"),
    split("raw-bytes", b"a=\xe4", b"a=%e4%ff", b"a= b ", b"a=b\r\n", b"\xff=1"),
    shows("qs-lists", "util.parse_qs(b'a=1&b=2&a=3')", "util.parse_qs(b'')", "util.parse_qs(b'a=&a=1', 1)"),
    shows(
        "qs-types-refused",
        "util.parse_qsl(None)",
        "util.parse_qsl(1)",
        "util.parse_qsl(bytearray(b'a=1'))",
        "util.parse_qsl('a=\u20ac')",
        "util.parse_qs(None)",
        "util.readBlockSize",
    ),
    query("of-a-query", "name=value&other=1", "name=a+b&name=%C3%A4", "na%6De=value", "name=1;other=2", ""),
    query("of-a-query-blanks", "name=&other=1", "name", "=value"),
    query("of-a-query-not-utf-8", "name=%ff%fe", "name=ok&other=%e4"),
    mapping(
        "keys",
        "form.keys()",
        "list(form)",
        "len(form)",
        "bool(form)",
        "form.items()[0][0], len(form.items())",
    ),
    mapping("membership", "form.has_key('long')", "'long' in form", "'none' in form", "form.has_key('none')"),
    mapping(
        "getitem", "text(form['other'].value)", "[text(one.value) for one in form['long']]", "form['none']"
    ),
    mapping(
        "get",
        "form.get('none', 5)",
        "text(form.get('other', 5).value)",
        "len(form.get('long', 5))",
        "form.get([], 7)",
    ),
    mapping(
        "getfirst", "text(form.getfirst('long').value)", "form.getfirst('none')", "form.getfirst('none', 'd')"
    ),
    mapping("getlist", "[text(one.value) for one in form.getlist('long')]", "form.getlist('none')"),
    mapping(
        "add-field", "form.add_field('new', 'value')", "form.keys()", "form['new'].value", "form['new'].name"
    ),
    mapping("delete-missing", "form.__delitem__('none')", "form.keys()"),
    mapping("clear", "form.clear()", "form.keys()", "len(form)", "form.list"),
    mapping("missing-methods", "form.values", "form.pop", "form.update", "form.setdefault"),
    mapping("set-wrong-types", "form.__setitem__('long', 5)", "form.__setitem__(5, b'x')"),
    mapping(
        "defaults-of-a-value",
        "form['other'].filename",
        "form['other'].ctype",
        "form['other'].headers",
        "form['other'].type_options",
        "form['other'].disposition",
        "form['other'].disp_options",
        "hasattr(form['other'], 'type')",
        "form['other'].name",
        "form['other'] == b'two'",
        "form['other'].decode()",
    ),
    shows(
        "form-keeps-blanks-when-asked",
        "fields(req, keep_blank_values=1)",
        "fields(req, keep_blank_values=0)",
        setup=FIELDS,
        requests=[get("/?name=&other"), get("/?name=%00")],
    ),
    body_fields("query-before-body", post("/?name=query", "name=body", URLENCODED)),
    body_fields(
        "of-a-body", post("/", "name=a+b%21&other=%C3%A4;third=3", URLENCODED), post("/", "", URLENCODED)
    ),
    body_fields("of-a-body-without-type", post("/", "name=value"), post("/", "name=a%26b")),
    body_fields(
        "types",
        *parts("{}", ctype="Content-Type: application/json"),
        *parts("x", ctype="Content-Type: text/plain"),
    ),
    body_fields("type-in-capitals", *parts("a=1", ctype="Content-Type: Application/X-WWW-form-urlencoded")),
    body_fields("type-with-charset", *parts("name=1", ctype=f"{URLENCODED}; charset=UTF-8")),
    body_fields("without-boundary", *parts("x", ctype="Content-Type: multipart/form-data")),
    body_fields(
        "without-length",
        raw(b"POST / HTTP/1.1\r\nHost: @HOST@\r\nConnection: close\r\n\r\n"),
        raw(
            b"POST / HTTP/1.1\r\nHost: @HOST@\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n3\r\na=1\r\n0\r\n\r\n"
        ),
    ),
    body_fields(
        "of-other-methods", ask("PUT", "/?name=1", URLENCODED, body="other=2"), ask("PATCH", "/", body="a=1")
    ),
    shows(
        "form-read-twice",
        "fields(req)",
        "fields(req)",
        setup=FIELDS,
        requests=[post("/?name=query", "name=body", URLENCODED)],
    ),
    body_fields("parts", *parts(part(NAMED) + part('Content-Disposition: form-data; name="x"', "") + END)),
    body_fields(
        "parts-other-subtype", *parts(part(NAMED) + END, ctype="Content-Type: multipart/other; boundary=BB")
    ),
    body_fields("parts-preamble", *parts(f"a preamble\r\nof two lines\r\n{part(NAMED)}{END}")),
    body_fields(
        "parts-boundary-quoted", *parts(part(NAMED) + END, ctype='Content-Type: multipart/x; boundary="BB"')
    ),
    body_fields(
        "parts-last-boundary",
        *parts(part(NAMED) + END, ctype="Content-Type: multipart/x; boundary=A; BOUNDARY=BB"),
    ),
    body_fields("parts-more-after-boundary", *parts(part(NAMED) + END, ctype=f"{MULTIPART}; charset=x")),
    body_fields("parts-none", *parts("", END, "no part at all")),
    body_fields("parts-truncated", *parts(part(NAMED), f"--BB\r\n{NAMED}\r\n", part(NAMED) + "--BB\r\nX: y")),
    body_fields("parts-without-name", *parts(part("Content-Disposition: form-data") + END)),
    body_fields(
        "parts-headers-continued", *parts(part('Content-Disposition: form-data;\r\n name="field"') + END)
    ),
    body_fields(
        "parts-line-ends", *parts(part(NAMED, "a\r\n\r\nb\nc\rd\r") + END, part(NAMED, "\r\n\r\n") + END)
    ),
    body_fields("parts-near-delimiters", *parts(part(NAMED, "x --BB--\r\n--BBx\r\n --BB\r\n-BB") + END)),
    body_fields(
        "parts-nested",
        *parts(part(f"{NAMED}\r\nContent-Type: multipart/mixed; boundary=CC", "--CC\r\n\r\nx") + END),
    ),
    body_fields("parts-encoded", *parts(part(f"{NAMED}\r\nContent-Transfer-Encoding: base64", "YQ==") + END)),
    body_fields("parts-empty-file", *parts(part(f'{NAMED}; filename=""', "") + END)),
    body_fields("parts-backslashes", *parts(part('Content-Disposition: form-data; name="a\\"b"') + END)),
    body_fields(
        "parts-semicolon-in-quotes", *parts(part('Content-Disposition: form-data; name="a;b"') + END)
    ),
    upload("of-text", part(FILE) + END),
    upload("of-all-bytes", part(FILE, "".join(map(chr, range(1, 128)))) + END),
    upload(
        "types",
        *(
            part(f"{FILE}\r\nContent-Type: {kind}") + END
            for kind in ("image/png", "x", "text/html; charset=utf-8")
        ),
    ),
    upload("of-block-size", *(part(FILE, "x" * size) + END for size in (65366, 65367, 65368, 65369))),
    upload("ends-in-cr", *(part(FILE, "x" * size + "\r") + END for size in (65366, 65367, 65368, 0))),
    upload("of-a-megabyte", part(FILE, "line of the file\r\n" * 60_000) + END),
    upload("several", part(FILE, "1") + part(NAMED) + part(FILE, "2") + END),
    upload(
        "name-with-path",
        part(f'{NAMED}; filename="C:\\dir\\f.txt"') + part(f'{NAMED}; filename="../f"') + END,
    ),
    shows(
        "upload-value-rewinds",
        "read(req)",
        "form['field'].file.read(2)",
        "form['field'].value",
        "form['field'].file.read()",
        "repr(form['field'])",
        setup=FORM,
        requests=parts(part(FILE, "content") + END),
    ),
    shows(
        "upload-callbacks",
        "read(req, file_callback=file, field_callback=field)",
        "[(one.name, one.getvalue()) for one in made]",
        setup=f"""
import io
made = []
def file(name):
    made.append(io.BytesIO())
    made[-1].name = name
    return made[-1]
def field():
    return file('a field')
{FORM}""",
        requests=parts(
            part(NAMED, "1") + part(FILE, "2") + END, part(f'{NAMED}; filename=""') + part(FILE, "2") + END
        ),
    ),
    shows(
        "field-made-by-hand",
        "by_hand.name, by_hand.filename, by_hand.type, by_hand.value",
        "util.Field('bare').name",
        "util.Field('bare').filename",
        "util.Field('bare').other",
        "by_hand.disposition, by_hand.headers, by_hand.type_options",
        setup="""
import io
file, named = io.BytesIO(b'content'), {'filename': 'f'}
by_hand = util.Field('name', file, 'text/x', {'a': 'b'}, 'form-data', named, {'h': 'v'})
""",
    ),
    shows(
        "field-list",
        "[fields.append(one) for one in (A, B, A)] and sorted(fields.table())",
        "len(fields.table()['a'])",
        "fields.remove(B)",
        "sorted(fields.table())",
        "fields.extend([B, B])",
        "len(fields.table()['b'])",
        "fields.pop() is B",
        "fields.insert(0, B)",
        "list(fields.table())",
        "fields.__setitem__(0, A)",
        "list(fields.table())",
        "fields.__delitem__(0)",
        "len(fields)",
        setup="A, B = util.Field('a'), util.Field('b')\nfields = util.FieldList()",
    ),
    shows(
        "parse-header",
        "util.parse_header(b'Text/HTML; Charset=\"UTF-8\"; x')",
        "util.parse_header(b'a; b=\"c;d\"')",
        "util.parse_header(b'a; b=1; b=2')",
        "util.parse_header(b'a; b=\"')",
        "util.parse_header(b'')",
        "util.parse_header(b'a; b=\\xe4')",
        "util.parse_header('text')",
    ),
    shows(
        "apply-to-functions",
        "call(function)",
        "call(lambda two: two)",
        "call(lambda: 'nothing')",
        "call(rest)",
        "call(key_only)",
        "call(star)",
        "call(lambda missing: missing)",
        setup=CALLED,
    ),
    shows(
        "apply-to-objects",
        "call(Made)",
        "call(Instance().method)",
        "call(Instance())",
        "call(dict)",
        "call(len)",
        setup=CALLED,
    ),
    shows(
        "apply-with-arguments",
        "call(lambda req, one: (req, one), req='given')",
        "call(lambda one: one, req='given')",
        "call(rest, req='given')",
        setup=CALLED,
    ),
    shows(
        "redirect-refused",
        "util.redirect(req, b'/there')",
        "util.redirect(req, None)",
        "'location' in req.err_headers_out, req.status",
    ),
    Case(
        "redirect-after-output",
        [get("/?queued"), get("/?flushed")],
        handler="from mod_python import util\nreq.write('before ', req.args == 'flushed')\n"
        "try:\n    util.redirect(req, '/there')\nexcept IOError as error:\n    req.write(str(error))",
    ),
    Case(
        "redirect-keeps-headers",
        [get("/")],
        handler="from mod_python import util\nreq.headers_out['X-Kept'] = 'a'\nreq.content_type = 'text/x'\n"
        "util.redirect(req, '/there', text='')",
    ),
    Case(
        "redirect-caught",
        [get("/")],
        handler="from mod_python import util\ntry:\n    util.redirect(req, '/there')\n"
        "except apache.SERVER_RETURN as error:\n    req.write('%r' % (error.args,))",
    ),
    Case(
        "form-bad-bytes",
        [post("/", "name=%ff", URLENCODED), *parts(f"{part(NAMED, 'x')}--BB")],
        source=f"from mod_python import apache, util\ndef text(v): return str(v)\n{FIELDS}\n"
        "def handler(req):\n    req.write(repr(fields(req)), 0)\n    return apache.OK\n",
        differs="bytes that are not UTF-8 fail nothing, and a delimiter may end the body",
        olexd=[
            Expect(200, {}, r"\[\('name', '\ufffd', None\)\]"),
            Expect(200, {}, r"\[\('field', 'x', None\)\]"),
        ],
    ),
    Case(
        "form-parts-odd",
        parts(
            part(NAMED) + END + "an epilogue\r\n",
            f"--BB\n{NAMED}\n\nvalue\n--BB--\n",
            part("X: y") + END,
            part(NAMED) + "--BB-- \r\n",
        ),
        source=f"from mod_python import apache, util\ndef text(v): return str(v)\n{FIELDS}\n"
        "def handler(req):\n    req.write(repr(fields(req)), 0)\n    return apache.OK\n",
        differs="an epilogue, lines that end in LF, no disposition, blanks behind the last delimiter",
        olexd=[
            Expect(200, {}, r"\[\('field', 'value', None\)\]"),
            Expect(200, {}, r"\[\('field', 'value', None\)\]"),
            Expect(200, {}, r"\[\('None', 'value', None\)\]"),
            Expect(200, {}, r"\[\('field', 'value', None\)\]"),
        ],
    ),
    Case(
        "apply-to-a-class-with-call",
        source=f"from mod_python import apache, util\n{CALLED}\ndef handler(req):\n"
        "    req.write(str(call(Instance)).split(' ')[0], 0)\n    return apache.OK\n",
        differs="a class whose instances can be called is made an instance of, as any other class",
        olexd=[Expect(200, {}, r"<.*\.Instance")],
    ),
    Case(
        "form-delete-by-name",
        [get("/?first=same&second=same")],
        handler="from mod_python import util\nform = util.FieldStorage(req)\ndel form['second']\n"
        "req.write(repr(form.keys()), 0)",
        differs="the field of that name goes, not the first one of equal value",
        olexd=[Expect(200, {}, r"\['first'\]")],
    ),
    Case(
        "form-set-text",
        [get("/?name=1")],
        handler="from mod_python import util\nform = util.FieldStorage(req)\nform['name'] = 'text'\n"
        "req.write('%s %s' % (form['name'], form['name'] == 'text'), 0)",
        differs="a field can be set to text",
        olexd=[Expect(200, {}, "text True")],
    ),
    Case(
        "form-file-of-a-value",
        [get("/?name=value")],
        handler="from mod_python import util\nreq.write(util.FieldStorage(req)['name'].file.read())",
        differs="the file of a simple value can be read",
        olexd=[Expect(200, {}, "value")],
    ),
    Case(
        "form-too-many-fields",
        [get("/?" + "&".join(["n=1"] * 3)), post("/", "a=1&b=2&c=3", URLENCODED)],
        f"{LOCATION}PythonOption olexd.form.max_fields 2\n",
        handler="from mod_python import util\nreq.write(repr(util.FieldStorage(req).keys()), 0)",
        differs="a form has limits, beyond which it is 413",
        olexd=[Expect(413), Expect(413)],
    ),
]
