"""A hotkey whose back end can be replaced while it runs, and the back end without keys."""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.chord import VERIFY, ChordMachine
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import Chord, parse_chord, parse_key
from tray_dictate.core.ports import DesktopManagedHotkey, Hotkey, HotkeyListener, OwnKeyFilter
from tray_dictate.core.signals import Signal
from tray_dictate.hotkey.advice import UNWATCHED
from tray_dictate.system.lifetime import acquire

Make = Callable[[HotkeySettings], Hotkey]


class SwitchableHotkey:
    """ports.Hotkey that passes everything to the back end of the current settings."""

    def __init__(self, make: Make, settings: HotkeySettings) -> None:
        """Raises UnavailableError."""
        self._make, self._settings = make, settings
        self._hotkey = make(settings)
        self.trigger_changed: Signal[()] = Signal()  # of whichever back end is there
        self._listener: HotkeyListener | None = None
        self._relay_trigger()

    def start(self, listener: HotkeyListener) -> None:
        """Report every key edge; see ports."""
        self._listener = listener
        self._hotkey.start(listener)

    def claim(self, keys: frozenset[str]) -> None:
        """Hide presses of these keys from the windows; see ports."""
        self._hotkey.claim(keys)

    def held(self) -> frozenset[str] | None:
        """Return the keys physically down now; see ports."""
        return self._hotkey.held()

    def reports_hold(self) -> bool:
        """Return whether the desktop reports that the hotkey is down; from any thread."""
        return isinstance(self._hotkey, DesktopManagedHotkey) and bool(self._hotkey.held())

    def disturb(self) -> None:
        """Note that we are about to press keys, where the desktop reports the hotkey; see ports."""
        if isinstance(self._hotkey, DesktopManagedHotkey):
            self._hotkey.disturb()

    def catch_up(self, mark: int) -> None:
        """Report the mark after every edge that has happened by now; see ports."""
        self._hotkey.catch_up(mark)

    def own(self) -> frozenset[str]:
        """Return the hotkey's keys, which are down while the user dictates."""
        return frozenset(key for slot in parse_chord(self._settings.keys) for key in slot)

    def trigger(self) -> Trigger | None:
        """Return the keys that the desktop assigned; see ports."""
        return self._hotkey.trigger() if isinstance(self._hotkey, DesktopManagedHotkey) else None

    def forget(self) -> None:
        """Report what is held as released, if the desktop manages the keys; see ports."""
        if isinstance(self._hotkey, DesktopManagedHotkey):
            self._hotkey.forget()

    def stop(self) -> None:
        """Stop reporting."""
        self._listener = None
        self._hotkey.stop()

    def expect(self, keycode: int, down: bool | None) -> None:
        """Ignore the next event like this, if the back end can; see ports."""
        if isinstance(self._hotkey, OwnKeyFilter):
            self._hotkey.expect(keycode, down)

    def filters_own_keys(self) -> bool:
        """Return whether the current back end distinguishes our output's keys from the user's."""
        return isinstance(self._hotkey, OwnKeyFilter)

    async def make(self, settings: HotkeySettings) -> Hotkey | None:
        """Return a back end for other settings, None if the current one can stay.

        The caller stops it unless `change` gets it. Raises UnavailableError.
        """
        if _watched(settings) == _watched(self._settings):
            return None
        # on a thread: it may wait for the desktop
        return await acquire(lambda: self._make(settings), lambda hotkey: hotkey.stop())

    def change(self, settings: HotkeySettings, hotkey: Hotkey | None) -> None:
        """Replace the back end by what `make` returned; if that does not start, keep the old one.

        Blocks for some milliseconds; call it while no key is claimed. Raises UnavailableError.
        """
        if hotkey is None:
            return
        if self._listener:
            self._hotkey.stop()  # first: a key can be grabbed only once
            try:
                hotkey.start(self._listener)
            except Exception as reason:
                hotkey.stop()
                self._hotkey = self._make(self._settings)
                self._hotkey.start(self._listener)
                self._relay_trigger()
                raise UnavailableError(
                    f"{settings.keys} cannot be watched: {reason}.",
                    "Set hotkey.keys to another key.",
                ) from reason
        self._hotkey, self._settings = hotkey, settings
        self._relay_trigger()

    def _relay_trigger(self) -> None:
        if isinstance(self._hotkey, DesktopManagedHotkey):
            self._hotkey.trigger_changed.subscribe(self.trigger_changed.emit)


def machine(settings: HotkeySettings, verify_after: float = VERIFY) -> ChordMachine:
    """Return the machine that turns the hotkey's edges into start and stop."""
    cancel: Chord = (parse_key(settings.cancel),) if settings.cancel else ()
    return ChordMachine(parse_chord(settings.keys), settings.mode == "toggle", cancel, verify_after)


def _watched(settings: HotkeySettings) -> object:
    """Return the settings that a back end depends on."""
    return settings.source, parse_chord(settings.keys), settings.shortcuts


class CommandsHotkey:
    """ports.Hotkey without edges: keys of the desktop run our commands instead."""

    def __init__(self) -> None:
        self.trigger_changed: Signal[()] = Signal()  # it never does
        self._listener: HotkeyListener | None = None

    def start(self, listener: HotkeyListener) -> None:
        """Report no edges: the commands come by the control socket."""
        self._listener = listener

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: this hotkey has no keys."""

    def held(self) -> frozenset[str] | None:
        """Return None: no keys are seen."""
        return None

    def catch_up(self, mark: int) -> None:
        """Report the mark at once: no edges come before it."""
        if self._listener:
            self._listener.caught_up(mark)

    def stop(self) -> None:
        """Do nothing: nothing runs."""

    def trigger(self) -> Trigger:
        """Return no keys, and the advice how to bind one."""
        return UNWATCHED

    def forget(self) -> None:
        """Do nothing: no key is ever held."""

    def disturb(self) -> None:
        """Do nothing: no release is reported."""
