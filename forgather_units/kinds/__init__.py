"""The kinds of viewer, one module each: options, command line, checks, program. A new kind is an entry in table.py."""
