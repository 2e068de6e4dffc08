"""Apache's configuration, written in Python: `Location("/", SetHandler("mod_python"), PythonHandler("app"))`.

`str()` of such an object is text for a configuration file. The module can be used outside of the server. For
a directive that is not here derive a class from `Directive`:

    class Redirect(Directive):
        def __init__(self, val):
            Directive.__init__(self, self.__class__.__name__, val)
"""

from __future__ import annotations

import os as os
import sys as sys
from typing import Any

import mod_python as mod_python
from mod_python._basic_config import write_basic_config as write_basic_config
from mod_python._conf_objects import Comment as Comment
from mod_python._conf_objects import Container as Container
from mod_python._conf_objects import ContainerTag as ContainerTag
from mod_python._conf_objects import Directive as Directive
from mod_python._conf_objects import quote_if_space as quote_if_space


class _Named(Directive):
    """A directive that has its class's name."""

    def __init__(self, val: object) -> None:
        super().__init__(type(self).__name__, val)


class _NamedAsIs(Directive):
    """The same, for values in which backslashes stay."""

    def __init__(self, val: object) -> None:
        super().__init__(type(self).__name__, val, 0)


class _NamedFlag(Directive):
    """The same, for a flag that is off unless it is said to be on."""

    def __init__(self, val: object = "Off") -> None:
        super().__init__(type(self).__name__, val)


class _NamedTag(ContainerTag):
    """A section that has its class's name."""

    def __init__(self, dir: str, *args: Any) -> None:
        super().__init__(type(self).__name__, dir, args)


class AddHandler(_Named): ...


class AddOutputFilter(_Named): ...


class AddType(_Named): ...


class AuthBasicAuthoritative(_Named): ...


class AuthBasicProvider(_Named): ...


class AuthName(_Named): ...


class AuthType(_Named): ...


class CustomLog(_Named): ...


class DirectoryIndex(_Named): ...


class DocumentRoot(_Named): ...


class ErrorLog(_Named): ...


class KeepAliveTimeout(_Named): ...


class Listen(_Named): ...


class LoadModule(_Named): ...


class LockFile(_Named): ...


class LogFormat(_NamedAsIs): ...


class LogLevel(_Named): ...


class MaxClients(_Named): ...


class MaxConnectionsPerChild(_Named): ...


class MaxRequestsPerChild(_Named): ...


class MaxSpareServers(_Named): ...


class MaxSpareThreads(_Named): ...


class MaxThreadsPerChild(_Named): ...


class MinSpareThreads(_Named): ...


class Mutex(_Named): ...


class NameVirtualHost(_Named): ...


class NumServers(_Named): ...


class Options(_Named): ...


class PidFile(_Named): ...


class PythonAccessHandler(_Named): ...


class PythonAuthenHandler(_Named): ...


class PythonAuthzHandler(_Named): ...


class PythonCleanupHandler(_Named): ...


class PythonConnectionHandler(_Named): ...


class PythonDebug(_Named): ...


class PythonFixupHandler(_Named): ...


class PythonHandler(_Named): ...


class PythonImport(_Named): ...


class PythonInterpPerDirective(_NamedFlag): ...


class PythonInterpPerDirectory(_NamedFlag): ...


class PythonOption(_Named): ...


class PythonOutputFilter(_Named): ...


class PythonPath(_NamedAsIs): ...


class PythonPostReadRequestHandler(_Named): ...


class PythonTransHandler(_Named): ...


class Require(_Named): ...


class ServerAdmin(_Named): ...


class ServerName(_Named): ...


class ServerPath(_Named): ...


class ServerRoot(_Named): ...


class SetHandler(_Named): ...


class StartServers(_Named): ...


class StartThreads(_Named): ...


class ThreadsPerChild(_Named): ...


class Timeout(_Named): ...


class TypesConfig(_Named): ...


class Directory(_NamedTag): ...


class Files(_NamedTag): ...


class IfModule(_NamedTag): ...


class Location(_NamedTag): ...


class VirtualHost(ContainerTag):
    """The section of a virtual host."""

    def __init__(self, addr: str, *args: Any) -> None:
        super().__init__("VirtualHost", addr, args)
