"""What app.py has built, and reconfigure.py may replace between two dictations.

How each part is made from the settings, at the start and when they change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tray_dictate import output
from tray_dictate.audio.cues import CueFilter, Cues
from tray_dictate.audio.microphone import Microphone as LiveMicrophone
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import Config, EngineSettings
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import (
    Actions,
    BlindCaretReader,
    CaretReader,
    CloudQuota,
    DesktopManagedHotkey,
    Engine,
    Hotkey,
    Lock,
    MenuState,
    Microphone,
    Output,
    Rewriter,
    Tray,
    Urgency,
)
from tray_dictate.history.store import Store
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.rewrite import RewriteChain
from tray_dictate.system.screen_lock import ScreenLock
from tray_dictate.system.threads import Bridge
from tray_dictate.ui import tray
from tray_dictate.ui.labels import hint


@dataclass(slots=True)
class Components:
    """The parts of a running daemon, and the settings that they were built for."""

    config: Config
    hotkey: Hotkey
    microphone: Microphone
    engine: Engine
    output: Output
    tray: Tray
    cues: Cues
    rewriter: Rewriter
    history: Store
    caret: CaretReader = field(default_factory=BlindCaretReader)
    lock: Lock = field(default_factory=ScreenLock)

    def hint(self) -> str:
        """Say how to begin: "hold right Ctrl and speak"."""
        return hint(self.config.hotkey.keys, self.config.hotkey.mode, self._trigger())

    def watches(self) -> bool:
        """Tell whether the keys that the user types are seen, wherever the focus is."""
        return self._trigger() is None

    def _trigger(self) -> Trigger | None:
        return self.hotkey.trigger() if isinstance(self.hotkey, DesktopManagedHotkey) else None

    def play(self, cue: str) -> None:
        """Play a cue on what plays them now."""
        self.cues.play(cue)

    def unringing(self) -> Callable[[bytes], bytes]:
        """Return what takes the cues out of a recording, chunk by chunk."""
        notches = CueFilter(self.engine.rate)
        return lambda chunk: notches.feed(chunk, self.cues.ringing())

    def show(self, status: Status, detail: str, listening: bool) -> None:
        """Show it on the tray that there is now."""
        self.tray.show(status, detail, listening=listening)

    def level(self, level: float) -> None:
        """Show how loud it is, likewise."""
        self.tray.level(level)

    def offer(self, choices: MenuState) -> None:
        """Offer these in the menu that there is now."""
        self.tray.offer(choices)

    def notify(self, message: str, cause: str, urgency: Urgency, buttons: tuple[str, ...]) -> None:
        """Tell the user through the tray that there is now."""
        self.tray.notify(message, cause, urgency, buttons)


log = logging.getLogger(__name__)

_CLOSING = 20.0  # seconds
_ORDER = ("output", "history", "rewriter", "engine", "tray", "microphone", "cues", "caret")
Tell = Callable[[str], None]
MakeEngine = Callable[[EngineSettings, Tell, CloudQuota], Engine]


@dataclass(slots=True)
class ComponentFactory:
    """Makes parts, and ends those that are left."""

    bridge: Bridge
    portaudio: PortAudio
    actions: Actions
    about: Callable[[str], Tell]  # what tells the user about one part
    make_engine: MakeEngine
    keyboard: SwitchableHotkey
    store: Store
    lock: ScreenLock
    _open: list[Any] = field(default_factory=list[Any])

    def parts(self, config: Config) -> Components:
        """Return all parts. Raises DictateError."""
        made = {name: self.build(name, config) for name in _ORDER}
        return Components(config, self.keyboard, lock=self.lock, **made)

    def build(self, name: str, config: Config) -> Any:
        """Return a new part, by its name in Parts. Raises DictateError."""
        part = getattr(self, f"_{name}")(config)
        if hasattr(part, "close"):
            self._open.append(part)
        return part

    def adapting(self, name: str, part: Any, config: Config) -> Callable[[], None] | None:
        """Return what lets this very part go on with other settings; None where it cannot."""
        if name == "history":
            return partial(self.store.change, config.history)
        return output.adapting(part, config.output) if name == "output" else None

    async def close(self, part: Any) -> None:
        """End a part that is in use no more."""
        if hasattr(part, "stop"):  # a tray
            part.stop()
        if part not in self._open:
            return
        self._open.remove(part)
        try:
            async with asyncio.timeout(_CLOSING):
                await part.close()
        except Exception:
            log.exception("%s did not close", type(part).__name__)

    async def close_all(self) -> None:
        """End what is left, the last one first."""
        for part in reversed(self._open.copy()):
            await self.close(part)

    def _engine(self, config: Config) -> Engine:
        return self.make_engine(config.engine_with_terms, self.about("engine"), self.store.usage)

    def _microphone(self, config: Config) -> LiveMicrophone:
        return LiveMicrophone(config.audio, self.portaudio, self.bridge, self.about("microphone"))

    def _cues(self, config: Config) -> Cues:
        return Cues(config.audio, self.portaudio)

    def _rewriter(self, config: Config) -> RewriteChain:
        return RewriteChain(config.rewrite, self.about("rewrite"))

    def _output(self, config: Config) -> Any:
        settings = config.output
        keyboard = self.keyboard
        return output.select(
            settings.method, keyboard.expect, settings.rules, private=settings.private,
            held=keyboard.held, heard=keyboard.filters_own_keys, own=keyboard.own,
        )  # fmt: skip

    def _caret(self, config: Config) -> CaretReader:
        return output.caret(read=config.text.read_caret)

    def _history(self, _config: Config) -> Store:
        return self.store  # it is never replaced

    def _tray(self, config: Config) -> Any:
        return tray.select(
            self.bridge, self.actions, icon=config.tray.icon,
            notifications=config.tray.notifications,
        )  # fmt: skip
