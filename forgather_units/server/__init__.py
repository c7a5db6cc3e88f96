"""The HTTP side: parses at the edge, asks the scheduler, answers in JSON."""
