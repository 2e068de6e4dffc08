"""Python in pages: what elements see and share, their attributes, bytes and text, variables."""

from __future__ import annotations

from tests.parity.runner.case import Case, get, head

CONFIG = (
    'AddOutputFilter INCLUDES .shtml\n<Directory "@ROOT@">\nOptions +Includes\n'
    "PythonFixupHandler @M@::fixup\n</Directory>\n"
)
# What a page gives to filter.write() has to stay somewhere: mod_python loses what nobody holds.
SOURCE = """
from mod_python import apache

KEPT = []

def put(filter, text):
    KEPT.append(text)
    filter.write(text)

def fixup(req):
    req.ssi_globals = {'ready': 'populated', 'put': put}
    req.subprocess_env['DEBUG'] = '1'
    return apache.OK
"""
PAGES = {
    "globals": '<!--#python eval="ready" --> <!--#python exec="x = 5" --><!--#python eval="x" --> '
    '<!--#python eval="filter.req.uri" --> <!--#python eval="__file__.rpartition(chr(47))[2]" --> '
    '<!--#python eval="filter.name" --> <!--#python eval="filter.is_input" -->'
    '<!--#python eval="filter.handler" -->',
    "attributes": '[<!--#python eval="None" -->][<!--#python eval="" -->][<!--#python exec="" '
    "-->][<!--#python -->]"
    '[<!--#python foo="x" -->][<!--#python eval="1" exec="x=1" -->][<!--#python eval="1" eval="2" -->]',
    "entities": '<!--#python eval="1 &lt; 2" --> <!--#set var="v" value="1+1" --><!--#python '
    "eval=\"'${v}'\" --> "
    "<!--#python eval='\"single\"' --> <!--#python eval=`3` -->",
    "text": '<!--#python eval="chr(233)" --> <!--#python eval="b\'bytes\'" --> '
    "<!--#python exec=\"put(filter, chr(233)); put(filter, b'raw')\" -->",
    "variables": '<!--#if expr="${DEBUG} != 0" -->on<!--#else -->off<!--#endif --> '
    "<!--#python exec=\"filter.req.subprocess_env['NEW'] = 'n'\" --><!--#echo var=\"NEW\" -->"
    '<!--#if expr="false" --><!--#python eval="1/0" --><!--#endif -->',
    "statements": '<!--#python exec="\ndef f(a):\n    return a * 2\nfor i in range(3):\n    put(filter, '
    "str(f(i)))\n"
    '" -->|<!--#python eval="f(4)" -->',
    "line-ends": "<!--#python exec=\"\r\nif 1:\r\n    put(filter, 'crlf')\r\n  \" -->",
    "filters": '<!--#python exec="before = filter" --><!--#python eval="filter is before" -->',
}

CASES = [
    Case(
        f"ssi-python-{name}",
        [get("/page.shtml"), head("/page.shtml")],
        CONFIG,
        source=SOURCE,
        files={"page.shtml": page},
    )
    for name, page in PAGES.items()
]
