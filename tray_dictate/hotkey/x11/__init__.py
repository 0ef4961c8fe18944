"""The keys of an X11 session."""
