"""How parity cases are written, served by both servers and compared."""
