"""The example application: sessions, PSP templates and a guard of its own making, as mod_python handlers."""
