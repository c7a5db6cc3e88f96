"""Errors of the server for its clients: a page for a browser, JSON for all others."""
