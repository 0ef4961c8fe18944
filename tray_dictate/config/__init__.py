"""Settings: their schema, their sources, the user's file, and API keys."""
