"""Hold a key, speak, and the words land in the focused window."""

__version__ = "0.6.0"
