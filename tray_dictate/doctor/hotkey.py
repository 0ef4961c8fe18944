"""Checks whether the hotkey can be watched, and whether a press of it arrives."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from tray_dictate import hotkey
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.keys.chord import POINTER, Edge
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import Chord, filled, in_words, parse_chord, spell
from tray_dictate.core.ports import Cause, DesktopManagedHotkey, Hotkey, Notifier
from tray_dictate.doctor import installation
from tray_dictate.doctor.check import Finding, Prompter, State
from tray_dictate.hotkey.advice import outside_doctor
from tray_dictate.hotkey.privacy import PRIVACY
from tray_dictate.system import threads
from tray_dictate.system.lifetime import acquire

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for the user to press the hotkey
ALLOWED = 60.0  # seconds for the user to allow the keys in a dialog of the desktop
_ANSWER = 3.0  # seconds for a desktop that shows no dialog
_NO_OTHERS = {"redo": "", "undo": "", "copy_last": ""}
_ALLOW = "The desktop asks whether tray_dictate may use its keys: allow it within {:g} s ..."
_COMMANDS = (
    "In the desktop's keyboard settings, bind a key to `tray-dictate start` and its release to "
    "`tray-dictate stop`, or a press to `tray-dictate toggle`."
)
_OTHERWISE = 'To avoid this, set hotkey.source = "auto" and leave the group input.'
_REMEDY = "Press the key when you are asked, or set hotkey.keys to a key that your keyboard has."


class Backends(Protocol):
    """The back ends of the hotkey, as the package hotkey has them."""

    def select(self, settings: HotkeySettings, notices: Notifier) -> Hotkey:
        """Return the first back end that works here. Raises UnavailableError."""
        ...


class _Watch:
    """ports.HotkeyListener that waits for the hotkey in the edges."""

    def __init__(self, chord: Chord) -> None:
        self._chord, self._loop = chord, asyncio.get_running_loop()
        self._down: set[str] = set()
        self.seen = asyncio.Event()
        self.others, self.last = 0, ""  # keys that are not the hotkey's
        self.reason = ""  # why no more edges come

    def edge(self, edge: Edge) -> None:
        """Take an edge, from any thread."""
        self._loop.call_soon_threadsafe(self._edge, edge)

    def caught_up(self, mark: int) -> None:
        """Do nothing: the check asks for no mark."""

    def lost(self, reason: str) -> None:
        """Take the reason why no more edges come, from any thread."""
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
        self.reason = reason
        self.seen.set()


class _CollectedNotices:
    """ports.Notifier of a check: logs the messages and keeps them for its findings."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def tell(self, message: str, cause: Cause = "") -> None:  # noqa: ARG002
        """Keep the message; from any thread."""
        log.warning("%s", message)
        self.messages.append(message)


async def check_hotkey(
    settings: HotkeySettings,
    prompter: Prompter | None,
    patience: float = PATIENCE,
    backends: Backends = hotkey,
) -> list[Finding]:
    """Ask the user to press the hotkey, and watch for it; without `prompter`, do neither."""
    # a running daemon has hidden its other keys from the windows, and keeps them
    running = await threads.run_in_thread(installation.daemon_is_running)
    watched = settings.model_copy(update=_NO_OTHERS) if running else settings
    notices = _CollectedNotices()
    keys = await acquire(lambda: backends.select(watched, notices), lambda keys: keys.stop())
    about_keys = notices.messages.copy()  # later: a desktop's answer, which is in the finding
    try:
        trigger = keys.trigger() if isinstance(keys, DesktopManagedHotkey) else None
        finding = trigger and _not_asked(trigger, settings, running=running, asks=bool(prompter))
        finding = finding or await _check_press(keys, settings, prompter, patience)
    finally:
        await threads.run_in_thread(keys.stop)
    findings = [finding]
    findings += [Finding("keys", "warning", words) for words in about_keys]
    if _backend(keys) == "Evdev":
        findings.append(Finding("privacy", "warning", PRIVACY, remedy=_OTHERWISE))
    return findings


def _not_asked(
    trigger: Trigger, settings: HotkeySettings, *, running: bool, asks: bool
) -> Finding | None:
    """Return why the desktop is not asked for its keys; None if it must be asked."""
    if trigger.source == "commands":
        state: State = "unchecked" if settings.source == "commands" else "warning"
        words = "No key is watched: shortcuts of the desktop run tray-dictate's commands"
        return Finding("hotkey", state, words, remedy=_COMMANDS)
    if running:  # the daemon would lose the keys
        words = "Not tested: the running tray_dictate uses it; `tray-dictate status` shows the keys"
        return Finding("hotkey", "unchecked", words)
    if not asks:
        words = f"{in_words(parse_chord(settings.keys))}: not tested, no press was asked for"
        return Finding("hotkey", "unchecked", words)
    return None


async def _check_press(
    keys: Hotkey, settings: HotkeySettings, prompter: Prompter | None, patience: float
) -> Finding:
    """Return whether a press of the hotkey arrives."""
    chord = parse_chord(settings.keys)
    watch = _Watch(chord)
    answered, loop = asyncio.Event(), asyncio.get_running_loop()

    def on_answer() -> None:
        loop.call_soon_threadsafe(answered.set)

    desktop = (
        keys if isinstance(keys, DesktopManagedHotkey) and keys.trigger() is not None else None
    )
    if desktop:
        desktop.trigger_changed.subscribe(on_answer)
    await threads.run_in_thread(lambda: keys.start(watch))
    if prompter is None:
        words = f"{spell(chord)} is watched by {_backend(keys)}; not tested, no press was asked for"
        return Finding("hotkey", "unchecked", words)
    trigger = Trigger(spell(chord))
    if desktop:
        trigger = await _assigned(desktop, answered, prompter)
        if not trigger.keys:
            words = f"The desktop has assigned no key to {in_words(chord)} (by {_backend(keys)})."
            return Finding("hotkey", "warning", words, remedy=outside_doctor(trigger.advice))
    prompter.prompt(f"Press the hotkey, {trigger.keys}, once, within {patience:g} s ...")
    try:
        async with asyncio.timeout(patience):
            await watch.seen.wait()
    except TimeoutError:
        others = "nor was any other key"
        if watch.others:
            last = in_words((frozenset({watch.last}),))
            others = f"presses of other keys: {watch.others}, the last of {last}"
        words = (
            f"{trigger.keys} was not seen within {patience:g} s, {others} (by {_backend(keys)})."
        )
        return Finding("hotkey", "failed", words, remedy=_REMEDY)
    if watch.reason:
        return Finding("hotkey", "failed", watch.reason, remedy="Log out and in again, then retry.")
    advice = f". {trigger.advice}" if trigger.advice else ""
    return Finding("hotkey", "ok", f"{trigger.keys} was seen, by {_backend(keys)}{advice}")


async def _assigned(
    keys: DesktopManagedHotkey, answered: asyncio.Event, prompter: Prompter
) -> Trigger:
    """Return the keys that the desktop assigns; the desktop may have to ask the user first."""
    for question, limit in (("", _ANSWER), (_ALLOW, ALLOWED)):
        if question:
            prompter.prompt(question.format(limit))
        try:
            async with asyncio.timeout(limit):
                await answered.wait()
        except TimeoutError:
            continue
        return keys.trigger() or Trigger()
    return Trigger(advice=f"The desktop has not answered. {_COMMANDS}")


def _backend(keys: Hotkey) -> str:
    return type(keys).__name__.removesuffix("Hotkey")
