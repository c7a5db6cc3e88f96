"""The reverse proxy to the viewers: a WSGI application with an HTTP client of its own.

It does not authenticate; the gate runs before it.
"""
