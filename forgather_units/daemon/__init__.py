"""The server process: startup, wiring, request dispatch, reload, sd_notify."""
