"""One module per noun of the command line; `cli/main.py` imports the one that it needs."""
