"""Text into the focused window of an X server: pasted with a receipt, or typed.

Paste: both selections are ours, Shift+Insert is pressed, and the focused window's own client reads
the text. That read is the receipt. Where none comes, the text is withdrawn first and typed then, so
that a late reader cannot insert it a second time. Where some other program read it after the key,
nothing is typed: it may be the real target (Wine reads through another process), unless it reads
as well when the text appears without a key, as clipboard managers do.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from Xlib import XK, error

from tray_dictate.config.schema import OutputRule, OutputSettings
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import MovedError, UnsavedError, sanitize
from tray_dictate.output.experience import Experience, Place
from tray_dictate.output.rules import Method, Rules, Treatment, refusal
from tray_dictate.output.x11.composition import composes
from tray_dictate.output.x11.focus import activate, be_heard, is_gone, kept_in
from tray_dictate.output.x11.keyboard import Keys, OnSynthetic
from tray_dictate.output.x11.paste import Paster, stay
from tray_dictate.output.x11.selections import Selections
from tray_dictate.output.x11.typist import Manner, Typer
from tray_dictate.system.lifetime import release
from tray_dictate.system.x11 import Focus, connect, disconnect, focus, process_of

log = logging.getLogger(__name__)
T = TypeVar("T")

MOVES = 5  # times that a delivery begins anew because the focus moved
RETURN_KEYS = 2.0  # seconds after typing until the borrowed keycodes are given back


class X11Output:
    """Delivers from one thread, in order; looks at the focus from another, at once."""

    def __init__(
        self,
        method: Method = "auto",
        on_synthetic: OnSynthetic | None = None,
        rules: Sequence[OutputRule] = (),
        heard: Callable[[], bool] = lambda: True,
        *,
        private: bool = True,
    ) -> None:
        """`on_synthetic(keycode, down)` is called before every key event that we make.

        `heard` tells whether anybody listens to it now. Raises UnavailableError.
        """
        self._rules = Rules(method, rules, private=private)
        self._refused = False  # the last text was for a window that gets none
        self._edited = ""  # the window in which our last text has left a cell being edited
        self._experience = Experience()
        self._display = connect()
        if not self._display.has_extension("XTEST"):
            self._display.close()
            raise UnavailableError(
                "The X server lacks the XTEST extension.", "Start it without '-extension XTEST'."
            )
        self._focus_display = connect()
        self._keys = Keys(self._display, on_synthetic, heard)
        self._typer = Typer(self._display, self._keys)
        self._selections = Selections()
        self._selections.survive(self._display)
        self._stop = threading.Event()
        self._paster = Paster(self._display, self._keys, self._selections, self._stop)
        self._worker = ThreadPoolExecutor(1, "output")
        self._looker = ThreadPoolExecutor(1, "output-focus")
        self._return_keys: asyncio.TimerHandle | None = None

    def adapt(self, settings: OutputSettings) -> None:
        """Deliver as other settings say; what it has on the clipboard stays there."""
        self._rules = Rules(settings.method, settings.rules, private=settings.private)

    async def target(self) -> Target | None:
        """Return the toplevel window that has the focus; None where none has."""
        try:
            return await self._on(self._looker, self._look_for_target)
        except DeliveryError:
            return None

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing."""
        text = sanitize(text)
        if not text:
            return Receipt(confirmed=True, method="nothing")
        if self._return_keys:
            self._return_keys.cancel()
        try:
            return await self._on(self._worker, lambda: self._deliver(text, target, onward))
        finally:
            loop = asyncio.get_running_loop()
            self._return_keys = loop.call_later(RETURN_KEYS, self._give_keys_back)

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Press a chord once. Raises DeliveryError."""
        await self._on(self._worker, lambda: self._press(chord, target))

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Press BackSpace so often. Raises DeliveryError."""
        await self._on(self._worker, lambda: self._erase(characters, target))

    async def activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""
        await self._on(self._looker, lambda: activate(self._focus_display, target.window))

    async def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed, or is shown no more."""
        return await self._on(self._looker, lambda: is_gone(self._focus_display, target.window))

    async def keep(self, text: str) -> None:
        """Make the text the user's clipboard, for as long as we live. Raises DeliveryError.

        Clipboard managers are told to leave it alone where it was for a window that gets none: it
        may be a password.
        """
        await self._on(
            self._worker, lambda: self._selections.keep(sanitize(text), secret=self._refused)
        )

    async def close(self) -> None:
        """Leave nothing held down, the keymap and the clipboard as they were; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()  # ends a wait, and typing between two keys
        if self._return_keys:
            self._return_keys.cancel()
        try:
            await self._on(self._worker, self._close)
        except DeliveryError as gone:
            log.info("%s", gone)
        self._worker.shutdown(wait=False)
        self._looker.shutdown(wait=False)

    async def _on(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        if self._stop.is_set() and work != self._close:
            raise DeliveryError("Dictation was ended before the text was delivered.")
        try:
            if work == self._close:  # what is held down comes up, also where nobody waits for it
                return await release(work, thread)
            return await loop.run_in_executor(thread, work)
        except (error.ConnectionClosedError, error.XError, TimeoutError, OSError) as reason:
            raise DeliveryError(
                f"The X server did not do what it was asked ({type(reason).__name__}). "
                "Restart tray-dictate if it goes on."
            ) from reason

    def _look(self) -> Focus | None:
        """Runs on the looker."""
        while self._focus_display.pending_events():  # changes of the keymap, sent to everybody
            self._focus_display.next_event()
        return focus(self._focus_display)

    def _look_for_target(self) -> Target | None:
        """Runs on the looker."""
        found = self._look()
        if found is None:
            return None
        process = process_of(self._focus_display, found.window)
        return Target(found.window, found.application, process)

    def _give_keys_back(self) -> None:
        """Runs on the loop: the worker does it, unless it has been sent home."""
        self._return_keys = None
        if not self._stop.is_set():
            self._worker.submit(self._quietly_give_keys_back)

    def _quietly_give_keys_back(self) -> None:
        try:
            self._typer.give_back()
        except (error.ConnectionClosedError, error.XError, OSError) as reason:
            log.info("the keymap could not be given back: %s", type(reason).__name__)

    # From here on, everything runs on the worker.

    def _deliver(self, text: str, meant: Target | None, onward: bool) -> Receipt:
        edited, self._edited = self._edited if onward else "", ""
        for _ in range(MOVES):
            self._refresh()
            target = focus(self._display)
            if meant and (target is None or target.window != meant.window):
                raise FocusMovedError
            if target is None:
                raise DeliveryError(
                    "No window has the focus. Click into the window that the text is for."
                )
            treatment = self._rules.treatment(target.names, target.title)
            self._refused = treatment.method == "off"
            whole = text + sanitize(treatment.after)
            try:
                if treatment.cells:
                    receipt = self._into_cell(target, treatment, whole, edited)
                else:
                    receipt = self._into(target, treatment, whole)
            except MovedError:
                log.info("the focus moved during a delivery")
            except DeliveryError as partly:
                if partly.done < len(text):
                    raise
                after = sanitize(treatment.after)[: partly.done - len(text)]
                return Receipt(confirmed=False, method="type", after=after)
            else:
                return replace(receipt, after=sanitize(treatment.after))
            finally:
                self._keys.put_back()
        raise DeliveryError("The focus moved on and on. Click into the window that it is for.")

    def _into(self, target: Focus, treatment: Treatment, text: str) -> Receipt:
        """Raises MovedError where another window has the focus before any of it was inserted."""
        match treatment.method:
            case "off":
                raise DeliveryError(refusal(target.application, treatment))
            case "clipboard":
                self._selections.keep(text, secret=treatment.private)
                return Receipt(confirmed=False, method="clipboard")
            case "paste":
                receipt = self._paste(text, target, treatment)
            case "auto":
                receipt = self._paste_unless_in_vain(text, target, treatment)
            case "type":
                receipt = None
        if receipt:
            return receipt
        if treatment.method != "paste":
            return self._type(text, target, treatment)
        raise DeliveryError(
            f"The window does not take a paste by {treatment.chord}. Set output.method to "
            '"auto" and the text will be typed.'
        )

    def _into_cell(self, target: Focus, treatment: Treatment, text: str, edited: str) -> Receipt:
        """Type what begins the edit of a cell, and Return and Tab; paste the rest, if it is taken.

        Raises MovedError where another window has the focus before any of it was inserted.
        """
        done, editing = 0, edited == target.window
        receipt = Receipt(confirmed=False, method="type")
        pasting = replace(treatment, method="auto", cells=False)
        for line in re.findall(r"[\n\t]|[^\n\t]+", text):
            begins = 0 if editing and line not in "\n\t" else 1
            editing = line not in "\n\t"
            try:
                if begins:
                    receipt = self._type(line[:1], target, treatment)
                    done += 1
                if line[begins:]:
                    receipt = self._into(target, pasting, line[begins:])
                    done += len(line) - begins
            except MovedError:
                if done:
                    raise FocusMovedError(done) from None
                raise
            except DeliveryError as failed:
                failed.done += done
                raise
        self._edited = target.window if editing else ""
        return receipt

    def _paste(
        self, text: str, target: Focus, treatment: Treatment, *, known: bool = False
    ) -> Receipt | None:
        """Paste; type where that would destroy what the user has copied, as a refusal would."""
        try:
            return self._paster.paste(text, target, treatment, known=known)
        except UnsavedError as reason:
            log.info("it is typed: %s", type(reason).__name__)
            return self._type(text, target, treatment)

    def _paste_unless_in_vain(
        self, text: str, target: Focus, treatment: Treatment
    ) -> Receipt | None:
        """Paste where the window takes that, as far as is known; learn whether it does."""
        place = Place(target.window, target.names, treatment.chord, treatment.primary)
        if self._selections.was_read_late(target.clients):
            self._experience.took(place)
        if not self._paster.keycodes(treatment.chord) or self._experience.takes_none(place, text):
            return None
        known = self._experience.takes(place)
        receipt = self._paste(text, target, treatment, known=known)
        if receipt is None:
            log.info("a window has not read what was pasted; it is typed into from now on")
            self._experience.ignored(place)
        elif receipt.confirmed:
            self._experience.took(place)
        return receipt

    def _type(self, text: str, target: Focus, treatment: Treatment) -> Receipt:
        remote = treatment.remote  # its keys pass no input method of this machine
        composed = not treatment.shift_key and composes(self._display)
        manner = Manner(treatment.shift_key, remote, composed)
        with self._ready(target.window) as stays:
            stay(self._display, target)
            done = self._typer.type(text, self._stop, stays, manner)
        if not done and not self._stop.is_set():
            raise MovedError
        self._whole(done, len(text))
        return Receipt(confirmed=False, method="type")

    def _press(self, chord: str, meant: Target | None) -> None:
        self._edited = ""
        self._refresh()
        keycodes = self._paster.keycodes(chord)
        if not keycodes:
            raise DeliveryError(f"The keyboard has no {chord}.")
        with self._ready(meant.window if meant else "") as stays:
            if not stays():
                raise FocusMovedError
            self._keys.chord(keycodes)

    def _erase(self, characters: int, meant: Target | None) -> None:
        self._refresh()
        backspace = self._keys.keycode(XK.XK_BackSpace)
        if not backspace:
            raise DeliveryError("The keyboard has no BackSpace key.")
        with self._ready(meant.window if meant else "") as stays:
            done = self._typer.press(backspace, characters, self._stop, stays)
        self._whole(done, characters)

    @contextmanager
    def _ready(self, window: str) -> Generator[Callable[[], bool]]:
        """Have the keyboard clear for keys; yield what tells whether that window has the focus.

        Without a window any will do. Raises DeliveryError where they would go elsewhere.
        """
        self._keys.clear(self._stop)  # it may wait
        try:
            be_heard(self._display)
            with kept_in(self._display, window) as stays:
                if not window:
                    yield lambda: True
                elif not self._keys.announced():  # before the server serves nobody else
                    yield lambda: self._keys.clear(self._stop) or stays()
                else:
                    yield stays
        finally:
            self._keys.put_back()

    def _whole(self, done: int, wanted: int) -> None:
        """Raise what says why not all was done, if so."""
        if done < wanted and self._stop.is_set():
            raise DeliveryError("Dictation was ended while keys were sent.", done)
        if done < wanted:
            raise FocusMovedError(done)

    def _refresh(self) -> None:
        """Take what the server has told this connection: the keymap may be another now."""
        while self._display.pending_events():
            event = self._display.next_event()
            if hasattr(event, "first_keycode"):  # a MappingNotify
                self._display.refresh_keyboard_mapping(event)

    def _close(self) -> None:
        try:
            self._keys.release_all()
            self._typer.give_back()
        finally:
            self._selections.close()
            for display in (self._display, self._focus_display):
                disconnect(display)
