"""What random filters are made of: functions as text, with places for values, and what they look at.

What mod_python crashes on or waits for, and what is meant to differ (docs/differences.md), is not among it:
filters that do not close, or read a part of a request's body only; what an input filter makes beyond what was
asked for; `discard_request_body()` under one; failures before anything was sent.
"""

from __future__ import annotations

FILTERING = '''
KEPT = []

def put(filter, data):
    """Write, and keep what is written: mod_python does not."""
    KEPT.append(data)
    filter.write(data)

def watch(filter, data, *steps):
    """Leave what the filter was given, and what each step comes to for its request."""
    if data == b'':
        return
    shown = data if data is None or len(data) < 60 else '%s..' % data[:20]
    SEEN.append('%s %r' % (filter.handler.split('::')[1], shown))
    play(filter.req, *steps)

def rounds(filter):
    """Count how often the filter was called for its request."""
    filter.req.rounds = getattr(filter.req, 'rounds', 0) + 1
    return filter.req.rounds
'''

LOOPS = {
    "loop": """
def {name}(filter):
    data = filter.{read}
    watch(filter, data{steps})
    while data:
        put(filter, {change})
        {between}
        data = filter.{read}
    if data is None:
        {last}
        filter.close()
""",
    "collect": """
def {name}(filter):
    req = filter.req
    data = filter.{read}
    watch(filter, data{steps})
    while data:
        req.kept_{name} = getattr(req, 'kept_{name}', b'') + data
        data = filter.{read}
    if data is None:
        data = getattr(req, 'kept_{name}', b'')
        req.kept_{name} = b''
        put(filter, {change})
        filter.close()
""",
    "pass": """
def {name}(filter):
    watch(filter, b''{steps})
    filter.pass_on()
""",
    "disable": """
def {name}(filter):
    data = filter.read()
    watch(filter, data{steps})
    while data:
        put(filter, {change})
        data = filter.read()
    filter.disable()
    if data is None:
        filter.close()
""",
    "raise": """
def {name}(filter):
    data = filter.read()
    watch(filter, data{steps})
    if data and data[:1] == b'!':
        {failure}
    while data:
        put(filter, {change})
        data = filter.read()
    if data is None:
        filter.close()
""",
    "class": """
class Class_{name}:
    def __init__(self, filter):
        self.round = rounds(filter)
    def inner(self, filter):
        data = filter.{read}
        watch(filter, data{steps})
        while data:
            put(filter, {change})
            data = filter.{read}
        if data is None:
            {last}
            filter.close()
    def __call__(self, filter):
        self.inner(filter)
{name} = Class_{name}.inner
""",
}
INPUT_LOOP = """
def {name}(filter):
    data = filter.read()
    if data:
        watch(filter, data{steps})
    while data:
        put(filter, {change})
        data = filter.read()
    if data is None:
        filter.close()
"""

POOLS: dict[str, tuple[str, ...]] = {
    "size": ("0", "1", "10", "500", "8000", "8001", "12000"),
    "read": ("read()", "read()", "read()", "readline()", "read(-1)", "read(700)", "readline(9)"),
    "same": ("data.upper()", "data.swapcase()", "data[::-1]", "data", "data.replace(b'e', b'3')"),
    "change": (
        "data.upper()", "data.swapcase()", "data", "data + data", "data[::2]",
        "b'[' + data + b']'", "b''",
    ),
    "between": ("pass", "pass", "pass", "filter.flush()", "filter.flush()"),
    "last": ("pass", "pass", "put(filter, 'end')", "put(filter, b'.' * 9000)"),
    "failure": ("raise ValueError('in a filter')", "raise SystemExit(1)", "filter.nothing"),
}  # fmt: skip
LOOKS = (
    "req.status", "req.phase", "req.uri", "req.args", "req.content_type", "req.prev is None",
    "req.main is None", "req.next is None", "req.filename", "req.header_only", "req.interpreter",
    "req.method", "req.user", "table(req.get_options())", "req.hlist is None", "req.notes.get('own')",
    "req.extension",
)  # fmt: skip
SETS = (
    "req.headers_out['X-Filter'] = {value}",
    "req.err_headers_out['X-Filter'] = {value}",
    "req.content_type = {type}",
    "req.status = {ok_status}",
    "req.notes['own'] = {value}",
    "req.register_cleanup(late, {value})",
)
"""What a filter may do as long as the head is not sent."""
