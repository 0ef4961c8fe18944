"""The clipboard and PRIMARY of an X server, owned for a paste and then given back.

Beside the rules of output/selection.py:

1. A read counts as the target's only if a client of the focused window asked, and after the key.
2. What was copied ends with the window that it was copied from, as it would have without us.
   Programs that end because they have lost the selection (xclip) do not end it.

What we keep outlives us, even if we are killed: x11/keeper.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import override
from Xlib import X, Xatom, error
from Xlib.display import Display

from tray_dictate.core.errors import why
from tray_dictate.output.base import ReservedError, UnsavedError
from tray_dictate.output.keeper import KEPT, Successor
from tray_dictate.output.rules import Treatment
from tray_dictate.output.secrecy import HINT, is_any_lent, is_lent
from tray_dictate.output.selection import ANSWER, BELATED, QUIET, SelectionThread
from tray_dictate.output.x11.clients import Clients
from tray_dictate.output.x11.keeper import hold_connections, keeper_command
from tray_dictate.output.x11.keeper_memory import KeeperMemory, KeeperState, KeptSelection
from tray_dictate.output.x11.selection_server import (
    ENDS_WITH_IT,
    OwnedSelection,
    Server,
    X11Offer,
    text_contents,
)
from tray_dictate.output.x11.selection_transfer import (
    AtomNames,
    Contents,
    SelectionSnapshot,
    Value,
    hand_over,
    read,
)
from tray_dictate.system.desktop import x11
from tray_dictate.system.desktop.x11 import (
    Focus,
    client_of,
    connect,
    disconnect,
    disown,
    marks_text,
    watch_end,
)

log = logging.getLogger(__name__)

_KEEPER = 3.0  # seconds for the process to begin that keeps it all: far more than it takes


class X11Selections(SelectionThread[X11Offer]):
    """CLIPBOARD and PRIMARY."""

    lost = (error.ConnectionClosedError, OSError)

    def __init__(self, *, belated: float = BELATED, ends_with_it: float = ENDS_WITH_IT) -> None:
        """Raises UnavailableError where there is no X server.

        `belated` is how long a target that we gave up waiting for gets an empty paste, and
        `ends_with_it` how long a program may take to end because it has lost the clipboard; both in
        seconds.
        """
        self._late_for, self._ends_with_it = belated, ends_with_it
        self._display = connect()
        super().__init__()
        root = self._display.screen().root
        self._window = root.create_window(
            -1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
        )
        self._clipboard = OwnedSelection(self._display.intern_atom("CLIPBOARD"))
        self._primary = OwnedSelection(Xatom.PRIMARY)
        self._both = (self._clipboard, self._primary)
        self._server = Server(self._display, self._both, belated)
        self._successor: Successor | None = None
        self._handed_over = False  # a clipboard manager has the clipboard
        self._stamp_atom = self._display.intern_atom("_TRAY_DICTATE_TIME")
        self._clients, self._names = Clients(self._display), AtomNames(self._display)
        self._memory = KeeperMemory()
        self._cut = CutBuffer(self._display)
        self._thread.start()

    def survive(self, *displays: Display, seconds: float = KEPT) -> None:
        """Have what we keep outlive us, for these seconds where its own program has ended.

        These connections live on for a moment, too.
        """
        command = keeper_command(self._memory, self._display.fileno(), seconds)
        self._successor = hold_connections(
            *displays, self._display, keeper=command, files=self._memory.files
        )

    def offer(self, text: str, target: Focus, treatment: Treatment) -> X11Offer | None:
        """Own both with this text; None where the clipboard could not be saved."""
        return self._ask(lambda: self._begin(text, target, treatment))

    def probe(self, offer: X11Offer) -> None:
        """Offer it again, without a key: `offer.unasked` is set if its readers read it again.

        Then they are clipboard managers, and the target did not read.
        """
        self._ask(lambda: self._offer_again(offer))

    def was_read_late(self, clients: frozenset[int]) -> bool:
        """Tell once whether one of these has read after all what was withdrawn from it."""
        return self._ask(lambda: self._take_late(clients))

    def close(self) -> None:
        """Give back what was there and end the thread; idempotent, takes 5 s at the longest."""
        if self.is_alive:
            try:
                self._ask(self._finish, patience=2)
                if self._memory.state.selections and self._successor and self._successor.begin():
                    self._ask(self._await_keeper, patience=_KEEPER + 1)
            except self.lost:  # TimeoutError among them
                log.warning("the clipboard could not be given back: the X server does not answer")
            self._closing = True
            self._wake_up.set()
        ended = self._join(1)
        if self._successor:
            self._successor.end()
        if ended:
            self._memory.close()

    # From here on, everything runs on the thread.

    @override
    def _lost_error(self) -> Exception:
        return error.ConnectionClosedError("server")

    @override
    def _conclude(self) -> None:
        """Destroy our window: others hear of it at once, though our connection may live on."""
        self._window.destroy()
        x11.flush(self._display)

    @override
    def _disconnect(self) -> None:
        disconnect(self._display)

    @override
    def _turn(self) -> None:
        try:
            super()._turn()
        except (error.XError, TimeoutError) as problem:  # a window gone, a server grabbed
            log.warning("the clipboard: %s", type(problem).__name__)

    @override
    def _sleep(self, seconds: float | None) -> None:
        if (deferred := self._server.due) is not None:
            left = deferred - time.monotonic()
            if left <= 0:
                self._server.answer_deferred(self._offer)
                return
            seconds = left if seconds is None else min(left, seconds)
        x11.wait(self._display, self._wake_up, seconds=seconds)

    @override
    def _take_events(self) -> None:
        while self._display.pending_events():
            self._handle(self._display.next_event())

    def _wait(self, wanted: Callable[[Any], bool], seconds: float) -> Any:
        """Return the first event that is wanted, handling the others. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            while self._display.pending_events():
                event = self._display.next_event()
                if wanted(event):
                    return event
                self._handle(event)
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            x11.wait(self._display, seconds=left)

    def _handle(self, event: Any) -> None:
        if event.type == X.SelectionClear:
            for held in self._both:
                if held.atom == event.atom:
                    held.lose()
            self._tell_keeper()
            return
        if event.type == X.DestroyNotify:
            self._end_origin(event.window.id)
        self._server.handle(event, self._offer)
        if self._offer and self._offer.settled:
            self._server.answer_deferred(self._offer)

    def _end_origin(self, window: int) -> None:
        """What was copied from a window is no more; unless it is ours alone from now on."""
        for held in self._both:
            if not held.ends_with(window, self._ends_with_it):
                continue
            if held.dictated:
                held.before = None
            elif held.contents is not None:
                disown(self._display, held.atom, held.acquired)
                held.lose()
        self._tell_keeper()

    def _stamp(self) -> int:
        """Return the server's time; everything that happened before it has been handled."""
        atom = self._stamp_atom
        self._window.change_property(atom, Xatom.STRING, 8, b"", X.PropModeAppend)
        return self._wait(lambda e: e.type == X.PropertyNotify and e.atom == atom, ANSWER / 2).time

    def _begin(self, text: str, target: Focus, treatment: Treatment) -> X11Offer | None:
        self._server.answer_deferred(None)  # an earlier offer's
        offer = self._offer = X11Offer(target.clients)
        contents = text_contents(self._display, text, secret=treatment.private)
        for held in self._both:
            vital = held is self._clipboard
            needed = held is self._clipboard or treatment.primary
            if not needed and (marks_text(self._display, target) or not offer.known.is_set()):
                continue  # told of two changes, a program may still be busy with the first
            if not self._take_over(held, contents, vital=vital):
                self._give_back()
                return None
            if vital and held.asking in target.clients:
                offer.known.clear()
        self._tell_keeper()
        return offer

    def _take_over(self, held: OwnedSelection, contents: Contents, *, vital: bool) -> bool:
        """Own a selection for a while; what was there is kept, if need be by leaving it alone."""
        for _ in range(3):  # again where the user copied something in this very moment
            stamp = self._stamp()
            owner: Any = self._display.get_selection_owner(held.atom)
            try:
                before = self._before(held, owner, stamp)
            except UnsavedError as reason:
                log.warning("the clipboard could not be saved: %s", reason)
                if vital or isinstance(reason, ReservedError):
                    return False
                before = None
            origin = held.origin if owner == self._window else owner.id if owner else 0
            if owner not in (X.NONE, self._window):
                watch_end(self._display, origin)
            parted = held.parted if owner == self._window else time.monotonic()
            acquired = held.acquired if owner == self._window else stamp
            self._tell_keeper(
                {held.atom: KeptSelection(before, acquired, origin, parted)} if before else {}
            )
            if self._own(held, contents, stamp, instead_of=owner):
                held.origin, held.parted = origin, parted
                held.dictated, held.before = True, before
                return True
        return not vital

    def _before(self, held: OwnedSelection, owner: Any, stamp: int) -> Contents | None:
        """Return what is to be given back: ours from before, or another program's."""
        if owner == X.NONE:
            return None
        if owner == self._window:
            return held.before if held.dictated else held.contents
        command = self._clients.command(owner.id)
        if is_lent(command) if command else is_any_lent("DISPLAY"):
            raise ReservedError("its owner gives it only for a while")
        saving = SelectionSnapshot(
            self._display, self._window, wait=self._wait, stamp=stamp, names=self._names
        )
        contents = saving.read(held.atom)
        if held is self._clipboard:
            held.asking = client_of(self._display, owner.id) if saving.signed else 0
        return contents

    def _own(
        self, held: OwnedSelection, contents: Contents, stamp: int, *, instead_of: Any
    ) -> bool:
        """Own a selection if its owner is still `instead_of`; return whether it is ours.

        The server's time counts in milliseconds, so that it alone cannot tell which was first: the
        server is held still between the look and the taking. What we own already we take with the
        time of then: Qt knows of no later one, and could not clear its own without it.
        """
        acquired = held.acquired if instead_of == self._window else stamp
        self._display.grab_server()
        try:
            if self._display.get_selection_owner(held.atom) != instead_of:
                return False
            self._window.set_selection_owner(held.atom, acquired)
            if self._display.get_selection_owner(held.atom) != self._window:
                return False
            self._take_events()  # the news of an earlier loss must not undo this
            held.contents, held.since, held.taken_at = contents, stamp, time.monotonic()
            held.acquired = acquired
            return True
        finally:
            self._display.ungrab_server()
            x11.flush(self._display)

    @override
    def _due(self) -> float | None:
        return self._offer.due(QUIET) if self._offer else None

    def _offer_again(self, offer: X11Offer) -> None:
        offer.probing = True
        for held in self._both:
            stamp = self._stamp()
            if held.dictated and held.contents is not None:
                self._own(held, held.contents, stamp, instead_of=self._window)

    def _take_late(self, clients: frozenset[int]) -> bool:
        late = not self._server.late.isdisjoint(clients)
        self._server.late -= clients
        return late

    @override
    def _settle(self, offer: X11Offer) -> None:
        offer.settle()
        self._server.trust(offer)
        self._server.answer_deferred(offer)

    @override
    def _withdraw(self, offer: X11Offer) -> None:
        if offer is self._offer:
            self._server.turn_away(offer.clients)
            self._cut.hide()
            offer.abandoned = time.monotonic() + self._late_for
            self._give_back(linger=True)

    @override
    def _give_back(self, *, linger: bool = False) -> None:
        """Serve what was there before, or nothing; what the user took meanwhile is left alone.

        With `linger`, nothing is at first an empty text, for a target that asks after all.
        """
        for held in self._both:
            stamp = self._stamp()  # a loss that came before is known now
            if not held.dictated:
                continue
            before = held.before
            if before:
                held.dictated, held.before = False, None
                self._own(held, before, stamp, instead_of=self._window)
            elif linger:
                held.contents = self._server.blank
            else:
                held.lose()
                disown(self._display, held.atom, held.acquired)
        if not linger:
            self._cut.bring_back()
            self._offer = None
        self._server.answer_deferred(None)
        self._tell_keeper()
        self._display.sync()

    @override
    def _copy(self, text: str, *, secret: bool) -> None:
        contents = text_contents(self._display, text, secret=secret)
        self._give_back()
        stamp = self._stamp()
        owner: Any = self._display.get_selection_owner(self._clipboard.atom)
        if self._own(self._clipboard, contents, stamp, instead_of=owner):
            self._clipboard.origin = 0
        self._tell_keeper()

    def _finish(self) -> None:
        self._give_back()
        contents = self._clipboard.contents
        if contents is None or self._display.intern_atom(HINT) in contents:
            return
        if hand_over(self._display, self._window, wait=self._wait, stamp=self._stamp()):
            self._handed_over = True
            self._tell_keeper()

    def _await_keeper(self) -> None:
        """Serve until another process owns what is to outlive us."""
        end = time.monotonic() + _KEEPER
        wanted = self._memory.state.selections.keys()
        while any(held.contents for held in self._both if held.atom in wanted):
            left = end - time.monotonic()
            if left <= 0:
                log.warning("the clipboard could not be handed on, and is empty now")
                return
            self._take_events()
            x11.wait(self._display, seconds=min(left, 0.1))

    def _tell_keeper(self, soon: Mapping[int, KeptSelection] | None = None) -> None:
        """Write what is to outlive us into the keeper's memory; `soon` is about to be ours."""
        kept = dict(soon or {})
        for held in self._both:
            contents = held.before if held.dictated else held.contents
            if held is self._clipboard and self._handed_over:
                continue
            if contents and held.atom not in kept:
                kept[held.atom] = KeptSelection(contents, held.acquired, held.origin, held.parted)
        belated = self._offer.clients if self._offer else frozenset[int]()
        try:
            self._memory.write(KeeperState(self._window.id, kept, belated))
        except OSError as reason:  # it must not keep the text from the window
            log.warning("what is on the clipboard ends with us: %s", why(reason))


class CutBuffer:
    """CUT_BUFFER0, which xterm pastes where PRIMARY gives it nothing; for one thread.

    An xterm that slept through our paste and then gets an empty one would insert the last text that
    was ever selected in an xterm (measured). So the buffer is hidden for as long as such a paste
    may come, 10 s; an xterm that sleeps longer inserts it all the same.
    """

    def __init__(self, display: Display) -> None:
        self._root = display.screen().root
        self._hidden: Value | None = None

    def hide(self) -> None:
        """Take it away; nothing happens where it is hidden already."""
        found = read(self._root, Xatom.CUT_BUFFER0)
        if found is not None:
            self._hidden = found
            self._root.delete_property(Xatom.CUT_BUFFER0)

    def bring_back(self) -> None:
        """Put it back, unless a program has set another one; idempotent."""
        hidden, self._hidden = self._hidden, None
        if hidden is not None and read(self._root, Xatom.CUT_BUFFER0) is None:
            self._root.change_property(Xatom.CUT_BUFFER0, hidden.kind, hidden.bits, hidden.data)
