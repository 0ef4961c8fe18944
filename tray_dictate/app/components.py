"""What app.py has built, and reconfigure.py may replace between two dictations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tray_dictate.audio.cues import Cues
from tray_dictate.audio.notches import Notches
from tray_dictate.config.schema import Config
from tray_dictate.core.choices import Choices
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import (
    BlindCaretReader,
    CaretReader,
    Engine,
    Hotkey,
    Lock,
    Microphone,
    NamesKeys,
    Output,
    Rewriter,
    Tray,
    Urgency,
)
from tray_dictate.history.history_async import AsyncHistory
from tray_dictate.system.screen_lock import ScreenLock
from tray_dictate.ui.labels import hint


@dataclass(slots=True)
class Parts:
    """The parts of a running daemon, and the settings that they were built for."""

    config: Config
    hotkey: Hotkey
    microphone: Microphone
    engine: Engine
    output: Output
    tray: Tray
    cues: Cues
    rewriter: Rewriter
    history: AsyncHistory
    caret: CaretReader = field(default_factory=BlindCaretReader)
    lock: Lock = field(default_factory=ScreenLock)

    def hint(self) -> str:
        """Say how to begin: "hold right Ctrl and speak"."""
        return hint(self.config.hotkey.keys, self.config.hotkey.mode, self._trigger())

    def watches(self) -> bool:
        """Tell whether the keys that the user types are seen, wherever the focus is."""
        return self._trigger() is None

    def _trigger(self) -> Trigger | None:
        return self.hotkey.trigger() if isinstance(self.hotkey, NamesKeys) else None

    def play(self, cue: str) -> None:
        """Play a cue on what plays them now."""
        self.cues.play(cue)

    def unringing(self) -> Callable[[bytes], bytes]:
        """Return what takes the cues out of a recording, chunk by chunk."""
        notches = Notches(self.engine.rate)
        return lambda chunk: notches.feed(chunk, self.cues.ringing())

    def show(self, status: Status, detail: str, listening: bool) -> None:
        """Show it on the tray that there is now."""
        self.tray.show(status, detail, listening=listening)

    def level(self, level: float) -> None:
        """Show how loud it is, likewise."""
        self.tray.level(level)

    def offer(self, choices: Choices) -> None:
        """Offer these in the menu that there is now."""
        self.tray.offer(choices)

    def notify(self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...]) -> None:
        """Tell the user through the tray that there is now."""
        self.tray.notify(message, cause, urgency, buttons)
