"""`tray-dictate doctor`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tray_dictate.cli.options import add_settings, settings

_ENDS = (".zip", ".tar.gz", ".tgz")


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "doctor",
        help="find out what works, and what would mend it",
        description="Check display, settings, hotkey, microphone, engine, typing, clipboard, tray "
        "and files, with numbers, and say what mends what does not work. A window of its own is "
        "shown for a moment, and some words are typed into it. The exit code is 1 if something "
        "failed, else 0.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--no-input", action="store_true", help="do not ask for a press of the hotkey"
    )
    parser.add_argument(
        "--bundle", type=_bundle, metavar="FILE",
        help="also write an archive (.zip or .tar.gz) to attach to a report of a problem: without "
        "keys, without anything that you said, without your name",
    )  # fmt: skip
    parser.add_argument(
        "--write", action="store_true",
        help="check nothing; bind the hotkey in the configuration file of sway, Hyprland, river "
        "or niri",
    )  # fmt: skip
    parser.add_argument(
        "--fix",
        action="store_true",
        help="check nothing; make the hotkey a shortcut in GNOME's keyboard settings",
    )
    add_settings(parser)
    parser.set_defaults(command=_machine)
    topics = parser.add_subparsers(title="topics", metavar="TOPIC")
    engine = topics.add_parser("engine", help="only the engine: its server, its key, its speed")
    engine.add_argument(
        "--live", action="store_true", help="send a recording, too: it may cost money"
    )
    engine.add_argument("--json", action="store_true", help="one JSON object")
    add_settings(engine)
    engine.set_defaults(command=_engine)


def _bundle(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.name.endswith(_ENDS):
        raise argparse.ArgumentTypeError(f"{text!r} must end with one of {', '.join(_ENDS)}")
    if path.exists():
        raise argparse.ArgumentTypeError(f"{text!r} exists already; name another file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}")
    return path


def _machine(options: argparse.Namespace) -> int:
    from tray_dictate.doctor import main  # noqa: PLC0415

    if options.write or options.fix:
        return main.set_up(
            getattr(options, "config", None), getattr(options, "overrides", None),
            in_json=options.json, to_write=options.write, to_fix=options.fix,
        )  # fmt: skip
    return main.examine(
        getattr(options, "config", None), getattr(options, "overrides", None),
        in_json=options.json, ask=not options.no_input, archive=options.bundle,
    )  # fmt: skip


def _engine(options: argparse.Namespace) -> int:
    from tray_dictate.doctor import engine  # noqa: PLC0415

    return engine.examine(settings(options), live=options.live, as_json=options.json)
