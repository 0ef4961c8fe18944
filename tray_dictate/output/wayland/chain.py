"""Tries the insert methods in order until one works.

    commit ─▶ ibus ─▶ paste ─▶ type ─▶ wtype ─▶ portal ─▶ ydotool ─▶ (the daemon keeps the text)

Each method refuses before it has inserted anything, or it does its work: once a method has begun,
no other follows, and the caller deals with the rest of the text.

Those whose keys come from the user's own seat wait for the user's keys; see key_release.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Clock, Receipt
from tray_dictate.output.base import FocusCheck
from tray_dictate.output.rules import Method, Treatment
from tray_dictate.output.wayland.key_release import KeyRelease

log = logging.getLogger(__name__)

AGAIN = 30.0  # seconds until an unavailable method is tried again: portals start late


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


class ReleasedMethod:
    """An insert method that begins once the user holds no key that ours must not meet."""

    def __init__(self, method: InsertMethod, release: KeyRelease) -> None:
        self._method, self._release = method, release

    def insert(self, text: str, treatment: Treatment, check: FocusCheck) -> Receipt:
        """Insert as the wrapped method does, once that disturbs nothing."""
        return self._release.press(lambda free: self._method.insert(text, treatment, free), check)
