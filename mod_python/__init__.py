"""mod_python's package, as applications import it: `from mod_python import apache, Session, psp, util`.

Importable outside the server too; what needs a running server then raises when it is called.
"""

from __future__ import annotations

from mod_python import apache as apache
from mod_python import version as version

mp_version = version.version

__all__ = ["apache", "cgihandler", "psp", "publisher", "python22", "util", "version"]
