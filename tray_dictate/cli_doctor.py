"""`tray-dictate doctor`."""

from __future__ import annotations

import argparse
from typing import Any

from tray_dictate.cli_settings import add_settings, settings


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="find out what works, and what would mend it")
    topics = parser.add_subparsers(title="topics", metavar="TOPIC", required=True)
    engine = topics.add_parser("engine", help="the engine: its server, its key, its speed")
    engine.add_argument(
        "--live", action="store_true", help="send a recording, too: it may cost money"
    )
    engine.add_argument("--json", action="store_true", help="one JSON object")
    add_settings(engine)
    engine.set_defaults(command=_engine)


def _engine(options: argparse.Namespace) -> int:
    from tray_dictate import doctor  # noqa: PLC0415

    return doctor.engine(settings(options), live=options.live, as_json=options.json)
