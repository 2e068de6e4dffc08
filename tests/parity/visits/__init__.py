"""Visits to whole sites (`tests/sites`): one file per site, each with `CASES`."""
