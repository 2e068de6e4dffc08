"""The sites, and how a server is started with one."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Authority
from tests.integration.test_trackers import run

TREES = Path(__file__).parent / "trees"
PACKAGES = Path(sysconfig.get_path("purelib"))
"""Where the packages of our interpreter are; the real mod_python runs Trac from there, too."""
MODIFIED = 1714910400_123456000
"""When every file of a site was last modified (nanoseconds): long ago, so that entity tags are strong."""


@dataclass(frozen=True)
class Tree:
    """A site: its name and its main configuration file, whose folder is the server root."""

    name: str
    main: str

    def config_files(self) -> list[Path]:
        """Return the files of the site's configuration."""
        return [path for path in (TREES / self.name).rglob("*") if path.suffix in (".conf", ".load")]

    def modules(self) -> list[str]:
        """Return the modules that the site's configuration loads."""
        text = "\n".join(path.read_text() for path in self.config_files())
        return re.findall(r"(?m)^LoadModule (\w+)_module", text)

    def copy(self, directory: Path) -> Path:
        """Copy the site to where every account may read it; return the copy."""
        copy = directory / self.name
        shutil.copytree(TREES / self.name, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [*copy.rglob("*"), copy]:
            executable = path.is_dir() or path.read_bytes().startswith(b"#!")
            path.chmod(0o755 if executable else 0o644)
            os.utime(path, ns=(MODIFIED, MODIFIED))
        return copy

    def config(
        self,
        copy: Path,
        place: Path,
        ports: tuple[int, int],
        defines: Mapping[str, str],
        account: str = "",
    ) -> str:
        """Return the file that a server is started with: Defines, then the site's own main file.

        `place` holds the server's `logs` and `state`; `ports` are for HTTP and for HTTPS. The server
        changes to `account`, by default ours, which can certainly read our Python.
        """
        main = copy / self.main
        user = pwd.getpwnam(account) if account else pwd.getpwuid(os.getuid())
        own = {
            "SITE": str(copy),
            "STATE": str(place / "state"),
            "HTTP_PORT": str(ports[0]),
            "HTTPS_PORT": str(ports[1]),
            "APACHE_LOG_DIR": str(place / "logs"),
            "APACHE_RUN_DIR": str(place),
            "APACHE_PID_FILE": str(place / "httpd.pid"),
            "APACHE_RUN_USER": user.pw_name,
            "APACHE_RUN_GROUP": grp.getgrgid(user.pw_gid).gr_name,
        }
        lines = [f'Define {name} "{value}"' for name, value in (own | dict(defines)).items()]
        return "\n".join([*lines, f'ServerRoot "{main.parent}"', f'Include "{main.name}"', ""])


TRAC = Tree("trac", "etc/apache2.conf")
PORTAL = Tree("portal", "conf/httpd.conf")
GUARD = Tree("guard", "conf/httpd.conf")


def make_trac_state(directory: Path) -> Mapping[str, str]:
    """Make what the Trac site keeps below `directory`: two projects, a certificate. Return its Defines."""
    (directory / "projects").mkdir()
    for name, title in (("cafe", "Café"), ("tea", "Tea")):
        run("trac-admin", directory / "projects" / name, "initenv", title, "sqlite:db/trac.db")
    run("trac-admin", directory / "projects" / "cafe", "permission", "add", "grace", "TRAC_ADMIN")
    Authority(directory).issue("dev.example.test")
    return {"TRAC_PACKAGES": str(PACKAGES)}
