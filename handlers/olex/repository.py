"""What stands behind the guard: in real life a Subversion repository, here a page that names the guest."""

import os

from mod_python import apache, psp

TEMPLATES = os.path.dirname(os.path.abspath(__file__))


def handler(req):
    """Show who was let in."""
    template = psp.PSP(req, filename=os.path.join(TEMPLATES, "repository.tmpl"))
    template.run({"user": req.user, "auth_name": req.auth_name()})
    return apache.OK
