"""The configuration that `mod_python create` begins with (toolkit spec 6.4).

It is written as a Python script that prints Apache's text, so that it can be edited in either form.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from mod_python._conf_objects import Comment, Container, Directive, quote_if_space

MODULES: Final = (
    "authn_file",
    "authn_core",
    "authz_host",
    "authz_groupfile",
    "authz_user",
    "authz_core",
    "access_compat",
    "auth_basic",
    "mime",
    "log_config",
    "env",
    "unixd",
    "dir",
    "alias",
)
SYSTEM_TYPES: Final = "/etc/mime.types"

_SCRIPT: Final = """\
#!{python}

# The configuration of a server, as a Python program that prints it. Change it as you like, and run:
#
#   mod_python genconfig {script} > {directory}/httpd.conf

from mod_python.httpdconf import *

config = {config!r}

print(config)
"""


def write_basic_config(
    server_root: str,
    listen: str = "0.0.0.0:8888",
    conf: str = "conf",
    logs: str = "logs",
    htdocs: str = "public",
    pythonhandler: str = "mod_python.publisher",
    pythonpath: Sequence[str] = (),
    pythonoptions: Sequence[str] = (),
    mp_comments: Sequence[str] = (),
    conf_name: str = "httpd_conf.py",
    createdirs: bool = True,
    replace_config: bool = False,
) -> str | None:
    """Lay out a server's directory and write its configuration as a Python script; return the script's path.

    `conf`, `logs` and `htdocs` are relative to `server_root`. An existing script stays as it is, and None is
    returned, unless `replace_config` is set. What is done is told on standard error. Raises OSError.
    """
    root = os.path.abspath(server_root)
    directory, public = os.path.join(root, conf), os.path.join(root, htdocs)
    script = os.path.join(directory, conf_name)
    if os.path.exists(script) and not replace_config:
        _tell(f"Error: {script!r} already exists, aborting.")
        return None
    if createdirs:
        for path in (root, public, directory, os.path.join(root, logs)):
            _make_directory(path)
    _copy_types(os.path.join(directory, "mime.types"))
    config = Container(
        _modules(),
        _main(root, listen, conf, logs, public),
        _python(pythonhandler, pythonpath, pythonoptions, mp_comments),
    )
    _tell(f"Writing {script!r}.")
    _write(script, _SCRIPT.format(python=sys.executable, script=script, directory=directory, config=config))
    return script


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _make_directory(path: str) -> None:
    if os.path.isdir(path):
        _tell(f"Warning: directory {path!r} already exists, continuing.")
    else:
        _tell(f"Creating directory {path!r}.")
        os.makedirs(path)


def _copy_types(target: str) -> None:
    if os.path.exists(target):
        _tell(f"Warning: file {target!r} already exists, continuing.")
    elif os.path.exists(SYSTEM_TYPES):
        _tell(f"Copying {SYSTEM_TYPES!r} to {target!r}")
        shutil.copyfile(SYSTEM_TYPES, target)
    else:
        _tell(f"Warning: file {SYSTEM_TYPES!r} does not exist, continuing without it.")


def _write(script: str, text: str) -> None:
    with open(script, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(script, 0o755)


def _title(text: str) -> Comment:
    return Comment(f"\n{text}\n\n")


def _modules() -> Container:
    lines = [Directive("LoadModule", f"{name}_module modules/mod_{name}.so") for name in MODULES]
    return Container(_title("The modules that the server uses:"), *lines)


def _main(root: str, listen: str, conf: str, logs: str, public: str) -> Container:
    combined = '"%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined'
    return Container(
        _title("The server:"),
        Directive("ServerRoot", quote_if_space(root)),
        Container(
            Directive("MaxConnectionsPerChild", "65536"),
            only_if="mod_python.version.HTTPD_VERSION[0:3] == '2.4'",
        ),
        Container(
            Directive("MaxRequestsPerChild", "65536"), only_if="mod_python.version.HTTPD_VERSION[0:3] < '2.4'"
        ),
        Directive("LogFormat", combined, 0),
        Directive("CustomLog", f"{logs}/access_log combined"),
        Directive("ErrorLog", f"{logs}/error_log"),
        Directive("LogLevel", "warn"),
        Directive("PidFile", f"{logs}/httpd.pid"),
        Directive("TypesConfig", f"{conf}/mime.types"),
        Directive("ServerName", "127.0.0.1"),
        Directive("Listen", listen),
        Directive("DocumentRoot", quote_if_space(public)),
        Container(
            Directive("LockFile", f"{logs}/accept.lock"),
            only_if="mod_python.version.HTTPD_VERSION[0:3] == '2.2'",
        ),
    )


def _python(handler: str, path: Sequence[str], options: Sequence[str], comments: Sequence[str]) -> Container:
    entries: list[Directive | Comment] = [
        Directive("LoadModule", "python_module modules/mod_python.so"),
        Directive("SetHandler", "mod_python"),
        Comment("PythonDebug On"),
        Directive("PythonHandler", handler),
    ]
    if path:
        entries.append(Directive("PythonPath", _path_value(path), 0))
    entries += [Directive("PythonOption", option) for option in options]
    return Container(_title("mod_python:"), *entries, *(Comment(text) for text in comments))


def _path_value(path: Sequence[str]) -> str:
    """Return the expression for PythonPath as one argument of a directive."""
    expression = f"sys.path+[{''.join(f'{name!r},' for name in path)}]"
    escaped = expression.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
