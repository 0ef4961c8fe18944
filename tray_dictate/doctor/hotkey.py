"""Whether the hotkey can be watched, and whether a press of it is seen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tray_dictate import hotkey
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.chord import POINTER, Edge
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.keys import Chord, filled, in_words, parse_chord, spell
from tray_dictate.core.ports import DesktopManagedHotkey, Hotkey
from tray_dictate.doctor import installation
from tray_dictate.doctor.check import Finding, State
from tray_dictate.hotkey.privacy import PRIVACY
from tray_dictate.system import threads
from tray_dictate.system.lifetime import acquire

Select = Callable[[HotkeySettings, Callable[[str], None]], Hotkey]
_log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for the user to press it
_NO_OTHERS = {"redo": "", "undo": "", "copy_last": ""}
ALLOWED = 60.0  # seconds for the user to allow it in the desktop's dialog
_ANSWERS = 3.0  # seconds for a desktop that has nobody to ask
_ALLOW = "The desktop asks whether tray_dictate may have its keys: please allow it ..."
_COMMANDS = (
    "Bind a key of the desktop to `tray-dictate start` and its release to `tray-dictate stop`, or "
    "a press to `tray-dictate toggle`."
)
_OTHERWISE = 'If you would rather not, set hotkey.source = "auto" and leave the group input.'
_REMEDY = "Press the key when you are asked, or choose one that your keyboard has: hotkey.keys."


class _Watch:
    """Keys that go down and up, as the hotkey's thread reports them, on the loop."""

    def __init__(self, chord: Chord) -> None:
        self._chord, self._loop = chord, asyncio.get_running_loop()
        self._down: set[str] = set()
        self.seen = asyncio.Event()
        self.others, self.last = 0, ""  # keys that are not the hotkey's
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
            self.last = edge.key if edge.key != POINTER else self.last
        elif all(filled(slot, frozenset(self._down)) for slot in self._chord):
            self.seen.set()

    def _end(self, reason: str) -> None:
        self.lost = reason
        self.seen.set()


async def look(
    settings: HotkeySettings,
    ask: Callable[[str], None] | None,
    patience: float = PATIENCE,
    select: Select = hotkey.select,
) -> list[Finding]:
    """Watch for a press; `ask` tells the user to make it, None asks for none."""
    # what a running daemon hides from the windows already stays its own: it was there first
    serves = await threads.run_in_thread(installation.serves)
    hidden = settings.model_copy(update=_NO_OTHERS) if serves else settings
    told: list[str] = []

    def tell(words: str) -> None:
        _log.warning("%s", words)
        told.append(words)

    keys = await acquire(lambda: select(hidden, tell), lambda keys: keys.stop())
    at_once = told.copy()  # of the keys themselves; what a desktop answers later, `found` says
    try:
        trigger = keys.trigger() if isinstance(keys, DesktopManagedHotkey) else None
        found = trigger and _not_asked(trigger, settings, serves=serves, asks=bool(ask))
        found = found or await _seen(keys, settings, ask, patience)
    finally:
        await threads.run_in_thread(keys.stop)
    findings = [found]
    findings += [Finding("keys", "warning", words) for words in at_once]
    if _by(keys) == "Evdev":
        findings.append(Finding("privacy", "warning", PRIVACY, remedy=_OTHERWISE))
    return findings


def _not_asked(
    trigger: Trigger, settings: HotkeySettings, *, serves: bool, asks: bool
) -> Finding | None:
    """Return why the desktop is asked for no key."""
    if trigger.source == "commands":
        state: State = "unchecked" if settings.source == "commands" else "warning"
        words = "No key is watched: the desktop's own are to run tray-dictate's commands"
        return Finding("hotkey", state, words, remedy=_COMMANDS)
    if serves:  # the keys would be taken from it
        words = "The running tray_dictate has it; `tray-dictate status` says which keys these are"
        return Finding("hotkey", "unchecked", words)
    if not asks:
        words = f"{in_words(parse_chord(settings.keys))}: a press of it was not asked for"
        return Finding("hotkey", "unchecked", words)
    return None


async def _seen(
    keys: Hotkey, settings: HotkeySettings, ask: Callable[[str], None] | None, patience: float
) -> Finding:
    """Return whether the hotkey is seen once its keys are known."""
    chord = parse_chord(settings.keys)
    watch = _Watch(chord)
    named, loop = asyncio.Event(), asyncio.get_running_loop()

    def answered() -> None:
        loop.call_soon_threadsafe(named.set)

    desktop = (
        keys if isinstance(keys, DesktopManagedHotkey) and keys.trigger() is not None else None
    )
    if desktop:
        desktop.follow(answered)
    await threads.run_in_thread(lambda: keys.start(watch.edge, watch.end))
    if ask is None:
        words = f"{spell(chord)} is watched by {_by(keys)}; a press of it was not asked for"
        return Finding("hotkey", "unchecked", words)
    trigger = Trigger(spell(chord))
    if desktop:
        trigger = await _chosen(desktop, named, ask)
        if not trigger.keys:
            words = f"{in_words(chord)} has no key of the desktop's (by {_by(keys)})."
            return Finding("hotkey", "warning", words, remedy=trigger.advice)
    ask(f"Press the hotkey, {trigger.keys}, once, within {patience:g} s ...")
    try:
        async with asyncio.timeout(patience):
            await watch.seen.wait()
    except TimeoutError:
        others = "nor any other key"
        if watch.others:
            last = in_words((frozenset({watch.last}),))
            others = f"presses of others: {watch.others}, the last of {last}"
        words = f"{trigger.keys} was not seen within {patience:g} s, {others} (by {_by(keys)})."
        return Finding("hotkey", "failed", words, remedy=_REMEDY)
    if watch.lost:
        return Finding("hotkey", "failed", watch.lost, remedy="Log in anew and try again.")
    advice = f". {trigger.advice}" if trigger.advice else ""
    return Finding("hotkey", "ok", f"{trigger.keys} was seen, by {_by(keys)}{advice}")


async def _chosen(
    keys: DesktopManagedHotkey, named: asyncio.Event, ask: Callable[[str], None]
) -> Trigger:
    """Return what the desktop answers, which may have to ask the user."""
    for question, limit in (("", _ANSWERS), (_ALLOW, ALLOWED)):
        if question:
            ask(question)
        try:
            async with asyncio.timeout(limit):
                await named.wait()
        except TimeoutError:
            continue
        return keys.trigger() or Trigger()
    return Trigger(advice=f"The desktop has not answered. {_COMMANDS}")


def _by(keys: Hotkey) -> str:
    return type(keys).__name__.removesuffix("Hotkey")
