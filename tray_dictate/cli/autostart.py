"""`tray-dictate autostart`."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "autostart",
        help="start with your desktop session, or no longer",
        description="Let tray-dictate start when you log in, or no longer. What runs now goes on.",
        epilog="After the installation was moved, enable it again. status exits with 0 if it "
        "starts at login, and with 1 if it does not or what would start is gone.",
    )
    parser.add_argument("action", choices=("enable", "disable", "status"))
    parser.add_argument(
        "--systemd", action="store_true", default=None,
        help="Linux: enable a systemd user service instead of the desktop's autostart entry; "
        "it starts again after a failure",
    )  # fmt: skip
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from tray_dictate.system import autostart  # noqa: PLC0415

    if options.action == "enable":
        autostart.enable(systemd=options.systemd)
    elif options.action == "disable":
        autostart.disable()
    now = autostart.status()
    print(now)  # noqa: T201
    return int(options.action == "status" and (not now.on or now.broken))
