"""What the proxy costs, and what it gains, beside its peers in one run: `make bench`."""
