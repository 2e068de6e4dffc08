"""Visits to the sites: what is asked, one file per site. On both servers the answers must be equal."""
