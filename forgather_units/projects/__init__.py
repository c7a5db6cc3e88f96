"""Forgather's projects and configs: where they are and where they write. No torch, nothing executed."""
