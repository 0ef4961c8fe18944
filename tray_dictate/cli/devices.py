"""`tray-dictate devices`."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "devices",
        help="list the microphones",
        description="List the microphones; a name of the list may be written to audio.device.",
    )
    parser.set_defaults(command=_run)


def _run(_options: argparse.Namespace) -> int:
    from tray_dictate.audio import devices  # noqa: PLC0415
    from tray_dictate.audio.portaudio import PortAudio  # noqa: PLC0415
    from tray_dictate.core.errors import CaptureError  # noqa: PLC0415

    found = devices.sources(PortAudio())
    if not found:
        raise CaptureError(f"{devices.NONE_FOUND} {devices.CONNECT}")
    for source in found:
        marks = {
            "default": source.default,
            "muted": source.muted,
            "no microphone: it hears what the speakers play": source.monitor,
        }
        notes = [note for note, on in marks.items() if on]
        print(source.name + (f"  ({', '.join(notes)})" if notes else ""))  # noqa: T201
    return 0
