"""The hotkey as the daemon has it: a back end that can be replaced while it runs.

No keyboard at all: the user binds a key of the desktop to `tray-dictate start` and `stop`.
"""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.chord import ChordMachine, Edge
from tray_dictate.core.desktop_shortcuts import Trigger
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys import Chord, parse_chord, parse_key
from tray_dictate.core.ports import DesktopManagedHotkey, Hotkey, OwnKeyFilter
from tray_dictate.system.lifetime import acquire

Make = Callable[[HotkeySettings], Hotkey]


class SwitchableHotkey:
    """ports.Hotkey over whichever back end watches the keys that the settings name."""

    def __init__(self, make: Make, settings: HotkeySettings) -> None:
        """Raises UnavailableError."""
        self._make, self._settings = make, settings
        self._hotkey = make(settings)
        self._changed: Callable[[], None] = lambda: None
        self._on: tuple[Callable[[Edge], None], Callable[[str], None]] | None = None

    def start(self, on_edge: Callable[[Edge], None], on_lost: Callable[[str], None]) -> None:
        """Report every key edge; see ports."""
        self._on = on_edge, on_lost
        self._hotkey.start(on_edge, on_lost)

    def claim(self, keys: frozenset[str]) -> None:
        """Keep presses of these keys from the windows; see ports."""
        self._hotkey.claim(keys)

    def held(self) -> frozenset[str] | None:
        """Return the keys physically down now; see ports."""
        return self._hotkey.held()

    def catch_up(self, done: Callable[[], None]) -> None:
        """Call `done` once every edge that has happened by now is reported; see ports."""
        self._hotkey.catch_up(done)

    def own(self) -> frozenset[str]:
        """Return the hotkey's keys, which are down while the user dictates."""
        return frozenset(key for slot in parse_chord(self._settings.keys) for key in slot)

    def trigger(self) -> Trigger | None:
        """Return what the desktop makes of the keys; see ports."""
        return self._hotkey.trigger() if isinstance(self._hotkey, DesktopManagedHotkey) else None

    def follow(self, changed: Callable[[], None]) -> None:
        """Tell of a change of that, whichever back end is there then; see ports."""
        self._changed = changed
        self._follow()

    def forget(self) -> None:
        """Take what is held as let go, where releases are only told of; see ports."""
        if isinstance(self._hotkey, DesktopManagedHotkey):
            self._hotkey.forget()

    def stop(self) -> None:
        """Report no more."""
        self._on = None
        self._hotkey.stop()

    def expect(self, keycode: int, down: bool | None) -> None:
        """Take the next event like this for our output's, where that can be told; see ports."""
        if isinstance(self._hotkey, OwnKeyFilter):
            self._hotkey.expect(keycode, down)

    def filters_own_keys(self) -> bool:
        """Return whether the present back end tells our output's keys from the user's."""
        return isinstance(self._hotkey, OwnKeyFilter)

    async def make(self, settings: HotkeySettings) -> Hotkey | None:
        """Return what could watch the keys of other settings, None where that is what there is.

        It is to be stopped if `change` does not get it. Raises UnavailableError.
        """
        if _watched(settings) == _watched(self._settings):
            return None
        # it may wait for the desktop
        return await acquire(lambda: self._make(settings), lambda hotkey: hotkey.stop())

    def change(self, settings: HotkeySettings, hotkey: Hotkey | None) -> None:
        """Go on with what `make` has made; where it fails with the old. Raises UnavailableError.

        It blocks for some milliseconds, and nothing may be claimed.
        """
        if hotkey is None:
            return
        if self._on:
            self._hotkey.stop()  # first: two grabs of one key are one too many
            try:
                hotkey.start(*self._on)
            except Exception as reason:
                hotkey.stop()
                self._hotkey = self._make(self._settings)
                self._hotkey.start(*self._on)
                self._follow()
                raise UnavailableError(
                    f"{settings.keys} cannot be watched: {reason}.", "Set hotkey.keys to another."
                ) from reason
        self._hotkey, self._settings = hotkey, settings
        self._follow()

    def _follow(self) -> None:
        if isinstance(self._hotkey, DesktopManagedHotkey):
            self._hotkey.follow(self._changed)


def machine(settings: HotkeySettings) -> ChordMachine:
    """Return what knows what the hotkey's edges mean."""
    cancel: Chord = (parse_key(settings.cancel),) if settings.cancel else ()
    return ChordMachine(parse_chord(settings.keys), settings.mode == "toggle", cancel)


def _watched(settings: HotkeySettings) -> object:
    """Return what a back end is made from."""
    return settings.source, parse_chord(settings.keys), settings.shortcuts


ADVICE = (
    "`tray-dictate doctor` says how to bind your hotkey: this desktop gives no program the "
    "keyboard. A key's press is to run `tray-dictate start` and its release `tray-dictate stop`, "
    "or a press `tray-dictate toggle`."
)


class CommandsHotkey:
    """ports.Hotkey without edges."""

    def start(self, on_edge: Callable[[Edge], None], on_lost: Callable[[str], None]) -> None:
        """Do nothing: the commands come by the control socket."""

    def claim(self, keys: frozenset[str]) -> None:
        """Do nothing: no key is ours."""

    def held(self) -> frozenset[str] | None:
        """Not known here."""
        return None

    def catch_up(self, done: Callable[[], None]) -> None:
        """There is nothing to wait for."""
        done()

    def stop(self) -> None:
        """Nothing runs."""

    def trigger(self) -> Trigger:
        """Tell how a key is bound."""
        return Trigger("", ADVICE, "commands")

    def follow(self, changed: Callable[[], None]) -> None:
        """Do nothing: it never changes."""

    def forget(self) -> None:
        """Do nothing: no key is known to be held."""
