"""What `doctor --write` and `doctor --fix` set up: keys of the desktop that run our commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.desktop_shortcuts import SUBSTITUTE, replaced
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys import Chord, in_words, parse_chord
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.hotkey.bindings import bound, compositors, gnome, program, runs_gnome
from tray_dictate.hotkey.bindings.syntax import accelerator, quoted
from tray_dictate.system import threads

_TITLES = {
    "redo": "Insert the last dictation again", "undo": "Take the last dictation back",
    "copy": "Copy the last dictation",
}  # fmt: skip
_ELSEWHERE = (
    "On GNOME run `tray-dictate doctor --fix`; elsewhere bind a key in the desktop's settings to "
    "`tray-dictate toggle`."
)
_UNLESS = ". niri reads it, unless it was started with another file (--config)."
_PRESSES = "GNOME tells of no release: press once to start and once more to stop."


def write(settings: HotkeySettings) -> Finding:
    """Bind the keys in the compositor's own file; blocks."""
    try:
        running = compositors.find()
        if not running:
            words = "No compositor answers of those that are known: sway, Hyprland, river, niri."
            return Finding("bindings", "failed", words, remedy=_ELSEWHERE)
        lines, keys = bound(running, settings)
        notes = " ".join(lines.notes)
        if compositors.is_written(running, lines.lines):
            words = f"{keys} is bound in {running.file} already. {notes}"
            return Finding("bindings", "ok", words.strip())
        kept = compositors.write(running, lines.lines)
    except UnavailableError as reason:
        return failed("bindings", reason)
    before = f" As it was before, it is kept as {kept.name} beside it." if kept else ""
    knows = _UNLESS if running.compositor == "niri" else f", and {running.name} knows it."
    words = f"{keys} is bound in {running.file}{knows}{before} {notes}"
    return Finding("bindings", "ok", words.strip())


async def fix(settings: HotkeySettings) -> Finding:
    """Bind the keys by GNOME's custom shortcuts."""
    if not await runs_gnome():
        return Finding(
            "shortcut", "failed", "This session has no GNOME, and nothing else that can be set up.",
            remedy="With sway, Hyprland, river or niri run `tray-dictate doctor --write`.",
        )  # fmt: skip
    return await threads.run_in_thread(lambda: _fix(settings))


def _fix(settings: HotkeySettings) -> Finding:
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
        return Finding("shortcut", "failed", str(reason), remedy="Set another key for it.")
    already = "" if changed else " already"
    words = f"{in_words(chord)} runs `tray-dictate toggle`{already}."
    return Finding("shortcut", "ok", " ".join([words, *notes]))


def _shortcuts(binding: str, others: Mapping[str, Chord]) -> dict[str, gnome.Shortcut]:
    """Return all of them. Raises ValueError where GNOME cannot bind one."""
    words = program()
    toggle = gnome.Shortcut("Dictate", quoted([*words, "toggle"]), binding)
    return {"toggle": toggle} | {
        name: gnome.Shortcut(_TITLES[name], quoted([*words, name]), accelerator(chord))
        for name, chord in others.items()
    }


def carry_out(settings: HotkeySettings, *, to_write: bool, to_fix: bool) -> list[Finding]:
    """Do what was asked for; blocks."""
    found = [write(settings)] if to_write else []
    return [*found, asyncio.run(fix(settings))] if to_fix else found
