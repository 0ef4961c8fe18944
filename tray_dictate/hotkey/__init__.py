"""The user's keys, one file per platform's way."""
