"""What the tray's menu offers beside the status: a snapshot, made anew when the menu opens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: what is chosen by it, and what people read.

    `value` is the setting's new value, for Recent the number of the history's entry.
    """

    value: str | tuple[str, ...] | int
    label: str
    chosen: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Choices:
    """All that the menu lets one choose, and the names that the tooltip mentions."""

    microphones: tuple[Choice, ...] = ()
    engines: tuple[Choice, ...] = ()
    languages: tuple[Choice, ...] = ()
    methods: tuple[Choice, ...] = ()
    recent: tuple[Choice, ...] = ()
    autostart: bool | None = None  # None: this system has no such thing
    microphone: str = ""  # its name, and the engine's
    engine: str = ""
    hint: str = ""  # how to begin: "hold Right Ctrl and speak"
