"""Random PSP pages: blocks in blocks, includes, errors and error pages, run by both servers.

They are the same in every run: they are made from fixed seeds. That both scanners write the same programs is
shown elsewhere; here the programs run. Sites are few, and have interpreters of their own: mod_python leaks
a file for each page, and takes no more than 512 pages in an interpreter.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.parity.cases.sessions import PLAIN
from tests.parity.runner.case import Case, Request, get

PAGES = 12
"""Pages of a site."""
CONFIG = f"""{PLAIN}PythonOption session MemorySession
AddHandler mod_python .psp .psp_
PythonHandler mod_python.psp
<Directory "@ROOT@/run">
    SetHandler mod_python
    PythonHandler @M@
</Directory>
"""
RUN = """\
from mod_python import apache, psp
CALLS = @CALLS@
def handler(req):
    req.content_type = 'text/html'
    try:
        for filename, string, given, more, flush in CALLS[int(req.args[:1])]:
            page = psp.PSP(req, filename, string, given) if given else psp.PSP(req, filename, string)
            if more == 'display':
                page.display_code()
            elif more == 'str':
                req.write('[%s]' % page, 0)
            else:
                page.run(more, flush)
            req.write(' %r %r ' % (page.vars, page.string == string), 0)
    except (NameError, ValueError, ZeroDivisionError) as error:
        req.write('%s: %s' % (type(error).__name__, error), 0)
    return apache.OK
"""
TEXTS = (
    *("text", " ", "\n", "\n\n", "a\r\nb", "<b>bold</b>\n", "\u00e4\u20ac", "'", '"', '"""', "%", "{}", "$x"),
    *("\\n", "\\t", "\\\\", "\\x41", "\\\n", "\\q", "%>", "<", "<!-- x -->", "\t", "a:b", "# no comment"),
)
EXPRESSIONS = [
    *"""\
1 + 1
'text'
None
[1, 'a']
{'a': 1}
b'x'
'\\n'
n
'%s' % n
i
word
req.method
req.path_info
req.filename.split('/')[-1]
__name__
len(form)
form.keys()
sorted(form.keys())
[one.value for one in form.getlist('first_word')]
psp.form is form
psp.error_page is None
psp.apply_data(shown)
session.get('n', 0)
session.is_new()
""".splitlines(),
    "\n1 +\n2\n",
    "1 # note\n",
]
STATEMENTS = """\
n = n + 1
n += 1; word = 'x'
word = 'w:'
pass
import math
req.write('written')
req.write('queued', 0)
req.flush()
req.headers_out['X-N'] = str(n)
req.content_type = 'text/plain'
req.status = 202
session['n'] = session.get('n', 0) + 1
form.add_field('new', '1')
psp.set_error_page('error.psp')
psp.set_error_page('/sub/error.psp')
""".splitlines()
FAILING_EXPRESSIONS = ("1, 2", "1 / 0", "missing", "form['none']", "shown()", "(yield)")
FAILING_STATEMENTS = """\
raise ValueError('own')
del word
assert n > 2, 'small'
n = form['new'].value
i = 5 # note
if n: pass
""".splitlines()
HEADERS = [
    *"""\
for i in range(2):
for i in ():
if n > 1:
if req.args:
if 1:
with Nothing():
with Nothing(): # note
def told(req, first_word='none'):
""".splitlines(),
    "for word in ('a', 'b'):\n{0}\tif word == 'a': continue",
]
SECOND = ("else:", "elif n:")
DIRECTIVES = (
    *('<%@ include file="text.inc" %>', '<%@ include  file = "sub/deep.inc" and more %>'),
    *('<%@ page language="x" %>', "<%@%>", "<%-- note --%>", "<%-- <% x\n%> --%>"),
)
CODE = ('<%@ include file="code.inc" %>', '<%@include file="open.inc" %>')
"""Includes that change the indentation."""
START = """<%
n, word, i = 1, 'word', 0
class Nothing:
    def __enter__(self): return self
    def __exit__(self, *args): return True

def shown(req, first_word='none'): return first_word

%>"""
"""Every page begins so."""
FILES = {
    "text.inc": "included <%= n %>\n",
    "code.inc": "<%\nn = n + 10\n%>",
    "open.inc": "<%\nif n:\n%>opened<%\n%>",
    "sub/deep.inc": 'deep <%@ include file="text.inc" %>',
    "error.psp": "error <%= exception[0].__name__ %>: <%= exception[1] %>",
    "sub/error.psp": "<% req.status = 503 %>in sub: <%= exception[1] %> <%= len(form) %>",
    "run/x": "",
}


