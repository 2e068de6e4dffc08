"""Testing handlers without a server: requests go through the real phases, in this process, with no socket."""

from __future__ import annotations

from olexd.testing.client import Client
from olexd.testing.response import Response

__all__ = ["Client", "Response"]
