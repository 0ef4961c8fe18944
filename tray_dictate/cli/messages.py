"""Prints what the user should know on stderr; stdout is for what a command was asked for."""

from __future__ import annotations

import sys


def warn(message: str) -> None:
    """Print a message, marked as tray-dictate's."""
    sys.stderr.write(f"tray-dictate: {message}\n")