class Page:
    """Makes one random page after the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.includes = True

    def chance(self, likely: float) -> bool:
        """Return True in that share of cases."""
        return self.random.random() < likely

    def text(self, depth: int, indent: str) -> str:
        """Return text."""
        return "".join(self.random.choice(TEXTS) for _ in range(self.random.randrange(1, 4)))

    def expression(self, depth: int, indent: str) -> str:
        """Return an expression."""
        return f"<%= {self.random.choice(FAILING_EXPRESSIONS if self.chance(0.04) else EXPRESSIONS)} %>"

    def statement(self, depth: int, indent: str) -> str:
        """Return a statement, in a line or between lines."""
        code = self.random.choice(FAILING_STATEMENTS if self.chance(0.15) else STATEMENTS)
        if self.chance(0.5):
            return f"<% {code} %>"
        more = f"{indent}{self.random.choice(STATEMENTS)}\n" if self.chance(0.3) else ""
        return f"<%\n{more}{indent}{code}\n%>"

    def directive(self, depth: int, indent: str) -> str:
        """Return a directive or a comment."""
        if not self.includes:
            return DIRECTIVES[-1]
        return self.random.choice(DIRECTIVES if indent else DIRECTIVES + CODE)

    def block(self, depth: int, indent: str) -> str:
        """Return a compound statement around a part of a page."""
        if depth == 0:
            return self.text(depth, indent)
        if self.chance(0.2):
            opening, second = "try:", self.random.choice(("except Exception:", "finally:"))
        else:
            opening = self.random.choice(HEADERS).format(indent)
            second = self.random.choice(SECOND) if opening.startswith("if") and self.chance(0.4) else ""
        parts = [self.clause(line, depth, indent) for line in (opening, second) if line]
        parts.append(f"<%\n{indent}# end\n%>" if indent or self.chance(0.5) else "<%\n%>")
        return "".join(parts) + ("<%= psp.apply_data(told) %>" if opening.startswith("def") else "")

    def clause(self, line: str, depth: int, indent: str) -> str:
        """Return the beginning of a block with what is in it."""
        deeper = indent + self.random.choice(("\t", "\t", "    ")) if "\n" not in line else indent + "\t"
        note = f"{deeper}# begin\n" if deeper[-1] == " " or not line.endswith(":") else ""
        return f"<%\n{indent}{line}\n{note}%>{self.part(depth - 1, deeper)}"

    def part(self, depth: int, indent: str) -> str:
        """Return a part of a page."""
        kinds: tuple[Callable[[int, str], str], ...] = (
            *(self.text, self.text, self.expression, self.expression, self.statement, self.block, self.block),
            self.directive,
        )
        pieces = [self.random.choice(kinds)(depth, indent) for _ in range(self.random.randrange(1, 5))]
        return "".join(pieces)

    def page(self, includes: bool = True) -> str:
        """Return a page, sometimes a damaged one; a page in a string has no includes."""
        self.includes = includes
        text = START + "".join(self.part(3, "") for _ in range(self.random.randrange(1, 4)))
        if not includes:
            text = text.replace("error_page('error.psp')", "error_page('/error.psp')")
        if self.chance(0.1) and "error_page(" not in text:
            at = self.random.randrange(len(START), len(text))
            text = text[:at] + text[at + self.random.randrange(1, 4) :]
        return text.replace("\n", "\r\n") if self.chance(0.1) else text


class Pages:
    """A random site of pages."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.maker = Page(seed + 1_000_000)

    def call(self) -> tuple[object, ...]:
        """Return the arguments with which a handler runs a page."""
        given = self.random.choice(({}, {"given": 1}, {"word": "given", "n": 7}))
        more = self.random.choice(({}, {}, {"n": 9}, "display", "str"))
        flush = self.random.choice((0, 0, 1))
        if more != "display" and self.random.random() < 0.5:
            return None, self.maker.page(False).encode(), given, more, flush
        return f"../p{self.random.randrange(PAGES)}.psp", None, given, more, flush

    def request(self) -> Request:
        """Return a request for a page."""
        if self.random.random() < 0.2:
            return get(f"/run/x?{self.random.randrange(4)}")
        path = f"/p{self.random.randrange(PAGES)}.psp" + ("/info" if self.random.random() < 0.1 else "")
        return get(path + self.random.choice(("", "", "?first_word=a-long-value&second_word=another-value")))

    def case(self, name: str) -> Case:
        """Return the site with requests to it."""
        files = FILES | {f"p{number}.psp": self.maker.page() for number in range(PAGES)}
        calls = [[self.call() for _ in range(self.random.randrange(1, 3))] for _ in range(4)]
        requests = [self.request() for _ in range(3 * PAGES)]
        source = RUN.replace("@CALLS@", repr(calls))
        return Case(name, requests, CONFIG, source=source, files=files, cookies=True, own_interpreter=True)


def site(seed: int) -> Case:
    """Return a case about random pages."""
    return Pages(seed).case(f"random-pages-{seed}")


CASES = [site(seed) for seed in range(12)]
