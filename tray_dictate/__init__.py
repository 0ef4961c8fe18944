"""Hold a key, speak, and the words land in the focused window."""

__version__ = "0.5.1"
