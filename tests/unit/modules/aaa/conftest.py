"""The fixtures of tests of access control."""

from tests.unit.modules.aaa.support import tree

__all__ = ["tree"]
