"""The authenticated way to a viewer: a WSGI application in front of the jobs' TensorBoards, with a raw HTTP client.

Only requests that are already authenticated reach it; the gate stands before it.
"""
