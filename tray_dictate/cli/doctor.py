"""`tray-dictate doctor`."""

from __future__ import annotations

import argparse

from tray_dictate.cli.options import config_file, setting_overrides, settings
from tray_dictate.cli.usable import problems
from tray_dictate.config.load import Sources
from tray_dictate.doctor import engine, main
from tray_dictate.system import files


def check_computer(options: argparse.Namespace) -> int:
    """Check everything or, with --write or --fix, only set up the desktop's shortcuts."""
    named, overrides = config_file(options), setting_overrides(options)
    # if the named file is missing, that is a finding
    sources = Sources(
        named or files.config_file(), overrides, check=problems, named=named is not None
    )
    if options.write or options.fix:
        return main.set_up(
            sources, in_json=options.json, to_write=options.write, to_fix=options.fix
        )
    return main.examine(
        sources, in_json=options.json, ask=not options.no_input, archive=options.bundle
    )


def check_engine(options: argparse.Namespace) -> int:
    """Check the engine alone."""
    return engine.examine(settings(options), live=options.live, as_json=options.json)
