"""A typed signal: an attribute by which its owner tells subscribers of a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Signal(Generic[*Ts]):
    """Calls its subscribers with values of these types, in the order in which they came."""

    def __init__(self) -> None:
        self._subscribers: dict[object, Callable[[*Ts], object]] = {}

    def subscribe(self, subscriber: Callable[[*Ts], object]) -> Callable[[], None]:
        """Call it at each `emit` from now on; return what ends that (idempotent)."""
        key = object()
        self._subscribers[key] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    def emit(self, *values: *Ts) -> None:
        """Call those who are subscribed now, on this thread."""
        for subscriber in tuple(self._subscribers.values()):
            subscriber(*values)
