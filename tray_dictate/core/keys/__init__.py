"""Keys: their names and codes, and what pressing them means."""
