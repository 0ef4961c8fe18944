"""Lists and chooses microphones: the sources of a sound server if one runs, else PortAudio's.

Under a sound server PortAudio sees a single device, "pulse"; the environment variable PULSE_SOURCE
says which source the server connects to it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.core.errors import CaptureError
from tray_dictate.core.text.normalize import label
from tray_dictate.system.remedies import ALLOW_MICROPHONE

log = logging.getLogger(__name__)

NONE_FOUND = "No microphone was found."
CONNECT = f"Connect one, and {ALLOW_MICROPHONE}."
_NO_SINK = 0xFFFFFFFF  # the sound server's number for none
# names of sources that record the speakers, for systems without a sound server
_SPEAKERS = re.compile(
    r"^monitor of |\.monitor$|\bloopback\b|stereo ?mix|what u hear", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Source:
    """A microphone: its name for people, and what opens it."""

    name: str
    default: bool
    device: int | None  # PortAudio's index
    pulse: str | None = None  # the sound server's name for it
    muted: bool = False
    monitor: bool = False  # records what the speakers play; not a microphone


@dataclass(frozen=True, slots=True)
class Picked:
    """The source to open, whether audio.device names it, and a note for the user."""

    source: Source
    named: bool
    note: str = ""


def sources(portaudio: PortAudio) -> list[Source]:
    """Return every source, also monitors, with the default first. Blocks. Raises CaptureError."""
    devices = portaudio.inputs()
    pulse = next((index for index, name, _ in devices if name == "pulse"), None)
    found = _pulse_sources(pulse) if pulse is not None else None
    if found is None:
        found = [
            Source(label(name), default, index, monitor=bool(_SPEAKERS.search(name)))
            for index, name, default in devices
        ]
    return sorted(found, key=lambda source: not source.default)


def find_sources(portaudio: PortAudio, wanted: str) -> list[Source]:
    """Return every source; if `wanted` is not among them, look for new devices first."""
    found = sources(portaudio)
    if not found or (wanted and choose(found, wanted) is None):
        portaudio.rescan()
        found = sources(portaudio)
    return found


def list_microphones(portaudio: PortAudio) -> list[tuple[str, bool]]:
    """Return the name of each microphone, and whether it is the default.

    Blocks. Raises CaptureError.
    """
    found = sources(portaudio)
    if not any(source.pulse for source in found):  # PortAudio lists devices only at its start
        portaudio.rescan()
        found = sources(portaudio)
    return [(source.name, source.default) for source in found if not source.monitor]


def choose(found: list[Source], wanted: str) -> Source | None:
    """Return the source with `wanted` in its name, preferably a microphone; None if none has it."""
    wanted = wanted.lower()
    parts = [source for source in found if wanted in source.name.lower()]
    same = [source for source in parts if source.name.lower() == wanted]  # chosen in the menu
    return next(iter([*same, *sorted(parts, key=lambda source: source.monitor)]), None)


def pick(found: list[Source], wanted: str) -> Picked:
    """Return the source to open for audio.device; a monitor only where it is named.

    Raises CaptureError.
    """
    if not found:
        raise CaptureError(f"{NONE_FOUND} {CONNECT}")
    if wanted and (named := choose(found, wanted)):
        return Picked(named, named=True)
    missing = f"No microphone has {wanted!r} in its name" if wanted else ""
    default = found[0]
    if not default.monitor:
        remedy = "Connect it, or set audio.device (tray-dictate devices lists them)."
        note = f"{missing}; the default one is used. {remedy}" if wanted else ""
        return Picked(default, named=False, note=note)
    hears = f"{default.name!r} hears what the speakers play, not you"
    real = next((source for source in found if not source.monitor), None)
    if real is None:
        raise CaptureError(
            f"{NONE_FOUND} {hears}. Connect one; to record the speakers anyway, set "
            "audio.device to that name."
        )
    note = (
        f"{missing and f'{missing}. '}The system's default input is not a microphone: {hears}. "
        f"{real.name!r} is used. Choose one in the sound settings, or set audio.device."
    )
    return Picked(real, named=False, note=note)


class DeviceList:
    """Lists the present microphones, on PortAudio's thread."""

    def __init__(self, portaudio: PortAudio) -> None:
        self._portaudio = portaudio

    async def names(self) -> list[tuple[str, bool]]:
        """Return each microphone's name, and whether it is the default. Raises CaptureError."""
        return await self._portaudio.call(partial(list_microphones, self._portaudio))

    async def pick(self, wanted: str) -> Picked:
        """Return the source to open for audio.device. Raises CaptureError."""
        return pick(
            await self._portaudio.call(partial(find_sources, self._portaudio, wanted)), wanted
        )


def point_at(picked: Picked) -> int | None:
    """Point PulseAudio to the source; return the PortAudio device to open, None for the default."""
    source = picked.source
    follows = source.default and not picked.named  # wherever the system's default goes
    if source.pulse and not follows:
        os.environ["PULSE_SOURCE"] = source.pulse
    else:
        os.environ.pop("PULSE_SOURCE", None)
    return None if follows else source.device


def _pulse_sources(device: int) -> list[Source] | None:
    """Return the sound server's sources, None without a sound server."""
    if sys.platform != "linux":
        return None
    try:
        import pulsectl  # noqa: PLC0415 - loads libpulse, which may be missing
    except (ImportError, OSError) as reason:
        log.debug("libpulse: %s", reason)
        return None
    pulse = cast("Any", pulsectl)
    try:
        with pulse.Pulse("tray_dictate") as server:
            default = server.server_info().default_source_name
            listed = server.source_list()
    except pulse.PulseError as reason:
        log.debug("no sound server: %s", reason)
        return None
    return [
        Source(
            label(s.description), s.name == default, device, s.name, bool(s.mute),
            monitor=s.monitor_of_sink != _NO_SINK or s.name.endswith(".monitor"),
        )
        for s in listed
    ]  # fmt: skip
