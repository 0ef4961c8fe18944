"""`tray-dictate completion`."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    completion = commands.add_parser(
        "completion",
        help="print what lets your shell complete the commands",
        description="Print a script for your shell, which install.sh puts in place: with it, the "
        "Tab key completes the commands of tray-dictate.",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    completion.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415

    from tray_dictate.cli import main  # noqa: PLC0415

    print(shtab.complete(main.parser(), options.shell))  # noqa: T201
    return 0
