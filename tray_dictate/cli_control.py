"""The commands to the daemon that runs; `__main__` sends most of them without this file."""

from __future__ import annotations

import argparse
from typing import Any

_WHAT = {
    "start": "begin a dictation in the running daemon",
    "stop": "end it: what you said is inserted",
    "toggle": "begin a dictation, or end it",
    "cancel": "drop it",
    "redo": "insert the last dictation again",
    "undo": "take the last dictation back",
    "copy": "put the last dictation on the clipboard",
}


def add(commands: Any) -> None:
    """Add the commands."""
    for name, what in _WHAT.items():
        parser = commands.add_parser(name, help=what)
        parser.set_defaults(command=_send, name=name)


def _send(options: argparse.Namespace) -> int:
    from tray_dictate import control  # noqa: PLC0415

    message = control.send(options.name).get("message")
    if message:
        print(message)  # noqa: T201
    return 0
