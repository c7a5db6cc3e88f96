"""Who may: the token, the password, sessions, and the one gate in front of everything."""
