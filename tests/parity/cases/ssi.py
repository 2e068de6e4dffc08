"""Server-side includes: elements, variables, conditions, included requests, #python."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.parity.runner.case import Case, Expect, Request, get, head, post

SSI = "Options +Includes\nAddType text/html .shtml\nAddOutputFilter INCLUDES .shtml"
SRC = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/html'
    req.add_output_filter('INCLUDES')
    req.ssi_globals = {'pre': 'populated'}
    req.write('<!--#python eval="pre" -->|<!--#echo var="X" -->|', 0)
    req.write('<!--#python exec="k = repr((filter.name, filter.handler, filter.is_input))" -->', 0)
    req.write('<!--#python eval="k" -->', 0)
    return apache.OK
def sub(req):
    req.content_type = 'text/plain'
    m = req.main
    seen = (req.method, req.protocol, req.assbackwards, req.uri, req.args, req.unparsed_uri, req.the_request)
    seen += (req.main.uri, req.phase, sorted(req.headers_in.keys()), req.header_only, req.prev)
    req.write(repr(seen))
    return apache.OK
def split(req):
    req.content_type = 'text/html'
    req.add_output_filter('INCLUDES')
    for c in 'a<!--#echo var="X" -->b':
        req.write(c)
    return apache.OK
"""


def ssi(
    name: str, text: str, *requests: Request, conf: str = "", files: dict[str, str] | None = None, **more: Any
) -> Case:
    """Return a case with a page `/a.shtml` that is parsed."""
    return Case(
        f"ssi-{name}",
        list(requests) or [get("/a.shtml")],
        f"{SSI}\n{conf}",
        files={"a.shtml": text, **(files or {})},
        source=SRC,
        **more,
    )


