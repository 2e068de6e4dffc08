"""Whole sites in the style of those that mod_python runs: `NAME/` is a tree of configuration, code and files.

Their configurations are meant to be read by any Apache. What a machine would say of itself (in Debian's
`envvars`, say) comes from Defines: SITE is the tree, STATE a folder that the server may write to.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = Path(sysconfig.get_path("purelib"))
"""Where the packages of our interpreter are; the real mod_python runs Trac from there, too."""
MODIFIED = 1714910400_123456000
"""When every file of a tree was last modified (nanoseconds): long ago, so that entity tags are strong."""


@dataclass(frozen=True)
class Tree:
    """A site: its name, its main file and server root within its folder, and Defines of its own."""

    name: str
    main: str
    defines: Mapping[str, str] = field(default_factory=dict)

    def copy(self, directory: Path) -> Path:
        """Copy the tree to a folder that every account may read; return the copy."""
        copy = directory / self.name
        shutil.copytree(HERE / self.name, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [*copy.rglob("*"), copy]:
            executable = path.is_dir() or path.read_bytes().startswith(b"#!")
            path.chmod(0o755 if executable else 0o644)
            os.utime(path, ns=(MODIFIED, MODIFIED))
        return copy

    def config(self, copy: Path, place: Path, ports: tuple[int, int], account: str = "") -> str:
        """Return the file that a server is started with: Defines, then the site's own main file.

        `place` holds the server's `logs` and `state`; `ports` are for HTTP and for HTTPS. The server
        changes to `account`, by default ours, which can certainly read our Python.
        """
        user = pwd.getpwnam(account) if account else pwd.getpwuid(os.getuid())
        main = copy / self.main
        defines = {
            "SITE": str(copy),
            "STATE": str(place / "state"),
            "HTTP_PORT": str(ports[0]),
            "HTTPS_PORT": str(ports[1]),
            "APACHE_LOG_DIR": str(place / "logs"),
            "APACHE_RUN_DIR": str(place),
            "APACHE_PID_FILE": str(place / "httpd.pid"),
            "APACHE_RUN_USER": user.pw_name,
            "APACHE_RUN_GROUP": grp.getgrgid(user.pw_gid).gr_name,
            **self.defines,
        }
        lines = [f'Define {name} "{value}"' for name, value in defines.items()]
        return "\n".join([*lines, f'ServerRoot "{main.parent}"', f'Include "{main.name}"', ""])
