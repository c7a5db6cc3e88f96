"""Sample runs in Forgather's layout, for the demo and the tests: real event files, invented curves."""
