"""The variables of the environment that change how the server itself answers (configuration spec 3.10)."""

from __future__ import annotations

from olexd.model.request import Request


def heed(request: Request) -> None:
    """Do what `nokeepalive` and `downgrade-1.0` in the request's environment ask for."""
    env = request.subprocess_env_table
    if env is None:
        return
    if "nokeepalive" in env:
        request.persistent = False
    if "downgrade-1.0" in env:
        request.proto_num = min(request.proto_num, 1000)
