"""The example of docs/testing.md works as it stands."""

from __future__ import annotations

import re

import pytest

from tests.integration.servers import REPOSITORY

pytest_plugins = ["pytester"]


def test_the_example(pytester: pytest.Pytester) -> None:
    """Handlers and tests, copied from the page, pass."""
    page = (REPOSITORY / "docs" / "testing.md").read_text()
    handlers, tests, plain = re.findall(r"```python\n(.*?)```", page, re.S)
    pytester.makepyfile(shop=handlers, test_shop=tests)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=3)
    config = re.findall(r'(CONFIG = """.*?""")', tests, re.S)[0]
    pytester.makepyfile(plain=config + "\n" + plain.replace("/srv/shop", str(pytester.path)))
    assert pytester.runpython("plain.py").outlines == ["<Response 401 Unauthorized, 303 bytes>"]
