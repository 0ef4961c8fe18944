"""Tries the insert methods in order until one works, and waits until no modifier is held.

    commit ─▶ ibus ─▶ paste ─▶ type ─▶ wtype ─▶ portal ─▶ ydotool ─▶ (the daemon keeps the text)

Each method refuses before it has inserted anything, or it does its work: once a method has begun,
no other follows, and the caller deals with the rest of the text.

Where our keys come from the user's own seat (KDE's, GNOME's or the kernel's), windows cannot tell
theirs from ours: with Ctrl held, a typed w closes one. So those methods wait until no modifier is
held.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.keys.names import MODIFIERS
from tray_dictate.core.ports import Clock, Receipt
from tray_dictate.output.base import FocusCheck, MovedError
from tray_dictate.output.rules import Method, Treatment
from tray_dictate.output.user_keys import KeyState

log = logging.getLogger(__name__)

AGAIN = 30.0  # seconds until an unavailable method is tried again: portals start late

LET_GO = 300.0  # seconds that a modifier may stay down, such as the hotkey's during a dictation
_LOOK = 0.01  # seconds between two looks at the modifiers


class HarmfulError(UnavailableError):
    """The method would destroy the contents of the clipboard."""


def _nothing() -> None:
    """Do nothing: the default of `Candidate.check`."""


class InsertMethod(Protocol):
    """A method of inserting text."""

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Insert into the window of `check`.

        Raises UnavailableError where it cannot, and MovedError where the window does not have the
        focus: nothing was inserted then. Else DeliveryError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A method that may be available; `make` raises UnavailableError if it is not."""

    name: str
    methods: frozenset[Method]  # the values of output.method that allow it
    make: Callable[[], InsertMethod]
    check: Callable[[], None] = _nothing  # raises UnavailableError; for checks that take time


class MethodSource(Protocol):
    """Builds the methods, and owns what they share."""

    def candidates(self) -> Sequence[Candidate]:
        """Return the methods, best first."""
        ...

    def reset(self) -> None:
        """Close all connections: after a failure they may be broken."""
        ...


class MethodChain:
    """Inserts by the first method that can; for one thread."""

    def __init__(self, source: MethodSource, clock: Clock = time) -> None:
        self._source, self._candidates, self._clock = source, source.candidates(), clock
        self._methods: dict[str, InsertMethod] = {}
        self._refused: dict[str, tuple[float, UnavailableError]] = {}  # when, and why

    def insert(
        self, text: str, treatment: Treatment, check: FocusCheck, only: Collection[str] = ()
    ) -> Receipt:
        """Insert by the first method that can; only by those named in `only`, if any.

        What cannot be pasted without harm to the clipboard is typed, whatever the setting. Where
        nothing can type, as on KDE, what a shipped rule would type is pasted. Raises MovedError,
        and DeliveryError with every reason where none can.
        """
        reasons: list[UnavailableError] = []
        for candidate in self._candidates:
            if treatment.method not in candidate.methods or (only and candidate.name not in only):
                continue
            try:
                return self._method(candidate).insert(text, treatment, check)
            except UnavailableError as refused:
                log.info("not by %s: %s", candidate.name, refused.reason)
                reasons.append(refused)
            except FocusMovedError:
                raise
            except DeliveryError:
                self._methods.clear()
                self._source.reset()
                raise
        if treatment.method == "paste" and any(isinstance(one, HarmfulError) for one in reasons):
            return self.insert(text, replace(treatment, method="type"), check, only)
        if treatment.method == "type" and treatment.optional:
            return self.insert(text, replace(treatment, method="auto"), check, only)
        raise DeliveryError(_all_of(reasons))

    def explain(self) -> list[tuple[str, str]]:
        """Return each method with why it is unavailable in this session; empty where it works."""
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
        if method := self._methods.get(candidate.name):
            return method
        at, refused = self._refused.get(candidate.name, (0.0, None))
        if refused and self._clock.monotonic() - at < AGAIN:
            raise refused
        try:
            self._methods[candidate.name] = method = candidate.make()
        except UnavailableError as reason:
            self._refused[candidate.name] = (self._clock.monotonic(), reason)
            raise
        return method


def _all_of(reasons: Sequence[UnavailableError]) -> str:
    """Return one message of all reasons and remedies."""
    why = list(dict.fromkeys(reason.reason for reason in reasons))
    remedies = list(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy))
    return " ".join(["No method of inserting text works here.", *why, *remedies])


def await_release(
    keys: KeyState, stop: threading.Event, check: FocusCheck, patience: float = LET_GO
) -> None:
    """Return once no modifier is down, as far as `keys` knows.

    Raises MovedError where `check` says no meanwhile, and DeliveryError, so that no other method
    takes over: it would press keys, too.
    """
    end = time.monotonic() + patience
    while (keys.held() or frozenset()) & MODIFIERS:
        if not check.is_focused():
            raise MovedError
        if stop.is_set():
            raise DeliveryError("Dictation ended before the text was inserted.")
        if time.monotonic() > end:
            raise DeliveryError(
                "A modifier key is held down, so no other key can be pressed here. Release it."
            )
        time.sleep(_LOOK)


class ReleaseWait:
    """An insert method that begins once no modifier is down."""

    def __init__(self, method: InsertMethod, keys: KeyState, stop: threading.Event) -> None:
        self._method, self._keys, self._stop = method, keys, stop

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Insert as the wrapped method does; `check` is asked while waiting, too."""
        await_release(self._keys, self._stop, check)
        return self._method.insert(text, treatment, check)
