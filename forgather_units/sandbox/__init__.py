"""A private systemd where none is booted: containers and CI. It needs root and leaves nothing behind."""
