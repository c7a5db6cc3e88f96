"""Settings of an administrator or user: one YAML file, and the folders of the XDG rules."""
