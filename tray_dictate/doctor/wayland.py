"""A Wayland session: which ways of hotkey and delivery it has, and why not the better ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from tray_dictate import hotkey
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys import in_words, parse_chord
from tray_dictate.doctor import hotkey as keyboard
from tray_dictate.doctor import setup
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.hotkey.bindings import compositors, gnome
from tray_dictate.hotkey.switchable import ADVICE
from tray_dictate.system import threads

_ASKING = ("portal", "kde")  # to bind there, the desktop may ask the user
_WRITES = "`tray-dictate doctor --write` adds these lines to {}:"
_PUT = "Put these lines into the file of settings that {} reads:"
_FIXES = "`tray-dictate doctor --fix` makes it one: press to start, and once more to stop."
_LATER = "it would be used where those before it refuse"


def session() -> list[Finding]:
    """Return how the compositor answers; blocks."""
    from tray_dictate.system.wayland import WaylandError, offered  # noqa: PLC0415

    began = time.monotonic()
    try:
        offered()
    except (UnavailableError, WaylandError) as reason:
        words = f"The Wayland compositor does not answer: {reason}"
        return [Finding("display", "failed", words, remedy="Log in anew.")]
    milliseconds = (time.monotonic() - began) * 1e3
    desktop = os.environ.get("XDG_CURRENT_DESKTOP") or "no name for the desktop"
    xwayland = "with Xwayland" if os.environ.get("DISPLAY") else "without Xwayland"
    words = f"Wayland ({os.environ.get('WAYLAND_DISPLAY')}, {desktop}, {xwayland})"
    return [Finding("display", "ok", words, milliseconds, "ms")]


async def keys(settings: HotkeySettings, ask: Callable[[str], None] | None) -> list[Finding]:
    """Return whether a press is seen, by which way, and what is to be said of the others."""
    explained = await threads.run_in_thread(lambda: hotkey.explain(settings))
    used = next((name for name, reason in explained if not reason), "commands")
    found = ways("key", explained, used)
    return [*await _pressed(settings, ask, used), *found]


def ways(kind: str, explained: list[tuple[str, str]], used: str) -> list[Finding]:
    """Return a line for each way, best first."""
    found: list[Finding] = []
    earlier = True
    for name, reason in explained:
        if name == used:
            earlier = False
            found.append(Finding(f"{kind}: {name}", "ok", "in use"))
        elif reason:
            found.append(Finding(f"{kind}: {name}", "unchecked", f"not in use: {reason}"))
        else:
            words = "not chosen by the settings" if earlier else _LATER
            found.append(Finding(f"{kind}: {name}", "unchecked", words))
    return found


def first(explained: list[tuple[str, str]], allowed: Collection[str]) -> str:
    """Return the way that is tried first, of those that the settings allow; "" for none."""
    return next((name for name, reason in explained if not reason and name in allowed), "")


async def _pressed(
    settings: HotkeySettings, ask: Callable[[str], None] | None, used: str
) -> list[Finding]:
    if used == "commands":
        return [await _bound(settings)]
    found = await keyboard.look(settings, ask)
    if used not in _ASKING or all(one.state == "ok" for one in found):
        return found
    # a desktop may have the portal and yet give its shortcuts no keys: Hyprland, niri
    if bound := await _by_file(settings):
        state = "ok" if bound.state == "ok" else "warning"
        found.append(replace(bound, name="bindings", state=state))
    return found


async def _by_file(settings: HotkeySettings) -> Finding | None:
    """Return whether our lines are in the compositor's file; None where it has no such file."""
    try:
        running = await threads.run_in_thread(compositors.find)
        return running and await threads.run_in_thread(lambda: _by_compositor(running, settings))
    except UnavailableError as reason:
        return failed("hotkey", reason)


async def _bound(settings: HotkeySettings) -> Finding:
    """Return whether the desktop's own bindings run our commands, and how they would."""
    if found := await _by_file(settings):
        return found
    try:
        if await setup.runs_gnome():
            return await threads.run_in_thread(lambda: _by_gnome(settings))
    except UnavailableError as reason:
        return failed("hotkey", reason)
    words = f"{in_words(parse_chord(settings.keys))} cannot be watched here."
    return Finding("hotkey", "warning", words, remedy=ADVICE)


def _by_compositor(running: compositors.RunningCompositor, settings: HotkeySettings) -> Finding:
    """Raises UnavailableError."""
    lines, named = setup.bound(running, settings)
    if compositors.is_written(running, lines.lines):
        words = f"{named} is bound in {running.file}: {running.name} runs tray-dictate's commands"
        return Finding("hotkey", "ok", " ".join([words, *lines.notes]))
    words = (
        f"{named} is not bound by us: {running.name} gives no program the keyboard, but runs our "
        "commands."
    )
    put = _WRITES.format(running.file) if running.known else _PUT.format(running.name)
    remedy = [put, *lines.lines, *lines.notes]
    return Finding("hotkey", "warning", words, remedy="\n".join(remedy))


def _by_gnome(settings: HotkeySettings) -> Finding:
    """Raises UnavailableError."""
    if binding := gnome.binding("toggle"):
        words = f"{binding} is a shortcut of GNOME's, which runs tray-dictate's commands"
        return Finding("hotkey", "ok", words)
    named = in_words(parse_chord(settings.keys))
    words = f"{named} is no shortcut yet: this GNOME gives no program the keyboard."
    return Finding("hotkey", "warning", words, remedy=_FIXES)
