"""`tray-dictate config`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tray_dictate.cli.options import add_settings, problems, settings, warnings


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "config",
        help="show or check the settings",
        description="Show or check the settings. Without a settings file, all are at their "
        "defaults.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--defaults", action="store_true", help="print every setting, explained")
    which.add_argument("--path", action="store_true", help="print where your settings file is")
    which.add_argument("--check", action="store_true", help="name every mistake in your settings")
    add_settings(parser)
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from tray_dictate.config import template  # noqa: PLC0415
    from tray_dictate.system import files  # noqa: PLC0415

    if options.defaults:
        sys.stdout.write(template.render())
    elif options.path:
        print(getattr(options, "config", None) or files.config_file())  # noqa: T201
    else:
        config = settings(options, problems)
        for warning in warnings(config):
            print(warning)  # noqa: T201
        print("The settings are right.")  # noqa: T201
    return 0
