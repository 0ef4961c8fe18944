"""Asks the sound server for its sources, and knows how ALSA leads to it.

PortAudio knows the sound server only as a device of ALSA: PulseAudio's plugin is the device
"pulse", PipeWire's is "pipewire". What is recorded from it is said by an environment variable that
the plugin reads when it opens. PipeWire answers as PulseAudio does (pipewire-pulse), and on it both
plugins work; its own opens sooner.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

log = logging.getLogger(__name__)

Route = Literal["pipewire", "pulse"]  # the device of ALSA

_VARIABLES = ("PIPEWIRE_NODE", "PIPEWIRE_PROPS", "PULSE_SOURCE")


@dataclass(frozen=True, slots=True)
class ServerSource:
    """A source: a microphone, or the monitor of a sink, which records what is played there."""

    description: str
    name: str
    default: bool
    muted: bool
    sink: str = ""  # the name of the one that it is the monitor of

    def variables(self, route: Route) -> dict[str, str]:
        """Return the environment in which that device of ALSA opens this source."""
        if route == "pulse":
            return {"PULSE_SOURCE": self.name}
        if self.sink:  # PipeWire has no node for a monitor
            return {"PIPEWIRE_NODE": self.sink, "PIPEWIRE_PROPS": "{ stream.capture.sink = true }"}
        return {"PIPEWIRE_NODE": self.name}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sound server says of itself."""

    name: str  # "PipeWire" or "PulseAudio"
    sources: tuple[ServerSource, ...]

    def route(self, devices: Collection[str]) -> Route | None:
        """Return the best of PortAudio's devices that leads to it, None if none does.

        Beside PulseAudio, PipeWire may run for the screen alone: its plugin hears nothing then.
        """
        if self.name == "PipeWire" and "pipewire" in devices:
            return "pipewire"
        return "pulse" if "pulse" in devices else None


class SoundServer:
    """The user's sound server. A call blocks for about a millisecond."""

    def __init__(self) -> None:
        self._last: Answer | None = None

    def ask(self) -> Answer | None:
        """Return what the server says; None without one.

        While pipewire-pulse restarts, PipeWire runs on and records: its last answer still holds.
        """
        answer = _ask()
        if answer is None and self._last and self._last.name == "PipeWire":
            return self._last
        self._last = answer
        return answer


@contextmanager
def environment(variables: Mapping[str, str]) -> Generator[None]:
    """Set what the plugins read when they open a device, and nothing else of that.

    Afterwards all is as before: a cue must not be played where one records.
    """
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _ask() -> Answer | None:
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
            about = server.server_info()
            listed = server.source_list()
    except pulse.PulseError as reason:
        log.debug("no sound server: %s", reason)
        return None
    # pipewire-pulse says: PulseAudio (on PipeWire 1.4.2)
    name = "PipeWire" if "pipewire" in about.server_name.lower() else "PulseAudio"
    return Answer(
        name,
        tuple(
            ServerSource(
                s.description, s.name, s.name == about.default_source_name, bool(s.mute),
                sink=s.monitor_of_sink_name or _sink_in(s.name),
            )
            for s in listed
        ),
    )  # fmt: skip


def _sink_in(name: str) -> str:
    return name.removesuffix(".monitor") if name.endswith(".monitor") else ""
