"""What was said and how it went, on this machine only."""
