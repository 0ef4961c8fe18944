"""Puts text into the focused window of a Wayland session, by the first method that works.

Where the compositor reports which window has the focus, text goes into that window or nowhere.
While no window has the focus, a launcher may have a text field, or the screen is locked: then only
a text field gets text, and no key is pressed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from typing_extensions import override

from tray_dictate.config.schema import OutputRule
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Notifier, Receipt, Target
from tray_dictate.core.terminals import is_terminal
from tray_dictate.core.text.caret import Around, shortened
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Method, Rules, Treatment
from tray_dictate.output.threaded import NO_FOCUS, ThreadedOutput
from tray_dictate.output.user_keys import UNKNOWN_KEYS, KeyState
from tray_dictate.output.wayland.chain import MethodChain
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.output.wayland.keyboard import KeyTiming
from tray_dictate.output.wayland.kwin import KWinWindows
from tray_dictate.output.wayland.methods import InsertMethods
from tray_dictate.output.wayland.text_field import SecretError
from tray_dictate.output.wayland.windows import NOT_OFFERED, Toplevels, Windows
from tray_dictate.system.desktop.wayland import WaylandError, offered

log = logging.getLogger(__name__)

REMEMBERED = 4000  # characters of inserted text, to compare with before they are removed
REPORTED = 900  # characters before the caret that programs report at least, if there are more
SOON = 0.05  # seconds that a text may wait for the text around the caret
ANY = Target("focus")  # whatever has the focus, where windows cannot be told apart


def _find_windows() -> Windows | None:
    """Return the session's windows; None where the compositor tells none apart."""
    for make in (Toplevels, KWinWindows):
        try:
            return make()
        except UnavailableError as reason:
            log.info("%s", reason)
    return None


def _focused(windows: Windows | None) -> Target | None:
    """Return the window that has the focus; None where none has. Raises DeliveryError."""
    return windows.focus() if windows else ANY


class _TargetFocus:
    """The base.FocusCheck of one window, or of none."""

    def __init__(self, windows: Windows, target: Target | None) -> None:
        self._windows, self._wanted = windows, target.window if target else ""

    def is_focused(self) -> bool:
        """Tell whether it is still that window which has the focus. Raises DeliveryError."""
        now = self._windows.focus()
        return (now.window if now else "") == self._wanted


