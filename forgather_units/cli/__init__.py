"""The `forgather` command: a client of the server, and the stock TensorBoard in the foreground."""
