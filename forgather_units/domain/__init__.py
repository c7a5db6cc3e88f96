"""Domain values: jobs, their states, placements and errors. Imports no other package of forgather_units."""
