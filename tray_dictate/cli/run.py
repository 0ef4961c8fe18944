"""`tray-dictate run`, which is also what happens without a command."""

from __future__ import annotations

import argparse
from typing import Any

from tray_dictate.cli.options import add_settings, problems, sources


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="start tray-dictate, as without a command",
        description="Dictate until you choose Quit in the tray's menu, or `tray-dictate quit`.",
    )
    add_settings(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Run the daemon."""
    from tray_dictate.app import main  # noqa: PLC0415

    return main.run(sources(options, problems))
