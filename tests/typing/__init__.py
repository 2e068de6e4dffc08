"""What type checkers make of handlers."""