class WaylandOutput(ThreadedOutput[Target]):
    """ports.Output for Wayland."""

    failures = (WaylandError, UnavailableError, OSError)

    def __init__(
        self,
        method: Method = "auto",
        rules: Sequence[OutputRule] = (),
        keys: KeyState = UNKNOWN_KEYS,
        *,
        private: bool = True,
        timing: KeyTiming | None = None,
        notices: Notifier | None = None,
    ) -> None:
        """`notices`, which may be told on any thread, explain the desktop's questions to the user.

        Raises UnavailableError where no compositor answers.
        """
        offered()
        super().__init__(Rules(method, rules, private=private))
        self._written = ("", "")  # the last window that got text, and the end of that text
        self._windows = _find_windows()
        self._mute = set[str]()  # windows whose field did not report our last text
        self._release = KeyRelease(keys, self._stop, notices)
        self._methods = InsertMethods(self._release, timing, notices)
        self._chain = MethodChain(self._methods)

    def permit(self) -> None:
        """Have the desktop ask the user for permission now, if inserting needs permission."""
        self._worker.submit(lambda: self._methods.permit(self._rules.treatment([]).method))

    def prepare(self) -> None:
        """Begin to open what the next text needs; see ports.PreparedOutput."""
        if not self._stop.is_set():
            self._worker.submit(self._methods.prepare)

    @override
    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        self._release.begin()
        try:
            return await super().deliver(text, target, onward=onward)
        finally:
            self._release.begin()  # what was dropped is over

    def drop(self) -> None:
        """Insert nothing of the present text if it still waits; see ports.PatientOutput."""
        self._release.drop()

    async def around(self, target: Target | None) -> Around | None:
        """Return the text around the caret of this window; see ports.FieldReader.

        Where there is no text field, the delivery has to learn that anyway: it waits no longer.
        """
        try:
            async with asyncio.timeout(SOON):
                return await self._call(self._worker, lambda: self._around(target))
        except TimeoutError:
            log.info("the text field did not report its text in time")
        except DeliveryError as reason:
            log.info("the text field cannot be read: %s", type(reason).__name__)
        return None

    def explain(self) -> list[tuple[str, str]]:
        """Return each method of inserting, best first, with why it is not offered here, or ""."""
        return self._worker.submit(self._chain.explain).result()

    @override
    def _explain_failure(self, reason: Exception) -> str:
        return f"The Wayland session failed: {reason}"

    # From both threads.

    @override
    def _find_target(self) -> Target | None:
        return _focused(self._windows)

    # On the thread that looks at the focus.

    @override
    def _activate(self, target: Target) -> None:
        if self._windows:
            self._windows.activate(target)

    @override
    def _is_gone(self, target: Target) -> bool:
        return self._windows is not None and self._windows.is_gone(target)

    # On the worker.

    @override
    def _focused(self) -> Target | None:
        return self._find_target()

    def _check(self, target: Target | None) -> FocusCheck:
        return _TargetFocus(self._windows, target) if self._windows else ANY_WINDOW

    @override
    def _treatment(self, window: Target | None) -> Treatment:
        return self._rules.treatment([window.application] if window and window.application else [])

    def _around(self, target: Target | None) -> Around | None:
        """Raises DeliveryError."""
        if target is None or is_terminal(target.application):
            return None
        check = self._check(target)
        if self._treatment(target).method == "off" or not check.is_focused():
            return None
        self._methods.target = target if self._windows else None
        field = self._methods.around()
        if field is None or not check.is_focused():
            return None
        if field == Around() and target.window in self._mute:
            return None  # some programs report an empty field in place of their own text
        return shortened(field)

    @override
    def _insert(self, window: Target | None, treatment: Treatment, text: str) -> Receipt:
        if window is None and treatment.method != "auto":
            raise DeliveryError(NO_FOCUS)
        try:
            only = () if window else ("commit", "ibus")
            self._methods.target = window if self._windows else None
            check = self._check(window)
            receipt = self._chain.insert(text, treatment, check, only)
        except SecretError:
            self._refused = True
            name = (window.application if window else "") or "this window"
            raise DeliveryError(
                f"Nothing is inserted into {name}: the text field asks for a password. To change "
                'that, give it a rule with method = "paste" in output.rules.'
            ) from None
        except DeliveryError as failed:
            raise failed if window or failed.done else DeliveryError(NO_FOCUS) from failed
        if receipt.method != "commit":
            self._methods.disregard_reported_text()
        elif window:
            (self._mute.discard if receipt.confirmed else self._mute.add)(window.window)
        return receipt

    @override
    def _copy(self, text: str, *, secret: bool) -> None:
        self._methods.copy_to_clipboard(text, secret=secret)

    @override
    def _note_inserted(self, window: Target | None, text: str) -> None:
        last, before = self._written
        now = window.window if window else ""
        self._written = (now, ((before if now == last else "") + text)[-REMEMBERED:])

    @override
    def _press(self, chord: str, meant: Target | None) -> None:
        target = meant or self._find_target()
        check = self._check(target)
        if target is None or not check.is_focused():
            raise FocusMovedError
        try:
            self._methods.chord(chord, check)
        except MovedError:
            raise FocusMovedError from None
        self._note_inserted(target, "\n")  # of what is pressed here, Enter

    @override
    def _erase(self, characters: int, meant: Target | None) -> None:
        if self._windows is None:
            raise DeliveryError(f"The text cannot be removed safely: {NOT_OFFERED}")
        target = meant or self._find_target()
        check = self._check(target)
        if target is None or not check.is_focused():
            raise FocusMovedError
        window, written = self._written
        expected = written[-characters:] if window == target.window else ""
        before = self._methods.before()
        if before is not None and not _may_end_with(before, expected):
            raise DeliveryError(
                "The text cannot be removed: something else is in front of the caret."
            )
        astray = 0
        try:
            done = self._methods.press("backspace", characters, check)
        except FocusMovedError as moved:
            done, astray = moved.done, moved.astray
        self._written = (window, written[:-done] if done else written)
        self._raise_unless_whole(done, characters, astray=astray)

    @override
    def _close(self) -> None:
        try:
            self._methods.close()
        finally:
            if self._windows:
                self._windows.close()


def _may_end_with(before: str, expected: str) -> bool:
    """Tell whether `expected` may be before the caret; programs often report its line only."""
    line = expected.rpartition("\n")[2]
    reported = before.rpartition("\n")[2]
    return reported.endswith(line) or (len(reported) >= REPORTED and line.endswith(reported))
