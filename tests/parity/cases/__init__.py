"""The cases: one file per topic, each ending up in `CASES`."""

from __future__ import annotations

import importlib
import pkgutil

from tests.parity.runner.case import Case

CASES: list[Case] = [
    case
    for topic in sorted(module.name for module in pkgutil.iter_modules(__path__))
    for case in importlib.import_module(f"{__name__}.{topic}").CASES
]
