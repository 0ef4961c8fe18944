"""Chords that do one thing at their press, beside the hotkey that is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tray_dictate.core.chord import Edge
from tray_dictate.core.keys import MODIFIERS, Chord, filled, kind


@dataclass(slots=True)
class Shortcuts:
    """Feed it every edge; it returns the names of the chords that were just pressed."""

    chords: Mapping[str, Chord]
    _held: set[str] = field(default_factory=set[str])

    def feed(self, edge: Edge) -> list[str]:
        """Return what is to be done now: once a press, whatever the keyboard repeats."""
        if not edge.down:
            self._held.discard(edge.key)
            return []
        if edge.key in self._held:
            return []
        self._held.add(edge.key)
        return [name for name, chord in self.chords.items() if self._is_pressed(chord, edge.key)]

    def _is_pressed(self, chord: Chord, last: str) -> bool:
        """Whether exactly this chord is down, its last key just now: no other modifier with it."""
        held = frozenset(self._held)
        if not any(last in slot for slot in chord) or not all(filled(slot, held) for slot in chord):
            return False
        wanted = {kind(key) for slot in chord for key in slot}
        return all(kind(key) in wanted for key in held & MODIFIERS)
