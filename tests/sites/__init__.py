"""Whole sites in the style of those that mod_python runs, under olexd alone and beside the real thing.

`trees/NAME/` is a site: configuration, code and files, as Apache could have them. What a machine says of
itself (in Debian's `envvars`, say) comes from Defines: SITE is the site's folder, STATE one that the server
may write to. `visits/NAME.py` says what is asked there.
"""
