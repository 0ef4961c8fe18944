"""Whether the hotkey can be watched, and whether a press of it is seen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tray_dictate import blocking, hotkey
from tray_dictate.config import HotkeySettings
from tray_dictate.core.chord import POINTER, Edge
from tray_dictate.core.keys import Chord, filled, parse_chord, spell
from tray_dictate.doctor import daemon
from tray_dictate.doctor.finding import Finding

_log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for the user to press it
# modifiers alone are not kept from the windows
_NOTHING_HIDDEN = {"keys": "ctrl_r", "redo": "", "undo": "", "copy_last": ""}
_REMEDY = "Press the key when you are asked, or choose one that your keyboard has: hotkey.keys."


class _Watch:
    """Keys that go down and up, as the hotkey's thread reports them, on the loop."""

    def __init__(self, chord: Chord) -> None:
        self._chord, self._loop = chord, asyncio.get_running_loop()
        self._down: set[str] = set()
        self.seen = asyncio.Event()
        self.others = 0
        self.lost = ""

    def edge(self, edge: Edge) -> None:
        """Take an edge; from any thread."""
        self._loop.call_soon_threadsafe(self._edge, edge)

    def end(self, reason: str) -> None:
        """Learn that no more come; from any thread."""
        self._loop.call_soon_threadsafe(self._end, reason)

    def _edge(self, edge: Edge) -> None:
        if not edge.down:
            self._down.discard(edge.key)
            return
        self._down.add(edge.key)
        if not any(edge.key in slot for slot in self._chord):
            self.others += edge.key != POINTER
        elif all(filled(slot, frozenset(self._down)) for slot in self._chord):
            self.seen.set()

    def _end(self, reason: str) -> None:
        self.lost = reason
        self.seen.set()


async def look(
    settings: HotkeySettings, ask: Callable[[str], None] | None, patience: float = PATIENCE
) -> list[Finding]:
    """Watch for a press; `ask` tells the user to make it, None asks for none."""
    chord = parse_chord(settings.keys)
    name = spell(chord)
    # what a running daemon hides from the windows already is left to it
    serves = await blocking.start(daemon.serves)
    hidden = settings.model_copy(update=_NOTHING_HIDDEN) if serves else settings
    keys = await blocking.start(lambda: hotkey.select(hidden, _log.warning))
    by = type(keys).__name__.removesuffix("Hotkey")
    watch = _Watch(chord)
    try:
        await blocking.start(lambda: keys.start(watch.edge, watch.end))
        if ask is None:
            words = f"{name} is watched by {by}; a press of it was not asked for"
            return [Finding("hotkey", "unchecked", words)]
        ask(f"Press the hotkey, {name}, once, within {patience:g} s ...")
        async with asyncio.timeout(patience):
            await watch.seen.wait()
    except TimeoutError:
        others = f"presses of others: {watch.others}" if watch.others else "nor any other key"
        words = f"{name} was not seen within {patience:g} s, {others} (by {by})."
        return [Finding("hotkey", "failed", words, remedy=_REMEDY)]
    finally:
        await blocking.start(keys.stop)
    if watch.lost:
        return [Finding("hotkey", "failed", watch.lost, remedy="Log in anew and try again.")]
    return [Finding("hotkey", "ok", f"{name} was seen, by {by}")]
