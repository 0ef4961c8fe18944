"""The base of the owners of clipboard and PRIMARY on X11 and Wayland, during a paste.

A thread owns both and sleeps until something happens. It serves the dictated text, notes which
program read it, and gives back the previous contents in every format. A subclass speaks to its
display system. Three rules hold for both:

1. What the user copies is theirs: a program that takes a selection from us keeps it.
2. Our dictated text is never taken for the user's clipboard, however close two deliveries follow.
3. Secrets, and contents lent for a moment, are left to their owner.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ClassVar, Generic, TypeVar

from tray_dictate.core.errors import why
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

QUIET = 0.3  # seconds without a read, after the target's own, until all is given back
LONGEST = 3.0  # seconds after the target's read in which reads put that off
ABANDONED = 30.0  # seconds until an offer that was never settled is given back
BELATED = 10.0  # seconds in which a target that we gave up waiting for gets an empty paste
ONE_PASTE = 0.3  # seconds in which a target asks for one format after the other
EAGER = 0.5  # seconds after a change in which only clipboard managers read
ANSWER = 10.0  # seconds for the thread to do what it is asked: far more than it takes
LARGEST = 64 << 20  # bytes of contents that are saved at most

# names that an owner lists among its formats that are no contents, or would change something
NOT_FORMATS = frozenset(
    "TARGETS MULTIPLE TIMESTAMP SAVE_TARGETS DELETE INSERT_SELECTION INSERT_PROPERTY".split()
)


class Offer:
    """A text on the selections: read by the output's thread while the owner's writes it."""

    def __init__(self) -> None:
        self.abandoned = time.monotonic() + ABANDONED
        self.pressed = False  # set by the output's thread before the key that asks for the paste
        self.begun = False  # the target is reading, piece by piece
        self.fetched = threading.Event()  # the target has read all of it
        self.foreign: set[int] = set()  # other readers after the key: one may be the target
        self.done_at: float | None = None  # when it was fetched or settled
        self.quiet_since: float | None = None  # the last read since then

    @property
    def settled(self) -> bool:
        """Whether it is given back by itself, after a quiet time."""
        return self.done_at is not None

    def settle(self) -> None:
        """Have it given back after a quiet time: the key was pressed, the reader is not known."""
        self.done_at = self.quiet_since = time.monotonic()

    def due(self, quiet: float) -> float:
        """Return when it is to be given back: after `quiet` seconds without a read."""
        if self.quiet_since is None:
            return self.abandoned
        return min(self.quiet_since + quiet, (self.done_at or self.quiet_since) + LONGEST)


OfferT = TypeVar("OfferT", bound=Offer)


class SelectionThread(ABC, Generic[OfferT]):
    """Both selections; every public method may be called from another thread and blocks briefly."""

    lost: ClassVar[tuple[type[Exception], ...]]  # raised where the display system is gone

    def __init__(self) -> None:
        self._offer: OfferT | None = None
        self._closing = False
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._wake_up = WakeUp()
        self._thread = threading.Thread(target=self._run, name="clipboard", daemon=True)

    def settle(self, offer: OfferT) -> None:
        """Give back what was there after a quiet time: the offer's text has been pressed for."""
        self._ask(lambda: self._settle(offer))

    def withdraw(self, offer: OfferT) -> None:
        """Give back what was there now: when this returns, no program gets the offer's text."""
        self._ask(lambda: self._withdraw(offer))

    def copy_to_clipboard(self, text: str, *, secret: bool = False) -> None:
        """Make this text the user's clipboard; clipboard managers leave alone what is secret."""
        self._ask(lambda: self._copy(text, secret=secret))

    @property
    def is_alive(self) -> bool:
        """Whether it can serve still: the display system is there, and nothing was closed."""
        return self._thread.is_alive()

    def _ask(self, work: Callable[[], Any], patience: float = ANSWER) -> Any:
        """Return what `work` returns on the thread. Raises TimeoutError and one of `lost`."""
        if not self._thread.is_alive():
            raise self._lost_error()
        future: Future[Any] = Future()
        self._work.put((future, work))
        self._wake_up.set()
        return future.result(patience)

    def _join(self, patience: float) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        self._thread.join(patience)
        if self._thread.is_alive():
            return False
        self._wake_up.close()
        return True

    # From here on, everything runs on the thread.

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
            self._conclude()
        except self.lost as gone:
            log.info("the clipboard went away with the display system: %s", why(gone))
        finally:
            self._closing = True
            self._disconnect()
            while not self._work.empty():
                self._work.get()[0].set_exception(self._lost_error())

    def _turn(self) -> None:
        """Do what was asked, deal with what has happened, and sleep until there is more."""
        while not self._work.empty():
            future, work = self._work.get()
            try:
                future.set_result(work())
            except Exception as failed:  # the caller is told
                future.set_exception(failed)
                if isinstance(failed, self.lost):
                    raise
        if self._closing:
            return
        self._take_events()
        due, now = self._due(), time.monotonic()
        if due is not None and due <= now:
            self._give_back()
        else:
            self._sleep(None if due is None else due - now)

    def _take_events(self) -> None:
        """Deal with what was heard before, where the connection has a queue of its own."""

    @abstractmethod
    def _lost_error(self) -> Exception:
        """Return the error that says that the display system is gone, one of `lost`."""

    @abstractmethod
    def _sleep(self, seconds: float | None) -> None:
        """Handle what happens next, or return when woken or after `seconds`."""

    @abstractmethod
    def _due(self) -> float | None:
        """Return when the offer is to be given back, on the monotonic clock; None without one."""

    @abstractmethod
    def _give_back(self) -> None:
        """Serve what was there before, or nothing; what the user took meanwhile is left alone."""

    @abstractmethod
    def _settle(self, offer: OfferT) -> None:
        """Have an offer given back after a quiet time."""

    @abstractmethod
    def _withdraw(self, offer: OfferT) -> None:
        """Give back an offer now; nothing happens where it is over."""

    @abstractmethod
    def _copy(self, text: str, *, secret: bool) -> None:
        """Make this text the user's clipboard."""

    @abstractmethod
    def _conclude(self) -> None:
        """Do what is to be done before the connection ends, where there still is one."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Let go of the connection, which may be broken."""
