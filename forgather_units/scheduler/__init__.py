"""Decides what runs: the order, the ports, what a start, an end or a kill means for a job."""
