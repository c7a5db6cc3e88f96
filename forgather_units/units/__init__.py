"""The only room that speaks to systemd (D-Bus) and to the journal."""
