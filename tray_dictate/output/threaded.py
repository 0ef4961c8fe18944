"""The base of the outputs for X11 and Wayland, which call their display system on threads.

A worker thread delivers, in order. A second thread looks at the focus, so that asking for the
focused window never waits for a delivery. A subclass finds windows and inserts text. The base
decides which rule applies, what is refused, and when a delivery begins again because the focus has
moved.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar, Generic, Protocol, TypeVar

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import MovedError, sanitize
from tray_dictate.output.rules import Rules, Treatment, refusal
from tray_dictate.system.lifetime import release

log = logging.getLogger(__name__)
T = TypeVar("T")

NO_FOCUS = "No window has the focus. Click into the window that the text is for."
_MOVES = 5  # attempts of a delivery, which begins again when the focus has moved


class FocusedWindow(Protocol):
    """A window as the display system describes it."""

    @property
    def window(self) -> str:
        """The name of the window, as in ports.Target."""
        ...

    @property
    def application(self) -> str:
        """The application of the window; empty if unknown."""
        ...


WindowT = TypeVar("WindowT", bound=FocusedWindow)


class ThreadedOutput(ABC, Generic[WindowT]):
    """ports.Output on two threads; WindowT is the display system's description of a window."""

    failures: ClassVar[tuple[type[Exception], ...]]  # raised where the display system fails

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._refused = False  # the last text was for a window that must not get any
        self._stop = threading.Event()
        self._worker = ThreadPoolExecutor(1, "output")
        self._looker = ThreadPoolExecutor(1, "output-focus")

    def adapt(self, settings: OutputSettings) -> None:
        """Apply other settings; what this output has on the clipboard stays there."""
        self._rules = Rules(settings.method, settings.rules, private=settings.private)

    async def target(self) -> Target | None:
        """Return the window that has the focus; None where none has."""
        try:
            return await self._call(self._looker, self._find_target)
        except DeliveryError:
            return None

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing."""
        text = sanitize(text)
        if not text:
            return Receipt(confirmed=True, method="nothing")
        return await self._call(self._worker, lambda: self._deliver(text, target, onward=onward))

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Press a chord once. Raises DeliveryError."""
        await self._call(self._worker, lambda: self._press(chord, target))

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Press BackSpace that many times. Raises DeliveryError."""
        await self._call(self._worker, lambda: self._erase(characters, target))

    async def activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""
        await self._call(self._looker, lambda: self._activate(target))

    async def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed, or is no longer shown."""
        return await self._call(self._looker, lambda: self._is_gone(target))

    async def copy_to_clipboard(self, text: str) -> None:
        """Make the text the user's clipboard, for as long as we live. Raises DeliveryError.

        Clipboard managers are asked to ignore a text that was refused to a window: it may be a
        password.
        """
        await self._call(self._worker, lambda: self._copy(sanitize(text), secret=self._refused))

    async def close(self) -> None:
        """Leave nothing held down, and the clipboard as it was; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()  # ends a wait, and typing between two keys
        try:
            with self._explained():  # what is held down comes up, even if this is cancelled
                await release(self._close, self._worker)
        except DeliveryError as gone:
            log.info("%s", gone)
        self._worker.shutdown(wait=False)
        self._looker.shutdown(wait=False)

    async def _call(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Return what `work` returns on a thread. Raises DeliveryError."""
        if self._stop.is_set():
            raise DeliveryError("Dictation ended before the text was inserted.")
        with self._explained():
            return await asyncio.get_running_loop().run_in_executor(thread, work)

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except self.failures as reason:
            raise DeliveryError(self._explain_failure(reason)) from reason

    @abstractmethod
    def _explain_failure(self, reason: Exception) -> str:
        """Return the message for one of `failures`."""

    # On the thread that looks at the focus.

    @abstractmethod
    def _find_target(self) -> Target | None:
        """Return the window that has the focus; None where none has. Raises DeliveryError."""

    @abstractmethod
    def _activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""

    @abstractmethod
    def _is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed, or is no longer shown. Raises DeliveryError."""

    # On the worker.

    def _deliver(self, text: str, meant: Target | None, *, onward: bool) -> Receipt:
        self._begin(onward=onward)
        for _ in range(_MOVES):
            window = self._focused()
            if meant and (window is None or window.window != meant.window):
                raise FocusMovedError
            treatment = self._treatment(window)
            self._refused = treatment.method == "off"
            after = sanitize(treatment.after)
            try:
                receipt = self._into(window, treatment, text + after)
            except MovedError:
                log.info("the focus moved during a delivery")
            except DeliveryError as partly:
                self._note_inserted(window, (text + after)[: partly.done])
                if partly.done < len(text):
                    raise
                after = after[: partly.done - len(text)]
                return Receipt(confirmed=False, method="type", after=after)
            else:
                self._note_inserted(window, text + after)
                return replace(receipt, after=after)
        raise DeliveryError("The focus kept changing. Click into the window that the text is for.")

    def _into(self, window: WindowT | None, treatment: Treatment, text: str) -> Receipt:
        """Insert, copy or refuse. Raises as `_insert`."""
        match treatment.method:
            case "off":
                raise DeliveryError(refusal(window.application if window else "", treatment))
            case "clipboard":
                self._copy(text, secret=treatment.private)
                return Receipt(confirmed=False, method="clipboard")
            case _:
                return self._insert(window, treatment, text)

    def _raise_unless_whole(self, done: int, wanted: int, *, astray: int = 0) -> None:
        """Raise the DeliveryError that says why not all keys were sent, if so."""
        if done < wanted and self._stop.is_set():
            raise DeliveryError("Dictation ended while keys were being sent.", done)
        if done < wanted:
            raise FocusMovedError(done, astray=astray)

    def _begin(self, *, onward: bool) -> None:
        """Prepare a delivery; `onward`: the user has done nothing since the last one."""

    def _note_inserted(self, window: WindowT | None, text: str) -> None:
        """Remember what was inserted, where that is of use later."""

    @abstractmethod
    def _focused(self) -> WindowT | None:
        """Return the window that has the focus; None where none has. Raises DeliveryError."""

    @abstractmethod
    def _treatment(self, window: WindowT | None) -> Treatment:
        """Return how the rules treat this window. Raises DeliveryError if it cannot get text."""

    @abstractmethod
    def _insert(self, window: WindowT | None, treatment: Treatment, text: str) -> Receipt:
        """Paste or type the text into a window, as its treatment says.

        Raises MovedError where another window has the focus before any of it was inserted, else
        DeliveryError.
        """

    @abstractmethod
    def _press(self, chord: str, meant: Target | None) -> None:
        """Press a chord once. Raises DeliveryError."""

    @abstractmethod
    def _erase(self, characters: int, meant: Target | None) -> None:
        """Press BackSpace that many times. Raises DeliveryError."""

    @abstractmethod
    def _copy(self, text: str, *, secret: bool) -> None:
        """Make the text the user's clipboard. Raises DeliveryError and one of `failures`."""

    @abstractmethod
    def _close(self) -> None:
        """Release every key, give back the clipboard, and leave the display system."""
