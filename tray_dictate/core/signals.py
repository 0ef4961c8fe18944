"""A typed signal: an attribute of an object that reports its changes to subscribers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Signal(Generic[*Ts]):
    """Calls its subscribers with values of these types, in the order of their subscription."""

    def __init__(self) -> None:
        self._subscribers: dict[object, Callable[[*Ts], object]] = {}

    def subscribe(self, subscriber: Callable[[*Ts], object]) -> Callable[[], None]:
        """Call `subscriber` at each `emit`; return a function that ends that (idempotent)."""
        key = object()
        self._subscribers[key] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    @property
    def has_subscribers(self) -> bool:
        """Whether anything is subscribed."""
        return bool(self._subscribers)

    def emit(self, *values: *Ts) -> None:
        """Call the current subscribers, on this thread."""
        for subscriber in tuple(self._subscribers.values()):
            subscriber(*values)
