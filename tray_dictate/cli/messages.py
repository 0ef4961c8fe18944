"""Prints messages to the user on stderr; stdout is for the output of the command."""

from __future__ import annotations

import sys

from tray_dictate.core.ports import Cause


def warn(message: str) -> None:
    """Print a message, with the name of the program before it."""
    sys.stderr.write(f"tray-dictate: {message}\n")


class StderrNotices:
    """ports.Notifier of a command: prints each message to stderr."""

    def tell(self, message: str, cause: Cause = "") -> None:  # noqa: ARG002
        """Print the message."""
        warn(message)
