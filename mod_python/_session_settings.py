"""The numbers and places that applications may assign in `mod_python.Session`, as they are now.

Applications written for mod_python set `Session.CLEANUP_CHANCE`, `Session.tempdir` and the like; so whoever
needs one of them asks the module for it each time, and keeps no copy.
"""

from __future__ import annotations

import sys
from typing import Any


def settings() -> Any:
    """Return the module `mod_python.Session`. It imports all the session modules, so none imports it."""
    return sys.modules["mod_python.Session"]
