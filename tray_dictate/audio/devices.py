"""Lists and chooses microphones: the sources of a sound server if one runs, else PortAudio's."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.audio.sound_server import Route, environment
from tray_dictate.core.errors import CaptureError
from tray_dictate.core.text.normalize import label
from tray_dictate.system.remedies import ALLOW_MICROPHONE, ALSA_PLUGINS

NONE_FOUND = "No microphone was found."
CONNECT = f"Connect one, and {ALLOW_MICROPHONE}."
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
    route: Route | None = None  # the way to the sound server; None: PortAudio's own device
    variables: Mapping[str, str] = field(default_factory=dict[str, str])  # the environment for it
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
    server = portaudio.server.ask()
    numbers = {name: index for index, name, _ in devices}
    route = server.route(numbers) if server else None
    if server and route:
        found = [
            Source(
                label(source.description), source.default, numbers[route], route,
                source.variables(route), source.muted, monitor=bool(source.sink),
            )
            for source in server.sources
        ]  # fmt: skip
    else:
        found = [
            Source(label(name), default, index, monitor=bool(_SPEAKERS.search(name)))
            for index, name, default in devices
        ]
    return sorted(found, key=lambda source: not source.default)


def find_sources(portaudio: PortAudio, wanted: str) -> list[Source]:
    """Return every source; if `wanted` is not among them, look for new devices first.

    Blocks. Raises CaptureError, also where there is none.
    """
    found = sources(portaudio)
    if not found or (wanted and choose(found, wanted) is None):
        portaudio.rescan()
        found = sources(portaudio)
    if not found:
        raise CaptureError(f"{NONE_FOUND} {missing_plugin(portaudio) or CONNECT}")
    return found


def missing_plugin(portaudio: PortAudio) -> str:
    """Return what ALSA lacks to lead to the sound server, and the remedy; empty if it leads there.

    Blocks. Raises CaptureError.
    """
    server = portaudio.server.ask()
    if server is None or server.route([name for _, name, _ in portaudio.inputs()]):
        return ""
    return f"{server.name} runs, but ALSA has no plugin for it. {ALSA_PLUGINS[server.name]}"


def list_microphones(portaudio: PortAudio) -> list[tuple[str, bool]]:
    """Return the name of each microphone, and whether it is the default.

    Blocks. Raises CaptureError.
    """
    found = sources(portaudio)
    if not any(source.route for source in found):  # PortAudio lists devices only at its start
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


@contextmanager
def pointing_at(picked: Picked) -> Generator[int | None]:
    """Yield the device of PortAudio to open meanwhile, None for its default one."""
    source = picked.source
    follows = source.default and not picked.named  # wherever the system's default goes
    with environment({} if follows else source.variables):
        # PortAudio's default may be the slower of two plugins
        yield None if follows and source.route != "pipewire" else source.device
