"""What an administrator or a user may set: one YAML file, and the folders that the platform's rules name."""
