"""The clipboard and PRIMARY, owned for as long as a paste needs and then given back.

One thread owns both and sleeps in select(). It serves the dictated text, learns who read it, and
gives back what was there before, in every format. Three rules:

1. What the user copies is the user's: whoever takes a selection from us keeps it.
2. Our dictated text is never taken for the user's clipboard, however close two deliveries follow.
3. A read is the target's only if the client of the focused window asked, and after the key.

A kill -9 meanwhile loses what we keep, as owners do; clipboard managers bring it back, not ours.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from Xlib import X, Xatom, error
from Xlib.protocol import request

from tray_dictate import x11_flush
from tray_dictate.output.refused import UnsavedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.x11_cut import CutBuffer
from tray_dictate.output.x11_save import Contents, Saving, hand_over
from tray_dictate.output.x11_serve import BELATED, Held, Offer, Server, text_contents
from tray_dictate.output.x11_server import Focus, connect, disconnect, marks_text
from tray_dictate.wake_up import WakeUp

log = logging.getLogger(__name__)

QUIET = 0.3  # seconds without a read, after the target's own, until all is given back
LONGEST = 3.0  # seconds after the target's read in which reads put that off
ABANDONED = 30.0  # seconds after which an offer that nobody settled is given back
ANSWER = 10.0  # seconds for the thread to do what it is asked: far more than it takes


class Selections:
    """Both selections; every method may be called from another thread and blocks briefly."""

    def __init__(self) -> None:
        """Raises UnavailableError where there is no X server."""
        self._display = connect()
        root = self._display.screen().root
        self._window = root.create_window(
            -1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, event_mask=X.PropertyChangeMask
        )
        self._clipboard = Held(self._display.intern_atom("CLIPBOARD"))
        self._primary = Held(Xatom.PRIMARY)
        self._server = Server(self._display, (self._clipboard, self._primary))
        self._stamp_atom = self._display.intern_atom("_TRAY_DICTATE_TIME")
        self._cut = CutBuffer(self._display)
        self._offer: Offer | None = None
        self._closing = False
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._run, name="clipboard", daemon=True)
        self._thread.start()

    def offer(self, text: str, target: Focus, treatment: Treatment) -> Offer | None:
        """Own both with this text; None where the clipboard could not be saved."""
        return self._ask(lambda: self._begin(text, target, treatment))

    def probe(self, offer: Offer) -> None:
        """Offer it again, without a key: `offer.unasked` is set if those who read it do so again.

        Then they are clipboard managers, and the target did not read.
        """
        self._ask(lambda: self._offer_again(offer))

    def settle(self, offer: Offer) -> None:
        """Give back what was there after a quiet time: the offer's text has been pressed for."""
        self._ask(lambda: self._set_due(offer))

    def withdraw(self, offer: Offer) -> None:
        """Give back what was there now: when this returns, nobody gets the offer's text."""
        self._ask(lambda: self._end(offer))

    def was_read_late(self, clients: frozenset[int]) -> bool:
        """Tell once whether one of these has read after all what was withdrawn from it."""
        return self._ask(lambda: self._take_late(clients))

    def keep(self, text: str, *, secret: bool = False) -> None:
        """Make this text the user's clipboard; clipboard managers leave alone what is secret."""
        self._ask(lambda: self._keep(text_contents(self._display, text, secret=secret)))

    def close(self) -> None:
        """Give back what was there and end the thread; idempotent, takes 3 s at the longest."""
        if self._thread.is_alive():
            try:
                self._ask(self._finish, patience=2)
            except (TimeoutError, error.ConnectionClosedError):
                log.warning("the clipboard could not be given back: the X server does not answer")
            self._thread.join(1)
        if not self._thread.is_alive():
            self._wake_up.close()

    def _ask(self, work: Callable[[], Any], patience: float = ANSWER) -> Any:
        if not self._thread.is_alive():
            raise error.ConnectionClosedError("server")
        future: Future[Any] = Future()
        self._work.put((future, work))
        self._wake_up.set()
        return future.result(patience)

    # From here on, everything runs on the thread.

    def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    self._turn()
                except (error.XError, TimeoutError) as problem:  # a window gone, a server grabbed
                    log.warning("the clipboard: %s", type(problem).__name__)
        except (error.ConnectionClosedError, OSError):
            log.info("the clipboard went away with the X server")
        finally:
            self._closing = True
            disconnect(self._display)
            while not self._work.empty():
                self._work.get()[0].set_exception(error.ConnectionClosedError("server"))

    def _turn(self) -> None:
        while not self._work.empty():
            future, work = self._work.get()
            try:
                future.set_result(work())
            except (error.XError, TimeoutError) as problem:
                future.set_exception(problem)
            except error.ConnectionClosedError as gone:
                future.set_exception(gone)
                raise
        if self._closing:
            return
        self._drain()
        due = self._due()
        if due is not None and due <= time.monotonic():
            self._give_back()
            return
        patience = None if due is None else due - time.monotonic()
        x11_flush.wait(self._display, self._wake_up, seconds=patience)

    def _drain(self) -> None:
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
            x11_flush.wait(self._display, seconds=left)

    def _handle(self, event: Any) -> None:
        if event.type == X.SelectionClear:
            for held in (self._clipboard, self._primary):
                if held.atom == event.atom:
                    held.lose()
        else:
            self._server.handle(event, self._offer)

    def _stamp(self) -> int:
        """Return the server's time; everything that happened before it has been handled."""
        atom = self._stamp_atom
        self._window.change_property(atom, Xatom.STRING, 8, b"", X.PropModeAppend)
        return self._wait(lambda e: e.type == X.PropertyNotify and e.atom == atom, ANSWER / 2).time

    def _begin(self, text: str, target: Focus, treatment: Treatment) -> Offer | None:
        self._offer = None
        contents = text_contents(self._display, text, secret=treatment.private)
        for held in (self._clipboard, self._primary):
            vital = held is self._clipboard
            needed = held is self._clipboard or treatment.primary
            if not needed and marks_text(self._display, target):
                continue
            if not self._take_over(held, contents, vital=vital):
                self._give_back()
                return None
        self._offer = Offer(target.clients, abandoned=time.monotonic() + ABANDONED)
        return self._offer

    def _take_over(self, held: Held, contents: Contents, *, vital: bool) -> bool:
        """Own a selection for a while; what was there is kept, if need be by leaving it alone."""
        for _ in range(3):  # again where the user copied something in this very moment
            stamp = self._stamp()
            owner: Any = self._display.get_selection_owner(held.atom)
            try:
                before = self._before(held, owner, stamp)
            except UnsavedError as reason:
                log.warning("the clipboard could not be saved: %s", reason)
                if vital:
                    return False
                before = None
            if self._own(held, contents, stamp, instead_of=owner):
                held.dictated, held.before = True, before
                return True
        return not vital

    def _before(self, held: Held, owner: Any, stamp: int) -> Contents | None:
        """Return what is to be given back: ours from before, or another program's."""
        if owner == X.NONE:
            return None
        if owner == self._window:
            return held.before if held.dictated else held.contents
        return Saving(self._display, self._window, wait=self._wait, stamp=stamp).read(held.atom)

    def _own(self, held: Held, contents: Contents, stamp: int, *, instead_of: Any) -> bool:
        """Own a selection instead of a certain window, and of nobody who took it meanwhile.

        The server's time counts in milliseconds, so that it alone cannot tell who was first: the
        server is held still between the look and the taking.
        """
        self._display.grab_server()
        try:
            if self._display.get_selection_owner(held.atom) != instead_of:
                return False
            self._window.set_selection_owner(held.atom, stamp)
            if self._display.get_selection_owner(held.atom) != self._window:
                return False
            self._drain()  # the news of an earlier loss must not undo this
            held.contents, held.since, held.taken_at = contents, stamp, time.monotonic()
            return True
        finally:
            self._display.ungrab_server()
            x11_flush.flush(self._display)

    def _due(self) -> float | None:
        offer = self._offer
        if offer is None:
            return None
        if offer.quiet_since is None:
            return offer.abandoned
        return min(offer.quiet_since + QUIET, (offer.done_at or offer.quiet_since) + LONGEST)

    def _offer_again(self, offer: Offer) -> None:
        offer.probing = True
        for held in (self._clipboard, self._primary):
            stamp = self._stamp()
            if held.dictated and held.contents is not None:
                self._own(held, held.contents, stamp, instead_of=self._window)

    def _take_late(self, clients: frozenset[int]) -> bool:
        late = not self._server.late.isdisjoint(clients)
        self._server.late -= clients
        return late

    def _set_due(self, offer: Offer) -> None:
        offer.done_at = offer.quiet_since = time.monotonic()

    def _end(self, offer: Offer) -> None:
        if offer is self._offer:
            self._server.turn_away(offer.clients)
            self._cut.hide()
            offer.abandoned = time.monotonic() + BELATED
            self._give_back(linger=True)

    def _give_back(self, *, linger: bool = False) -> None:
        """Serve what was there before, or nothing; what the user took meanwhile is left alone.

        With `linger`, nothing is at first an empty text, for a target that asks after all.
        """
        for held in (self._clipboard, self._primary):
            stamp = self._stamp()  # a loss that came before is known now, a later one wins
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
                request.SetSelectionOwner(
                    display=self._display.display, window=X.NONE, selection=held.atom, time=stamp
                )
        if not linger:
            self._cut.bring_back()
            self._offer = None
        self._display.sync()

    def _keep(self, contents: Contents) -> None:
        self._give_back()
        stamp = self._stamp()
        owner: Any = self._display.get_selection_owner(self._clipboard.atom)
        self._own(self._clipboard, contents, stamp, instead_of=owner)

    def _finish(self) -> None:
        self._closing = True
        self._give_back()
        if self._clipboard.contents is not None:
            hand_over(self._display, self._window, wait=self._wait, stamp=self._stamp())
