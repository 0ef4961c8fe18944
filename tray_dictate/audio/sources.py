"""The microphones there are: PulseAudio's and PipeWire's sources where they run, else PortAudio's.

Under a sound server PortAudio sees one device, "pulse", and the server decides what that is:
PULSE_SOURCE chooses (shared/facts/x11.md, section 3).
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from typing import Any, cast

from tray_dictate.audio.portaudio import PortAudio

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A microphone: its name for people, and what opens it."""

    name: str
    default: bool
    device: int | None  # PortAudio's index
    pulse: str | None = None  # the sound server's name for it
    muted: bool = False


def sources(portaudio: PortAudio) -> list[Source]:
    """Return every microphone, the default first; blocks. Raises CaptureError."""
    devices = portaudio.inputs()
    pulse = next((index for index, name, _ in devices if name == "pulse"), None)
    found = _pulse_sources(pulse) if pulse is not None else []
    if not found:
        found = [Source(name, default, index) for index, name, default in devices]
    return sorted(found, key=lambda source: not source.default)


def listed(portaudio: PortAudio) -> list[tuple[str, bool]]:
    """Return each microphone's name now, and whether it is the default; blocks.

    Raises CaptureError.
    """
    found = sources(portaudio)
    if not any(source.pulse for source in found):  # PortAudio itself looks once only
        portaudio.rescan()
        found = sources(portaudio)
    return [(source.name, source.default) for source in found]


def choose(found: list[Source], wanted: str) -> Source | None:
    """Return the microphone with `wanted` in its name; the default one for an empty `wanted`."""
    if not wanted:
        return next((source for source in found if source.default), None)
    wanted = wanted.lower()
    same = (source for source in found if source.name.lower() == wanted)  # chosen in the menu
    return next(same, next((source for source in found if wanted in source.name.lower()), None))


def point_at(source: Source | None) -> int | None:
    """Return the PortAudio device to open for `source`, None for the default one."""
    if source and source.pulse:
        os.environ["PULSE_SOURCE"] = source.pulse
    else:
        os.environ.pop("PULSE_SOURCE", None)
    return source.device if source else None


def _pulse_sources(device: int) -> list[Source]:
    if sys.platform != "linux":
        return []
    try:
        import pulsectl  # noqa: PLC0415 - loads libpulse, which may be missing
    except (ImportError, OSError) as reason:
        log.debug("libpulse: %s", reason)
        return []
    pulse = cast("Any", pulsectl)
    try:
        with pulse.Pulse("tray_dictate") as server:
            default = server.server_info().default_source_name
            listed = server.source_list()
    except pulse.PulseError as reason:
        log.debug("no sound server: %s", reason)
        return []
    return [
        Source(s.description, s.name == default, device, s.name, bool(s.mute))
        for s in listed
        if s.name == default or not s.name.endswith(".monitor")  # what the speakers play
    ]
