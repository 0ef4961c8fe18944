"""Text into the focused window, one file per platform's way."""
