"""Running other programs, and our own Python as a child."""
