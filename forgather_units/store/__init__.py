"""The queue and the history, in SQLite. No other package uses SQLite."""
