"""What expressions see of a request: the parts that no parity case can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.expr import REQUEST, EvaluationError, condition
from olexd.model.variables import HtmlVariables, RequestVariables
from tests.unit.python_support import make_record


def test_every_name_has_a_meaning() -> None:
    """Whatever the vocabulary lets be read can be evaluated, or fails as an evaluation."""
    provider = RequestVariables(make_record())
    for name in REQUEST.variables | {"SSL_PROTOCOL"}:
        assert isinstance(provider.variable(name), str)
    for name in REQUEST.functions - {"file"}:
        assert isinstance(provider.function(name, "x"), str)
    for operator in REQUEST.tests - set("UFAR"):
        assert provider.test(operator, "/nope") is False
    for operator in "UFA":
        with pytest.raises(EvaluationError, match="subrequest"):
            provider.test(operator, "/")


def test_vary() -> None:
    """A header that is asked for joins Vary once; Host, and questions that shall not, do not."""
    record = make_record()
    record.headers_out["Vary"] = "Accept-Language"
    provider = RequestVariables(record)
    for _ in range(2):
        provider.function("req", "X-A")
        provider.function("http", "x-a")
        provider.variable("HTTP_COOKIE")
        provider.variable("HTTP_HOST")
        provider.function("req_novary", "X-B")
    assert record.headers_out["Vary"] == "Accept-Language,X-A,Cookie"
    RequestVariables(record, varies=False).function("req", "X-C")
    assert "X-C" not in record.headers_out["Vary"]


def test_files(tmp_path: Path) -> None:
    """file() yields what is in a file; one that cannot be read is no empty one."""
    (tmp_path / "page").write_bytes(b"text \xff")
    provider = RequestVariables(make_record())
    assert provider.function("file", str(tmp_path / "page")) == "text \udcff"
    assert provider.function("filesize", str(tmp_path / "nope")) == "0"
    with pytest.raises(EvaluationError, match="cannot read"):
        provider.function("file", str(tmp_path / "nope"))
    with pytest.raises(EvaluationError, match="cannot read"):
        provider.function("file", "a\0b")


def test_tables() -> None:
    """env() looks at notes, the request's environment and the server's, in this order."""
    record = make_record()
    provider = RequestVariables(record)
    assert provider.function("env", "PATH") == provider.function("osenv", "PATH") != ""
    record.subprocess_env["PATH"] = "of the request"
    assert provider.function("env", "PATH") == "of the request"
    record.notes["PATH"] = "a note"
    assert provider.function("env", "PATH") == "a note"
    assert provider.function("reqenv", "PATH") == "of the request"


def test_response_headers() -> None:
    """resp() sees both tables of the response."""
    record = make_record()
    record.headers_out["X-A"] = "normal"
    record.err_headers_out["X-B"] = "always"
    provider = RequestVariables(record)
    assert [provider.function("resp", name) for name in ("x-a", "x-b", "x-c")] == ["normal", "always", ""]


def test_pages() -> None:
    """For pages, values are escaped."""
    record = make_record(args="<&>")
    assert HtmlVariables(record).variable("QUERY_STRING") == "&lt;&amp;&gt;"
    assert HtmlVariables(record).function("req_novary", "X") == ""
    assert RequestVariables(record).holds(condition("%{QUERY_STRING} == '<&>'", REQUEST))
