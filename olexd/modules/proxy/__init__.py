"""mod_proxy and its kin: requests that another server answers (configuration spec 6)."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.model.request import Request
from olexd.modules.proxy.directives import DIRECTIVES
from olexd.modules.proxy.forward import forward
from olexd.modules.proxy.mapping import backend_url, canonicalise, translate, wanted, wanted_as_handler
from olexd.modules.proxy.settings import ProxyDir, ProxyServer
from olexd.modules.proxy.tls import check
from olexd.modules.proxy.tls_directives import TLS_DIRECTIVES, ProxyTls
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase
from olexd.status import DECLINED


def handle(request: Request) -> Answer:
    """Let the backend answer that the request was mapped to, whatever SetHandler says."""
    url = backend_url(request)
    return DECLINED if url is None else forward(request, url)


MODULE: Final = Module(
    ModuleSpec(
        "proxy",
        ("proxy_module", "mod_proxy.c"),
        (ProxyServer,),
        (ProxyDir, ProxyTls),
        (*DIRECTIVES, *TLS_DIRECTIVES),
        check,
    ),
    (
        Hook(Phase.TRANSLATE_NAME, translate, Order.EARLY, wanted),
        Hook(Phase.FIXUPS, canonicalise, Order.EARLY, wanted, by_request=True),
        Hook(Phase.HANDLER, handle, Order.FIRST, wanted_as_handler, by_request=True),
    ),
)
PARTS: Final = tuple(
    Module(ModuleSpec(name, (f"{name}_module", f"mod_{name}.c")))
    for name in (
        "proxy_http",
        "proxy_wstunnel",
        "proxy_balancer",
        "lbmethod_bybusyness",
        "lbmethod_byrequests",
        "lbmethod_bytraffic",
        "slotmem_shm",
    )
)
"""The modules of httpd whose work is done here, too."""
