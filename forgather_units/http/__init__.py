"""HTTP server engine: waitress with strict parsing, a relay for slow transfers, event streams. Knows no viewer."""
