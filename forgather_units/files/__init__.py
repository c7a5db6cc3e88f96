"""Safe access to users' files and folders: special files, endless files, dead mounts."""
