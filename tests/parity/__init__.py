"""Parity: the same configuration, handlers and requests on Apache with mod_python and on olexd."""
