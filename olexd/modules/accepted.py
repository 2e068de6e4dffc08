"""The core's directives that are accepted without effect, and why."""

from __future__ import annotations

from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.rows import Arity, Context, Override
from olexd.modules.words import accepted

ACCEPTED: Final = (
    accepted(
        "AcceptFilter", Context.SERVER, Arity.TWO, CoreServer, "the kernel is asked for nothing special"
    ),
    accepted("ContentDigest", Context.SVDH, Arity.FLAG, CoreDir, "Content-MD5 is obsolete", Override.OPTIONS),
    accepted("DefaultRuntimeDir", Context.SERVER, Arity.ONE, CoreServer, "no runtime files are kept"),
    accepted(
        "DefaultType", Context.SVDH, Arity.ONE, CoreDir, "AH00117: deprecated; use AddType", Override.FILEINFO
    ),
    accepted(
        "EnableMMAP", Context.SVDH, Arity.ONE, CoreDir, "files are not mapped", Override.FILEINFO, "on off"
    ),
    accepted(
        "EnableSendfile",
        Context.SVDH,
        Arity.ONE,
        CoreDir,
        "the server chooses by itself",
        Override.FILEINFO,
        "on off",
    ),
    accepted("ExtendedStatus", Context.SERVER, Arity.FLAG, CoreServer, "there is no status page to extend"),
    accepted("FlushMaxPipelined", Context.SV, Arity.ONE, CoreServer, "responses are flushed at their end"),
    accepted("FlushMaxThreshold", Context.SV, Arity.ONE, CoreServer, "responses are flushed at their end"),
    accepted("GprofDir", Context.SV, Arity.ONE, CoreServer, "use a Python profiler"),
    accepted("LimitXMLRequestBody", Context.SVDH, Arity.ONE, CoreDir, "no XML is read", Override.ANY),
    accepted("Mutex", Context.SERVER, Arity.RAW, CoreServer, "locks need no choice"),
    accepted("NameVirtualHost", Context.SERVER, Arity.ONE, CoreServer, "hosts are found by name anyway"),
    accepted("Protocol", Context.SV, Arity.ONE, CoreServer, "every listener speaks HTTP"),
    accepted("Protocols", Context.SV, Arity.ITERATE, CoreServer, "HTTP/1.1 is what is spoken"),
    accepted("ProtocolsHonorOrder", Context.SV, Arity.ONE, CoreServer, "HTTP/1.1 is what is spoken"),
    accepted("ReadBufferSize", Context.SVD, Arity.ONE, CoreDir, "buffers have a fixed size"),
    accepted("RLimitCPU", Context.SVDH, Arity.ONE_OR_TWO, CoreDir, "not applied to programs", Override.ANY),
    accepted("RLimitMEM", Context.SVDH, Arity.ONE_OR_TWO, CoreDir, "not applied to programs", Override.ANY),
    accepted("RLimitNPROC", Context.SVDH, Arity.ONE_OR_TWO, CoreDir, "not applied to programs", Override.ANY),
    accepted(
        "ScriptInterpreterSource",
        Context.SVDH,
        Arity.ONE,
        CoreDir,
        "their first line says what runs them",
        Override.FILEINFO,
    ),
    accepted("SeeRequestTail", Context.SERVER, Arity.FLAG, CoreServer, "there is no scoreboard"),
    accepted("ServerPath", Context.SV, Arity.ONE, CoreServer, "clients send a Host field"),
)
