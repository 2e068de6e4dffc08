"""olexd and the real Apache with mod_python on one configuration, measured in turns."""
