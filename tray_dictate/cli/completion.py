"""`tray-dictate completion`."""

from __future__ import annotations

import argparse

import shtab

from tray_dictate.cli.parser import build_parser


def print_script(options: argparse.Namespace) -> int:
    """Print the completion script of a shell."""
    print(shtab.complete(build_parser(), options.shell))
    return 0
