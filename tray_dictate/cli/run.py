"""`tray-dictate run`, the default command."""

from __future__ import annotations

import argparse

from tray_dictate.app import main
from tray_dictate.cli.usable import usable_sources


def run(options: argparse.Namespace) -> int:
    """Run the daemon until it quits; return the exit code."""
    return main.run(usable_sources(options))
