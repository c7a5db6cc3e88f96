"""Folders on disk: access rights, listings, identity after a replacement, inotify, and the reserved ones."""
