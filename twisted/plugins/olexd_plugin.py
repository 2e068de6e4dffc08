"""Makes `twistd olexd` known. Strings only: nothing of the server is imported to list it."""

from twisted.application.service import ServiceMaker

olexd = ServiceMaker(
    "olexd",
    "olexd.tap",
    "The application server that mod_python applications move to.",
    "olexd",
)
