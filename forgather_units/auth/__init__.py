"""Authentication: the token, the password, sessions, and the one gate in front of all requests."""
