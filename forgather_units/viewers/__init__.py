"""The kinds of viewer. `table.py` lists them; each has a folder with its options, checks, program and static files."""
