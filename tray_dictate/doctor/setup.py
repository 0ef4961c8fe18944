"""Binds keys of the desktop to our commands: `doctor --write` and `doctor --fix`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import DICTATE, SUBSTITUTE, TITLES, replaced
from tray_dictate.core.keys.names import Chord, in_words, parse_chord
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.hotkey.bindings import bound, compositors, gnome, program, runs_gnome
from tray_dictate.hotkey.bindings.syntax import accelerator, quoted
from tray_dictate.system import threads

_ELSEWHERE = (
    "On GNOME run `tray-dictate doctor --fix`; on other desktops bind a key to `tray-dictate "
    "toggle` in the desktop's settings."
)
_UNLESS = ". {} reads it, unless it was started with another file (--config)."
_UNASKED = ("niri", "hyprland lua")  # which do not say what file they read
_PRESSES = "GNOME does not report key releases: press once to start, and again to stop."


def set_up(settings: HotkeySettings, *, to_write: bool, to_fix: bool) -> list[Finding]:
    """Bind the keys in the compositor's file, in GNOME, or both; blocks."""
    found = [write_compositor_file(settings)] if to_write else []
    return [*found, asyncio.run(set_gnome_shortcuts(settings))] if to_fix else found


def write_compositor_file(settings: HotkeySettings) -> Finding:
    """Bind the keys in the compositor's configuration file; blocks."""
    try:
        running = compositors.find()
        if not running:
            words = "None of the supported compositors answers: sway, Hyprland, river, niri, labwc."
            return Finding("bindings", "failed", words, remedy=_ELSEWHERE)
        lines, keys = bound(running, settings)
        notes = " ".join(lines.notes)
        if compositors.is_written(running, lines.lines):
            words = f"{keys} is bound in {running.file} already. {notes}"
            return Finding("bindings", "ok", words.strip())
        backup = compositors.write(running, lines.lines)
    except UnavailableError as reason:
        return failed("bindings", reason)
    kept = f" The old file is kept beside it, as {backup.name}." if backup else ""
    loaded = f", and {running.name} has loaded it."
    if running.compositor in _UNASKED:
        loaded = _UNLESS.format(running.name)
    words = f"{keys} is bound in {running.file}{loaded}{kept} {notes}"
    return Finding("bindings", "ok", words.strip())


async def set_gnome_shortcuts(settings: HotkeySettings) -> Finding:
    """Bind the keys with GNOME's custom shortcuts."""
    if not await runs_gnome():
        return Finding(
            "shortcut", "failed", "This session is not GNOME, and --fix supports no other desktop.",
            remedy="On sway, Hyprland, river or niri run `tray-dictate doctor --write`.",
        )  # fmt: skip
    return await threads.run_in_thread(lambda: _set_gnome_shortcuts(settings))


def _set_gnome_shortcuts(settings: HotkeySettings) -> Finding:
    chord = parse_chord(settings.keys)
    notes = [_PRESSES] if settings.mode == "hold" else []
    try:
        try:
            binding = accelerator(chord)
        except ValueError:
            notes.insert(0, f"{replaced(chord)} {in_words(SUBSTITUTE)} is bound instead.")
            chord = SUBSTITUTE
            binding = accelerator(chord)
        changed = gnome.setup(_shortcuts(binding, settings.shortcuts))
    except UnavailableError as reason:
        return failed("shortcut", reason)
    except ValueError as reason:
        return Finding("shortcut", "failed", str(reason), remedy="Choose another key for it.")
    already = "" if changed else " already"
    words = f"{in_words(chord)} runs `tray-dictate toggle`{already}."
    return Finding("shortcut", "ok", " ".join([words, *notes]))


def _shortcuts(binding: str, others: Mapping[str, Chord]) -> dict[str, gnome.Shortcut]:
    """Return every shortcut by its command. Raises ValueError if GNOME cannot bind one."""
    words = program()
    toggle = gnome.Shortcut(TITLES[DICTATE], quoted([*words, "toggle"]), binding)
    return {"toggle": toggle} | {
        name: gnome.Shortcut(TITLES[name], quoted([*words, name]), accelerator(chord))
        for name, chord in others.items()
    }
