"""Puts text into the focused window of an X server: pastes with a receipt, or types.

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
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from typing_extensions import override
from Xlib import XK, error

from tray_dictate.config.schema import OutputRule
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError, UnsavedError
from tray_dictate.output.paste_support import PasteSupport, Place
from tray_dictate.output.rules import Method, Rules, Treatment
from tray_dictate.output.selection import BELATED
from tray_dictate.output.threaded import NO_FOCUS, ThreadedOutput
from tray_dictate.output.user_keys import UNKNOWN_KEYS, UserKeys
from tray_dictate.output.x11.composition import composes
from tray_dictate.output.x11.focus import HeldFocus, activate, be_heard, is_gone
from tray_dictate.output.x11.keyboard import LET_GO_LIMIT, SyntheticKeyboard
from tray_dictate.output.x11.paste import Paster, require_focus
from tray_dictate.output.x11.selections import X11Selections
from tray_dictate.output.x11.typist import TypingStyle, X11Typist
from tray_dictate.system.desktop.x11 import Focus, connect, disconnect, focus, process_of

log = logging.getLogger(__name__)

RETURN_KEYS = 2.0  # seconds after typing until the borrowed keycodes are given back


class _ClearedFocus:
    """A FocusCheck that first waits until the keyboard is clear."""

    def __init__(
        self, keyboard: SyntheticKeyboard, stop: threading.Event, check: FocusCheck
    ) -> None:
        self._keyboard, self._stop, self._check = keyboard, stop, check

    def is_focused(self) -> bool:
        """Wait until the keyboard is clear, and tell whether the window has the focus then."""
        self._keyboard.clear(self._stop)
        return self._check.is_focused()


class X11Output(ThreadedOutput[Focus]):
    """ports.Output for X11."""

    failures = (error.ConnectionClosedError, error.XError, TimeoutError, OSError)

    def __init__(
        self,
        method: Method = "auto",
        user_keys: UserKeys = UNKNOWN_KEYS,
        rules: Sequence[OutputRule] = (),
        *,
        private: bool = True,
        let_go: float = LET_GO_LIMIT,
        belated: float = BELATED,
    ) -> None:
        """Raises UnavailableError.

        `let_go` is how long the user may take to release the modifiers, `belated` how long a window
        that has not read a paste gets an empty one instead; both in seconds.
        """
        super().__init__(Rules(method, rules, private=private))
        # the window in which our last text left a cell being edited, and the text before that
        self._edited = self._edited_before = ""
        self._paste_support = PasteSupport()
        self._display = connect()
        if not self._display.has_extension("XTEST"):
            self._display.close()
            raise UnavailableError(
                "The X server lacks the XTEST extension.", "Start it without '-extension XTEST'."
            )
        self._focus_display = connect()
        self._keyboard = SyntheticKeyboard(self._display, user_keys, let_go)
        self._typist = X11Typist(self._display, self._keyboard)
        self._selections = X11Selections(belated=belated)
        self._selections.survive(self._display)
        self._paster = Paster(self._display, self._keyboard, self._selections, self._stop)
        self._return_keys: asyncio.TimerHandle | None = None

    @override
    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing."""
        if self._return_keys:
            self._return_keys.cancel()
        try:
            return await super().deliver(text, target, onward=onward)
        finally:
            loop = asyncio.get_running_loop()
            self._return_keys = loop.call_later(RETURN_KEYS, self._give_keys_back)

    @override
    async def close(self) -> None:
        """Leave nothing held down, the keymap and the clipboard as they were; idempotent."""
        if self._return_keys:
            self._return_keys.cancel()
        await super().close()

    @override
    def _explain_failure(self, reason: Exception) -> str:
        return (
            f"The X server did not answer as expected ({type(reason).__name__}). "
            "If this keeps happening, restart tray-dictate."
        )

    def _give_keys_back(self) -> None:
        """Give back borrowed keycodes on the worker, unless it has ended; runs on the loop."""
        self._return_keys = None
        if not self._stop.is_set():
            self._worker.submit(self._quietly_give_keys_back)

    # On the thread that looks at the focus.

    @override
    def _find_target(self) -> Target | None:
        while self._focus_display.pending_events():  # changes of the keymap, sent to everybody
            self._focus_display.next_event()
        found = focus(self._focus_display)
        if found is None:
            return None
        process = process_of(self._focus_display, found.window)
        return Target(found.window, found.application, process)

    @override
    def _activate(self, target: Target) -> None:
        activate(self._focus_display, target.window)

    @override
    def _is_gone(self, target: Target) -> bool:
        return is_gone(self._focus_display, target.window)

    # On the worker.

    def _quietly_give_keys_back(self) -> None:
        try:
            self._typist.give_back()
        except (error.ConnectionClosedError, error.XError, OSError) as reason:
            log.info("the keymap could not be given back: %s", type(reason).__name__)

    @override
    def _begin(self, *, onward: bool) -> None:
        self._edited_before = self._edited if onward else ""
        self._edited = ""

    @override
    def _focused(self) -> Focus | None:
        self._refresh()
        return focus(self._display)

    @override
    def _treatment(self, window: Focus | None) -> Treatment:
        if window is None:
            raise DeliveryError(NO_FOCUS)
        return self._rules.treatment(window.names, window.title)

    @override
    def _insert(self, window: Focus | None, treatment: Treatment, text: str) -> Receipt:
        assert window  # else `_treatment` has refused
        try:
            if treatment.cells:
                return self._into_cell(window, treatment, text)
            return self._paste_or_type(text, window, treatment)
        finally:
            self._keyboard.put_back()

    def _paste_or_type(self, text: str, target: Focus, treatment: Treatment) -> Receipt:
        """Raises as `_insert`."""
        if treatment.method == "type":
            return self._type(text, target, treatment)
        if treatment.method == "paste":
            receipt = self._paste(text, target, treatment)
        else:
            receipt = self._paste_unless_in_vain(text, target, treatment)
        if receipt:
            return receipt
        if treatment.method == "paste":
            raise DeliveryError(
                f"The window does not accept a paste by {treatment.chord}. Set output.method "
                'to "auto" to have the text typed instead.'
            )
        return self._type(text, target, treatment)

    def _into_cell(self, target: Focus, treatment: Treatment, text: str) -> Receipt:
        """Type what begins the edit of a cell, and Return and Tab; paste the rest, if it is taken.

        Raises MovedError where another window has the focus before any of it was inserted.
        """
        done, editing = 0, self._edited_before == target.window
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
                    receipt = self._paste_or_type(line[begins:], target, pasting)
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
            self._paste_support.accepted(place)
        if not self._paster.keycodes(treatment.chord) or self._paste_support.refuses(place, text):
            return None
        known = self._paste_support.accepts(place)
        receipt = self._paste(text, target, treatment, known=known)
        if receipt is None:
            log.info("a window has not read what was pasted; it is typed into from now on")
            self._paste_support.ignored(place)
        elif receipt.confirmed:
            self._paste_support.accepted(place)
        return receipt

    def _type(self, text: str, target: Focus, treatment: Treatment) -> Receipt:
        remote = treatment.remote  # its keys pass no input method of this machine
        composed = not treatment.shift_key and composes(self._display)
        style = TypingStyle(treatment.shift_key, remote, composed)
        with self._ready(target.window) as check:
            require_focus(self._display, target)
            done = self._typist.type(text, self._stop, check, style)
        if not done and not self._stop.is_set():
            raise MovedError
        self._raise_unless_whole(done, len(text))
        return Receipt(confirmed=False, method="type")

    @override
    def _press(self, chord: str, meant: Target | None) -> None:
        self._edited = ""
        self._refresh()
        keycodes = self._paster.keycodes(chord)
        if not keycodes:
            raise DeliveryError(f"The keyboard layout has no key for {chord}.")
        with self._ready(meant.window if meant else "") as check:
            if not check.is_focused():
                raise FocusMovedError
            self._keyboard.chord(keycodes)

    @override
    def _erase(self, characters: int, meant: Target | None) -> None:
        self._refresh()
        backspace = self._keyboard.keycode(XK.XK_BackSpace)
        if not backspace:
            raise DeliveryError("The keyboard layout has no BackSpace key.")
        with self._ready(meant.window if meant else "") as check:
            done = self._typist.press(backspace, characters, self._stop, check)
        self._raise_unless_whole(done, characters)

    @contextmanager
    def _ready(self, window: str) -> Generator[FocusCheck]:
        """Have the keyboard clear for keys; yield the check that the window has the focus.

        Without a window any will do. Raises DeliveryError where they would go elsewhere.
        """
        self._keyboard.clear(self._stop)  # it may wait
        try:
            be_heard(self._display)
            with HeldFocus(self._display, window) as check:
                if not window:
                    yield ANY_WINDOW
                elif not self._keyboard.announced():
                    yield _ClearedFocus(self._keyboard, self._stop, check)
                else:
                    yield check
        finally:
            self._keyboard.put_back()

    def _refresh(self) -> None:
        """Read the pending events of this connection: the keymap may have changed."""
        while self._display.pending_events():
            event = self._display.next_event()
            if hasattr(event, "first_keycode"):  # a MappingNotify
                self._display.refresh_keyboard_mapping(event)

    @override
    def _copy(self, text: str, *, secret: bool) -> None:
        self._selections.copy_to_clipboard(text, secret=secret)

    @override
    def _close(self) -> None:
        try:
            self._keyboard.release_all()
            self._typist.give_back()
        finally:
            self._selections.close()
            for display in (self._display, self._focus_display):
                disconnect(display)
