"""Pastes with keys of the RemoteDesktop portal, on KDE and GNOME."""

from __future__ import annotations

import math

from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.ports import Notifier, Receipt
from tray_dictate.output.base import ANY_WINDOW, FocusCheck
from tray_dictate.output.portal.clipboard import PortalSelections
from tray_dictate.output.portal.remote_desktop import IDLE, RemoteSession
from tray_dictate.output.rules import CHORD, Treatment
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.paste import Selections, WaylandPaster
from tray_dictate.system.desktop.portals import Portals

# seconds that a chord waits for the user's keys: pressed later, it would mean another place, and
# where windows cannot be told apart, another window
CHORD_LET_GO = 5.0
# It pastes the clipboard wherever it pastes. Shift+Insert pastes PRIMARY in terminals: the last
# selection would be inserted instead of the text.
TERMINALS = "ctrl+shift+v"


class PortalPaste:
    """Pastes and presses keys; for one thread, except `stop`."""

    def __init__(
        self,
        release: KeyRelease,
        selections: Selections | None = None,
        notices: Notifier | None = None,
        *,
        chord_let_go: float = CHORD_LET_GO,
        idle: float = IDLE,
    ) -> None:
        """`selections` own the clipboard and PRIMARY where the compositor has data-control.

        Without them the portal's clipboard does. The user is not asked yet. `notices`, which may
        be told on any thread, explain the desktop's question to the user. The session is closed
        after `idle` seconds without use. Raises UnavailableError.
        """
        self._release, self._chord_let_go = release, chord_let_go
        self._portals = Portals()
        try:
            self._remote = RemoteSession(self._portals, notices, idle=idle)
            self._own = None if selections else PortalSelections(self._remote)
        except UnavailableError:
            self._portals.close()
            raise
        borrowed = selections or self._own
        assert borrowed
        self._paster = WaylandPaster(self._remote, borrowed, release.stop)

    def prepare(self, *, ask: bool) -> None:
        """Begin to open the session; returns at once.

        Without `ask` only where the desktop is not expected to ask the user.
        """
        self._remote.prepare(ask=ask)

    def paste(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt | None:
        """Paste; return None where no program read the text, and none can any more.

        Raises UnavailableError, MovedError and UnsavedError, and DeliveryError while a modifier is
        held: nothing was pressed then.
        """
        chords = [treatment.chord]
        if self._own and treatment.chord == CHORD:  # no rule says otherwise; PRIMARY is not ours
            chords = [TERMINALS] if treatment.primary else [TERMINALS, CHORD]
        with self._remote.opened():
            return self._release.press(
                lambda free: self._paster.paste(text, treatment, free, chords), check
            )

    def chord(self, chord: str, check: FocusCheck = ANY_WINDOW) -> None:
        """Press a chord once. Raises UnavailableError, MovedError and DeliveryError.

        With ANY_WINDOW, which may be another after a long hold of the hotkey, it waits for seconds
        only.
        """
        patience = self._chord_let_go
        hold = patience if check is ANY_WINDOW else math.inf
        with self._remote.opened():
            self._release.press(lambda free: self._remote.chord(chord, free), check, patience, hold)

    def copy_to_clipboard(self, text: str, *, secret: bool = False, ask: bool = True) -> None:
        """Make the text the user's clipboard. Raises UnavailableError.

        Without `ask` only if the user need not be asked for it.
        """
        if self._own is None:
            raise UnavailableError("The portal does not own the clipboard here.")
        self._own.copy_to_clipboard(text, secret=secret, ask=ask)

    def close(self) -> None:
        """Give back what was on the clipboard, and end the session; idempotent."""
        if self._own:
            self._own.close()
        self._portals.close()
