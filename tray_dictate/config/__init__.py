"""Settings: schema, sources, the user's file, api keys."""