CASES = [
    ssi(
        "legacy-order",
        "|".join(
            [
                '<!--#if expr="a ',
                "",
                ' $n && $n" -->1<!--#endif --><!--#if expr="a && b ',
                "",
                ' $n" -->2<!--#endif --><!--#if expr="$n && $n ',
                "",
                (
                    ' a" -->3<!--#endif --><!--#if expr="! $n && a" -->4<!--#endif -->'
                    '<!--#if expr="a = a && b" -->5<!--#endif --><!--#if expr="! a = b" -->'
                    '6<!--#endif --><!--#if expr="a &&" -->7<!--#endif -->'
                ),
                '<!--#if expr="(a" -->8<!--#endif -->',
                '<!--#if expr="/a/" -->9<!--#endif -->',
                "<!--#if expr=\"a b = 'a b'\" -->A<!--#endif -->",
            ]
        ),
        conf="<Location />\nSSILegacyExprParser on\n</Location>",
    ),
    ssi(
        "plain",
        "hello",
        get("/a.shtml"),
        head("/a.shtml"),
        get("/a.shtml", http="1.0"),
        get("/a.shtml", "Range: bytes=1-2"),
    ),
    ssi(
        "echo",
        "|".join(
            [
                '<!--#echo var="DOCUMENT_NAME" -->',
                '<!--#echo var="DOCUMENT_URI" -->',
                '<!--#echo var="NOPE" -->',
                '<!--#echo var="QUERY_STRING_UNESCAPED" -->',
                '<!--#echo var="QUERY_STRING" -->',
                '<!--#echo var="DOCUMENT_ARGS" -->',
                '<!--#echo var="USER_NAME" -->',
                '<!--#echo var="LAST_MODIFIED" -->',
                '<!--#echo var="REQUEST_METHOD"-->',
                '<!--#echo var="DOCUMENT_NAME"-->',
                '<!--#echo var="REQUEST_URI" -->',
                '<!--#echo var="SCRIPT_NAME" -->',
                '<!--#echo var="PATH_INFO" -->',
                '<!--#echo var="SERVER_PROTOCOL" -->',
                '<!--#echo var="DOCUMENT_ROOT" -->',
            ]
        ),
        get("/a.shtml"),
        get("/a.shtml?a=%3Cb%3E&c=d+e"),
    ),
    ssi(
        "encodings",
        "|".join(
            [
                '<!--#set var="x" value="a<b>&amp;c d/e%C3?" --><!--#echo var="x" -->',
                '<!--#echo encoding="none" var="x" -->',
                '<!--#echo encoding="url" var="x" -->',
                '<!--#echo encoding="urlencoded" var="x" -->',
                '<!--#echo encoding="base64" var="x" -->',
                '<!--#echo encoding="entity" var="x" -->',
                '<!--#echo encoding="bad" var="x" -->',
                '<!--#echo encoding="none" decoding="url" var="x" -->',
                '<!--#echo encoding="url,none" var="x" -->',
                '<!--#echo var="x" encoding="none" -->',
                '<!--#echo encoding="none" var="x" var="x" -->',
            ]
        ),
    ),
    ssi(
        "decode",
        "|".join(
            [
                (
                    '<!--#set var="b" value="YSBi" --><!--#set var="u" value="a+b%20c" -->'
                    '<!--#set var="e" value="&amp;lt;" --><!--#echo decoding="base64" var="b" -->'
                ),
                '<!--#echo decoding="url" var="u" -->',
                '<!--#echo decoding="urlencoded" var="u" -->',
                '<!--#echo encoding="none" decoding="entity" var="e" -->',
                '<!--#echo encoding="none" var="e" -->',
            ]
        ),
    ),
    ssi(
        "set",
        "|".join(
            [
                (
                    '<!--#set var="a" value="1" -->'
                    '<!--#set var="b" value="$a-${a}x-\\$a-$nope-${nope}" --><!--#echo var="b" -->'
                ),
                '<!--#set var="$a" value="z" --><!--#echo var="1" -->',
                '<!--#set var="c" -->',
                '<!--#set value="x" -->',
                '<!--#set var="d" value="p" value="q" --><!--#echo var="d" -->',
                '<!--#set var="f" foo="x" -->',
                "<!--#set -->",
                '<!--#set var="" value="x" -->',
                '<!--#set encoding="none" var="g" value="<>" --><!--#echo var="g" -->',
                ('<!--#set var="h" decoding="none" encoding="url" value="a b" --><!--#echo var="h" -->'),
            ]
        ),
    ),
    ssi(
        "set2",
        "|".join(
            [
                "<!--#set var='a' value='it\"s' --><!--#echo var='a' -->",
                "<!--#set var=`a` value=`x'y\"` --><!--#echo var=`a` -->",
                "<!--#set var=a value=b --><!--#echo var=a -->",
                '<!--#SET VAR="A" VALUE="up" --><!--#echo var="A" -->',
                '<!--#set var = "sp" value = "x" --><!--#echo var="sp" -->',
                '<!--#set var="q" value="a\\"b" --><!--#echo var="q" -->',
            ]
        ),
    ),
    ssi(
        "printenv",
        '<!--#set var="ZZ" value="<1>" --><!--#printenv -->',
        masks=[(r"(?m)^(SERVER_SOFTWARE|REMOTE_PORT)=.*$", r"\1")],
    ),
    ssi("printenv-bad", '<!--#printenv x="1" -->'),
    ssi(
        "config",
        "|".join(
            [
                '<!--#config errmsg="OOPS" --><!--#nosuch -->',
                '<!--#config timefmt="%Y-%m-%d" --><!--#echo var="LAST_MODIFIED" -->',
                '<!--#flastmod file="a.shtml" -->',
                '<!--#config sizefmt="bytes" --><!--#fsize file="b.txt" -->',
                '<!--#config sizefmt="abbrev" --><!--#fsize file="b.txt" -->',
                '<!--#config echomsg="[undef]" --><!--#echo var="zz" -->',
                '<!--#config nosuch="x" -->',
                '<!--#config sizefmt="bad" -->',
                "<!--#config -->",
                '<!--#echo var="DATE_GMT" -->',
            ]
        ),
        files={"b.txt": "x" * 1234567},
        masks=[(r"\d{4}-\d\d-\d\d", "D")],
    ),
    ssi(
        "fsize",
        "|".join(
            [
                '<!--#fsize file="b" -->',
                '<!--#fsize virtual="/b" -->',
                '<!--#fsize virtual="b" -->',
                '<!--#fsize file="none" -->',
                '<!--#fsize virtual="/none" -->',
                '<!--#fsize file="c" -->',
                '<!--#fsize file="d" -->',
                '<!--#fsize file="e" -->',
                '<!--#fsize file="../x" -->',
                '<!--#fsize file="/etc/passwd" -->',
                '<!--#fsize bad="x" -->',
                "<!--#fsize -->",
                '<!--#flastmod file="b" -->',
                '<!--#flastmod virtual="/b" -->',
                '<!--#flastmod file="none" -->',
            ]
        ),
        files={"b": "x" * 999, "c": "", "d": "x" * 1023, "e": "x" * 15000, "f": "x" * 150000},
    ),
    ssi(
        "elements",
        (
            'a<!--#nosuch x="y" -->b<!--# echo var="DOCUMENT_NAME" -->c<!--#echo -->'
            'd<!--#echo bad="x" -->e<!--#echo var="DOCUMENT_NAME"-->f<!-- #echo var="x" -->'
            'g<!--#-->h<!--#echo var="DOCUMENT_NAME" ->i --> j'
        ),
    ),
    ssi("unclosed", 'a<!--#echo var="DOCUMENT_NAME"'),
    ssi("unclosed2", 'a<!--#if expr="true" -->b'),
    ssi("unclosed3", 'a<!--#echo var="DOCUMENT_NAME -->x<!--#echo var="DOCUMENT_NAME" -->y'),
    ssi("partial", "a<!-"),
    ssi("partial2", "a<!--#"),
    ssi("long-directive", '<!--#set var="x" value="' + "y" * 20000 + '" --><!--#echo var="x" -->'),
    ssi(
        "if",
        (
            '<!--#if expr="true" -->A<!--#else -->B<!--#endif --><!--#if expr="false" -->'
            'C<!--#elif expr="true" -->D<!--#elif expr="true" -->E<!--#else -->'
            'F<!--#endif -->|<!--#if expr="false" --><!--#if expr="true" -->G<!--#else -->'
            'H<!--#endif --><!--#nosuch --><!--#set var="x" value="no" --><!--#endif -->'
            '<!--#echo var="x" -->'
        ),
    ),
    ssi(
        "if-expr",
        (
            '<!--#set var="x" value="abc" --><!--#if expr=\'v("x") == "abc"\' -->'
            '1<!--#endif --><!--#if expr=\'v("x") = "abd"\' -->2<!--#endif -->'
            "<!--#if expr='v(\"x\") =~ /^a/' -->3<!--#endif -->"
            '<!--#if expr=\'-n v("x") && -z v("y")\' -->4<!--#endif -->'
            '<!--#if expr=\'!(-n v("x")) || v("x") != "q"\' -->5<!--#endif -->'
            '<!--#if expr=\'"$x" == "abc"\' -->6<!--#endif -->'
            "<!--#if expr='${x} == \"abc\"' -->7<!--#endif -->"
            "<!--#if expr='%{REQUEST_METHOD} == \"GET\"' -->8<!--#endif -->"
            "<!--#if expr='v(\"QUERY_STRING\") -eq 5' -->9<!--#endif -->"
            '<!--#if expr=\'v("x") =~ /(b)(c)/\' --><!--#echo var="1" -->'
            '$1<!--#set var="m" value="$1" --><!--#echo var="m" --><!--#endif -->'
        ),
        get("/a.shtml"),
        get("/a.shtml?5"),
    ),
    ssi(
        "if-bad",
        (
            'a<!--#if expr="((" -->b<!--#else -->c<!--#endif -->d<!--#if -->e<!--#endif -->'
            'f<!--#if expr="true" expr="false" -->g<!--#endif -->h<!--#else -->'
            'i<!--#endif -->j<!--#if bad="x" -->k<!--#endif -->l<!--#elif expr="true" -->'
            'm<!--#if expr="true" x -->n<!--#endif x="y" -->o'
        ),
    ),
    ssi(
        "if-elif-else",
        (
            '<!--#if expr="true" -->1<!--#else -->2<!--#else -->3<!--#elif expr="true" -->'
            "4<!--#endif --><!--#endif -->5"
        ),
    ),
    ssi(
        "if-legacy",
        (
            '<!--#set var="x" value="abc" --><!--#if expr="$x = abc" -->1<!--#endif -->'
            '<!--#if expr="$x = /^a/" -->2<!--#endif --><!--#if expr="$x" -->'
            '3<!--#endif --><!--#if expr="$nope" -->4<!--#endif -->'
            '<!--#if expr="$x = /b/ && $x != abd" -->5<!--#endif -->'
            '<!--#if expr="($x < abd) || $nope" -->6<!--#endif -->'
            '<!--#if expr="! $nope" -->7<!--#endif --><!--#if expr="$x = /(b)/" -->'
            '<!--#set var="m" value="$1" --><!--#echo var="m" --><!--#endif -->'
            "<!--#if expr=\"'$x' = 'abc'\" -->8<!--#endif --><!--#if expr=\"$x = a b\" -->"
            '9<!--#endif --><!--#if expr="" -->10<!--#endif -->'
        ),
        conf="<Location />\nSSILegacyExprParser on\n</Location>",
    ),
    ssi(
        "include",
        "|".join(
            [
                '[<!--#include virtual="/inc.txt" -->',
                '<!--#include virtual="inc.txt" -->',
                '<!--#include file="inc.txt" -->',
                '<!--#include virtual="/sub/p.shtml?x=1" -->',
                '<!--#include file="sub/p.shtml" -->',
                '<!--#include virtual="/none" -->',
                '<!--#include file="none" -->',
                '<!--#include file="../x" -->',
                '<!--#include file="/etc/passwd" -->',
                '<!--#include virtual="http://x/" -->',
                '<!--#include virtual="" -->',
                '<!--#include bad="x" -->',
                "<!--#include -->",
                '<!--#include virtual="/inc.txt" virtual="/inc.txt" -->',
                '<!--#include onerror="/inc.txt" virtual="/none" -->',
                '<!--#include virtual="/none" onerror="/inc.txt" -->',
                '<!--#include virtual="/sub/" -->',
                '<!--#include virtual="/sub" -->]',
            ]
        ),
        files={
            "inc.txt": "included",
            "sub/p.shtml": (
                '<!--#echo var="DOCUMENT_URI" -->,<!--#echo var="DOCUMENT_NAME" -->'
                ',<!--#echo var="QUERY_STRING" -->,<!--#echo var="REQUEST_URI" -->'
                ',<!--#include file="q.txt" -->,<!--#echo var="v" -->'
            ),
            "sub/q.txt": "Q",
        },
    ),
    ssi(
        "include-vars",
        (
            '<!--#set var="v" value="outer" --><!--#include virtual="/p.shtml" -->'
            '|<!--#echo var="w" -->|<!--#echo var="v" -->'
        ),
        files={
            "p.shtml": (
                '<!--#echo var="v" --><!--#set var="v" value="inner" -->'
                '<!--#set var="w" value="W" --><!--#echo var="DOCUMENT_URI" -->'
            )
        },
    ),
    ssi(
        "include-python",
        '<!--#include virtual="/py?a=b" -->',
        get("/a.shtml"),
        head("/a.shtml"),
        post("/a.shtml", "body"),
        conf="<Location /py>\nSetHandler mod_python\nPythonHandler @M@::sub\n</Location>",
    ),
    ssi("include-self", 'x<!--#include virtual="/a.shtml" -->y'),
    ssi(
        "include-forbidden",
        '<!--#include virtual="/no/x.txt" -->',
        conf="<Location /no>\nRequire all denied\n</Location>",
        files={"no/x.txt": "secret"},
    ),
    ssi(
        "noexec",
        (
            '<!--#include virtual="/inc.txt" -->|<!--#include virtual="/py" -->'
            '|<!--#python eval="1" -->|<!--#exec cmd="echo" -->'
        ),
        conf="Options IncludesNoExec\n"
        "<Location /py>\nSetHandler mod_python\nPythonHandler @M@::sub\n</Location>",
        files={"inc.txt": "included"},
    ),
    ssi("nooption", '<!--#echo var="DOCUMENT_NAME" -->', conf="Options -Includes"),
    replace(
        ssi("exec", '<!--#exec cmd="echo hi" -->|<!--#exec cgi="/x" -->|<!--#exec -->'),
        differs="pages run no commands",
        olexd=[Expect(200, body=r"\s*(\[an error occurred[^\]]*\]\|?){3}\s*")],
    ),
    ssi(
        "python",
        "|".join(
            [
                '<!--#python eval="1+1" -->',
                '<!--#python eval="None" -->',
                '<!--#python eval="filter.req.uri" -->',
                "<!--#python exec=\"\nx = 5\nkept = 'text'\nfilter.write(kept)\n\" -->",
                '<!--#python eval="x" -->',
                "<!--#python eval=\"'&lt;b&gt;'\" -->",
                "<!--#python eval=\"'${DOCUMENT_NAME}'\" -->",
                '<!--#python eval="__file__" -->',
                "<!--#python -->",
                '<!--#python bad="x" -->',
                '<!--#python eval="" -->',
                '<!--#python eval="1" exec="2" -->',
                "<!--#python eval=\"'\\xe4'\" -->",
                '<!--#python eval="filter.handler" -->',
                (
                    "<!--#python exec=\"filter.req.subprocess_env['SET']='by python'\" -->"
                    '<!--#echo var="SET" --><!--#if expr="false" --><!--#python exec="y=1" -->'
                    "<!--#endif -->"
                ),
                "<!--#python eval=\"'y' in globals()\" -->",
                '<!--#python exec="k = repr((filter.name, filter.is_input, filter.dir, filter.closed))" -->',
                '<!--#python eval="k" -->',
            ]
        ),
    ),
    ssi(
        "python-fails",
        (
            '[<!--#python eval="1/0" -->|<!--#python exec="filter.write(\'lost\')\nx = y" -->|'
            '<!--#python eval="2" -->]'
        ),
        differs="the process crashes, or the rest of the page is lost",
        olexd=[Expect(200, {}, r"\[\[an error .*\]\|lost\[an error .*\]\|2\]")],
    ),
    ssi(
        "python-shows-errors",
        '[<!--#python eval="1/0" -->]',
        conf="PythonDebug On",
        differs="the process crashes, or the rest of the page is lost",
        olexd=[
            Expect(
                200,
                {},
                r'(?s)\[\n<pre>\nMod_python error: "includes .*/a.shtml".*ZeroDivision.*</pre>\n\[an.*',
            )
        ],
    ),
    ssi(
        "handler",
        "",
        get("/h"),
        conf="<Location /h>\nSetHandler mod_python\nPythonHandler @M@\n</Location>",
    ),
    ssi(
        "split",
        "",
        get("/h"),
        conf="<Location /h>\nSetHandler mod_python\nPythonHandler @M@::split\n</Location>",
    ),
    ssi(
        "tags",
        '<!--#echo var="DOCUMENT_NAME" --> <%echo var="DOCUMENT_NAME" %>',
        conf='SSIStartTag "<%"\nSSIEndTag "%>"',
    ),
    ssi(
        "settings",
        '<!--#nosuch --><!--#echo var="none" --><!--#echo var="LAST_MODIFIED" -->',
        conf='SSIErrorMsg "<b>err</b>"\nSSIUndefinedEcho "<!-- u -->"\nSSITimeFormat "%Y"',
    ),
    ssi("etag", "x", conf="<Location />\nSSIETag on\nSSILastModified on\n</Location>"),
    ssi(
        "xbit",
        'x <!--#echo var="DOCUMENT_NAME" -->',
        get("/b.html"),
        get("/a.shtml"),
        files={"b.html": '<!--#echo var="DOCUMENT_NAME" -->'},
        conf="XBitHack on",
    ),
    Case(
        "ssi-handler-name",
        [get("/a.shtml"), get("/a.foo")],
        "Options +Includes\nAddType text/html .shtml\nAddHandler server-parsed .shtml .foo",
        files={"a.shtml": '<!--#echo var="DOCUMENT_NAME" -->', "a.foo": '<!--#echo var="DOCUMENT_NAME" -->'},
    ),
    ssi(
        "env",
        (
            '<!--#echo var="HTTP_X_A" -->|<!--#echo var="REMOTE_ADDR" -->'
            '|<!--#echo var="SERVER_NAME" -->|<!--#echo var="E" -->'
        ),
        get("/a.shtml", "X-A: <v>"),
        conf="",
    ),
    ssi("big", '<!--#echo var="DOCUMENT_NAME" -->' + "x" * 20000 + '<!--#echo var="DOCUMENT_NAME" -->'),
    ssi(
        "bytype",
        '<!--#echo var="DOCUMENT_NAME" -->',
        get("/b.html"),
        conf="AddOutputFilterByType INCLUDES text/html",
        files={"b.html": '<!--#echo var="DOCUMENT_NAME" -->'},
    ),
    ssi("path-info", '<!--#echo var="PATH_INFO" -->', get("/a.shtml/x")),
    ssi("comment", '<!--#comment x --><!--#echo var="DOCUMENT_NAME" -->'),
]
