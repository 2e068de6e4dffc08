"""Which mod_python this stands for."""

from __future__ import annotations

import sys
from typing import Final

from olexd.model.cgi_env import MOD_PYTHON_VERSION

version: Final = MOD_PYTHON_VERSION
HTTPD: Final = ""
HTTPD_VERSION: Final = "2.4"
APR_VERSION: Final = ""
LIBEXECDIR: Final = ""
SYSCONFDIR: Final = ""
PYTHON_BIN: Final = sys.executable or ""
