"""What handlers and modules hold: requests, connections, servers, tables."""
