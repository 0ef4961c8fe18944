"""The ways into a window, best first: each refuses before anything is inserted, or does it.

    commit ─▶ paste ─▶ type ─▶ wtype ─▶ portal ─▶ ydotool ─▶ (the shell keeps the text)

A way that has begun is followed by no other: what it did not do is the caller's to place.

Waiting until the user has let go of the modifiers.

Where our keys come from the same seat as the user's, KDE's, GNOME's or the kernel's, theirs and
ours are one to the windows: with Ctrl held, a typed w closes one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.keys import MODIFIERS
from tray_dictate.core.ports import Receipt
from tray_dictate.output.base import MovedError
from tray_dictate.output.rules import Method, Treatment
from tray_dictate.output.user_keys import Held

log = logging.getLogger(__name__)

AGAIN = 30.0  # seconds until a way that could not be had is tried again: portals start late

Stays = Callable[[], bool]


class HarmfulError(UnavailableError):
    """A way would destroy what is on the clipboard."""


def _nothing() -> None:
    """Find nothing against it."""


class InsertMethod(Protocol):
    """One way of inserting text."""

    def insert(self, text: str, treatment: Treatment, stays: Stays) -> Receipt:
        """Insert into the window that `stays` tells of.

        Raises UnavailableError where it cannot, and MovedError where the window has not the focus:
        nothing was inserted then. Else DeliveryError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way, by its name; `make` raises UnavailableError where this session does not offer it."""

    name: str
    methods: frozenset[Method]  # the settings that it is a way for
    make: Callable[[], InsertMethod]
    check: Callable[[], None] = _nothing  # raises it, too, where a look takes its time


class MethodChain:
    """Tries them in order; for one thread."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        reset: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`reset` is called after a failure: what the ways are made of may be broken."""
        self._candidates, self._reset, self._clock = candidates, reset, clock
        self._made: dict[str, InsertMethod] = {}
        self._refused: dict[str, tuple[float, UnavailableError]] = {}  # when, and why

    def insert(
        self, text: str, treatment: Treatment, stays: Stays, only: Collection[str] = ()
    ) -> Receipt:
        """Insert by the first way that can, of `only` these if any are given.

        What cannot be pasted without harm to the clipboard is typed, whatever the method says.
        Raises MovedError, and DeliveryError with every reason where none can.
        """
        reasons: list[UnavailableError] = []
        for candidate in self._candidates:
            if treatment.method not in candidate.methods or (only and candidate.name not in only):
                continue
            try:
                return self._method(candidate).insert(text, treatment, stays)
            except UnavailableError as refused:
                log.info("not by %s: %s", candidate.name, refused.reason)
                reasons.append(refused)
            except FocusMovedError:
                raise
            except DeliveryError:
                self._made.clear()
                self._reset()
                raise
        if treatment.method == "paste" and any(isinstance(one, HarmfulError) for one in reasons):
            return self.insert(text, replace(treatment, method="type"), stays, only)
        raise DeliveryError(_all_of(reasons))

    def explain(self) -> list[tuple[str, str]]:
        """Return each way with why it cannot be had in this session; empty where it can."""
        found: list[tuple[str, str]] = []
        for candidate in self._candidates:
            try:
                self._method(candidate)
                candidate.check()
            except UnavailableError as refused:
                found.append((candidate.name, str(refused)))
            else:
                found.append((candidate.name, ""))
        return found

    def _method(self, candidate: Candidate) -> InsertMethod:
        """Raises UnavailableError."""
        if made := self._made.get(candidate.name):
            return made
        at, refused = self._refused.get(candidate.name, (0.0, None))
        if refused and self._clock() - at < AGAIN:
            raise refused
        try:
            self._made[candidate.name] = made = candidate.make()
        except UnavailableError as reason:
            self._refused[candidate.name] = (self._clock(), reason)
            raise
        return made


def _all_of(reasons: Sequence[UnavailableError]) -> str:
    """Return what no way can, and what would change it."""
    why = list(dict.fromkeys(reason.reason for reason in reasons))
    remedies = list(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy))
    return " ".join(["No method of inserting text works here.", *why, *remedies])


LET_GO = 300.0  # seconds that a modifier may be held, such as the hotkey's during a dictation
_LOOK = 0.01


def await_release(
    held: Held, stop: threading.Event, stays: Stays, patience: float = LET_GO
) -> None:
    """Return once no modifier is down, as far as `held` knows: None where it does not.

    Raises MovedError where `stays` says no meanwhile, and DeliveryError, so that no other way takes
    over: it would press keys, too.
    """
    end = time.monotonic() + patience
    while (held() or frozenset()) & MODIFIERS:
        if not stays():
            raise MovedError
        if stop.is_set():
            raise DeliveryError("Dictation ended before the text was inserted.")
        if time.monotonic() > end:
            raise DeliveryError(
                "A modifier key is held down, so that no other key can be pressed here. Release it."
            )
        time.sleep(_LOOK)


class Released:
    """A way that begins once no modifier is down."""

    def __init__(self, method: InsertMethod, held: Held, stop: threading.Event) -> None:
        self._method, self._held, self._stop = method, held, stop

    def insert(self, text: str, treatment: Treatment, stays: Stays) -> Receipt:
        """As the way does; `stays` is asked meanwhile, too."""
        await_release(self._held, self._stop, stays)
        return self._method.insert(text, treatment, stays)
