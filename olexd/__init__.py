"""olexd: the application server that mod_python applications move to."""

__version__ = "0.1.0"
