"""What systemd forgets: the queue and the history, in SQLite. The only room that speaks to it."""
