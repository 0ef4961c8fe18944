"""Speech to segments; one file per way."""
