"""Apache's configuration language: text in, a frozen `ServerConfig` out. Pure: knows no server."""
