"""Reads the journal: stored and live output of units. No other package reads it."""
