"""`tray-dictate transcribe`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tray_dictate.cli.options import add_settings, settings


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "transcribe",
        help="print what is said in sound files",
        description="Print what is said in sound files. Nothing needs to run for it.",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3; - is stdin"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object for each file")
    parser.add_argument("--engine", metavar="NAME", help="short for --set engine.name=NAME")
    parser.add_argument(
        "--realtime", action="store_true", help="no faster than speech, as in a dictation"
    )
    add_settings(parser)
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from tray_dictate.cli import transcribe  # noqa: PLC0415

    if options.engine is not None:  # the last one counts
        named = f"engine.name={options.engine}"
        options.overrides = [*getattr(options, "overrides", []), named]
    return transcribe.files(
        options.files, settings(options), as_json=options.json, realtime=options.realtime
    )
