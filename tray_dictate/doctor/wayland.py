"""Checks a Wayland session: its compositor, its hotkey, and every source of key presses."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from dataclasses import replace

from tray_dictate import hotkey
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.names import in_words, parse_chord
from tray_dictate.doctor import hotkey as hotkey_check
from tray_dictate.doctor import installation
from tray_dictate.doctor.check import Finding, Prompter, failed
from tray_dictate.hotkey.advice import UNWATCHED, outside_doctor
from tray_dictate.hotkey.bindings import bound, compositors, gnome, runs_gnome
from tray_dictate.hotkey.portal import has_key_settings
from tray_dictate.system import threads
from tray_dictate.system.desktop.wayland import WaylandError, offered

_ASKING = ("portal", "kde")  # to bind a key there, the desktop may ask the user
_UNTESTED = "it offers shortcuts; not tested whether it assigns a key on this desktop"
_KEYLESS = "it has assigned no key to the hotkey"
_WRITE = "`tray-dictate doctor --write` adds these lines to {}:"
_INSERT = "Add these lines to the configuration file of {}:"
_FIX = "`tray-dictate doctor --fix` binds it: press once to start, and again to stop."
_LATER = "would be used if the ones above failed"


def check_compositor() -> list[Finding]:
    """Check that the compositor answers; blocks."""
    began = time.monotonic()
    try:
        offered()
    except (UnavailableError, WaylandError) as reason:
        words = f"The Wayland compositor does not answer: {reason}"
        return [Finding("display", "failed", words, remedy="Log out and in again.")]
    milliseconds = (time.monotonic() - began) * 1e3
    desktop = os.environ.get("XDG_CURRENT_DESKTOP") or "unknown desktop"
    xwayland = "with Xwayland" if os.environ.get("DISPLAY") else "without Xwayland"
    words = f"Wayland ({os.environ.get('WAYLAND_DISPLAY')}, {desktop}, {xwayland})"
    return [Finding("display", "ok", words, milliseconds, "ms")]


async def check_hotkey(settings: HotkeySettings, prompter: Prompter | None) -> list[Finding]:
    """Check whether a press arrives, and list every source of key presses."""
    explained = await threads.run_in_thread(lambda: hotkey.explain(settings))
    used = next((name for name, reason in explained if not reason), "commands")
    found = await _check_press(settings, prompter, used)
    served = await threads.run_in_thread(installation.daemon_hotkey)
    if used in _ASKING and (served == "commands" or _is_keyless(found)):
        explained = [
            (name, reason or (name == used and _KEYLESS) or "") for name, reason in explained
        ]
        used = "commands"
    sources = list_methods("key", explained, used)
    if used == "portal" and not (prompter or served or has_key_settings()):
        untested = Finding("key: portal", "unchecked", _UNTESTED)
        sources = [untested if source.name == untested.name else source for source in sources]
    return [*found, *sources]


def _is_keyless(found: list[Finding]) -> bool:
    """Return whether the desktop was asked, and has assigned no key."""
    return any(finding.name == "hotkey" and finding.state == "warning" for finding in found)


def list_methods(subject: str, explained: list[tuple[str, str]], used: str) -> list[Finding]:
    """Return a finding for each method, best first, from its name and why it cannot be used."""
    found: list[Finding] = []
    better = True
    for name, reason in explained:
        if name == used:
            better = False
            found.append(Finding(f"{subject}: {name}", "ok", "in use"))
        elif reason:
            found.append(Finding(f"{subject}: {name}", "unchecked", f"not in use: {reason}"))
        else:
            words = "not chosen by the settings" if better else _LATER
            found.append(Finding(f"{subject}: {name}", "unchecked", words))
    return found


def first_usable(explained: list[tuple[str, str]], allowed: Collection[str]) -> str:
    """Return the method that is tried first of those that the settings allow; "" for none."""
    return next((name for name, reason in explained if not reason and name in allowed), "")


async def _check_press(
    settings: HotkeySettings, prompter: Prompter | None, used: str
) -> list[Finding]:
    if used == "commands":
        return [await _check_bindings(settings)]
    found = await hotkey_check.check_hotkey(settings, prompter)
    if used not in _ASKING or all(finding.state == "ok" for finding in found):
        return found
    # a desktop may have the portal and yet give its shortcuts no keys: Hyprland, niri
    if in_file := await _check_file(settings):
        state = "ok" if in_file.state == "ok" else "warning"
        found.append(replace(in_file, name="bindings", state=state))
    return found


async def _check_bindings(settings: HotkeySettings) -> Finding:
    """Return whether the desktop's shortcuts run our commands, and how to set them up."""
    if found := await _check_file(settings):
        return found
    try:
        if await runs_gnome():
            return await threads.run_in_thread(lambda: _check_gnome(settings))
    except UnavailableError as reason:
        return failed("hotkey", reason)
    words = f"{in_words(parse_chord(settings.keys))} cannot be watched here."
    return Finding("hotkey", "warning", words, remedy=outside_doctor(UNWATCHED.advice))


async def _check_file(settings: HotkeySettings) -> Finding | None:
    """Return whether the compositor's file has our bindings; None if it has no such file."""
    try:
        running = await threads.run_in_thread(compositors.find)
        return running and await threads.run_in_thread(
            lambda: check_compositor_file(running, settings)
        )
    except UnavailableError as reason:
        return failed("hotkey", reason)


def check_compositor_file(
    running: compositors.RunningCompositor, settings: HotkeySettings
) -> Finding:
    """Return whether a compositor's file has our bindings; blocks. Raises UnavailableError."""
    lines, keys = bound(running, settings)
    if compositors.is_written(running, lines.lines):
        words = f"{keys} is bound in {running.file}: {running.name} runs tray-dictate's commands"
        return Finding("hotkey", "ok", " ".join([words, *lines.notes]))
    words = (
        f"{keys} is not bound: {running.name} lets no program watch the keyboard, but a key can "
        "run tray-dictate's commands."
    )
    added = _WRITE.format(running.file) if running.known else _INSERT.format(running.name)
    remedy = [running.by_hand or added, *lines.lines, *lines.notes]
    return Finding("hotkey", "warning", words, remedy="\n".join(remedy))


def _check_gnome(settings: HotkeySettings) -> Finding:
    """Return whether a shortcut of GNOME runs our command. Raises UnavailableError."""
    if binding := gnome.binding("toggle"):
        words = f"{binding} is a GNOME shortcut that runs tray-dictate's commands"
        return Finding("hotkey", "ok", words)
    keys = in_words(parse_chord(settings.keys))
    words = f"{keys} is not a shortcut yet: this GNOME lets no program watch the keyboard."
    return Finding("hotkey", "warning", words, remedy=_FIX)
