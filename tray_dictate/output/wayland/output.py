"""Text into the focused window of a Wayland session, by the first of several ways that can.

Where the compositor tells which window has the focus, text goes into that window or nowhere. While
none has it, a launcher may have a text field, or the screen is locked: then only a text field gets
text, and no key is pressed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from tray_dictate.config.schema import OutputRule, OutputSettings
from tray_dictate.core.errors import DeliveryError, FocusMovedError, UnavailableError
from tray_dictate.core.ports import Receipt, Target
from tray_dictate.output.base import MovedError, sanitize
from tray_dictate.output.portal.paste import Held
from tray_dictate.output.rules import Method, Rules, Treatment, refusal
from tray_dictate.output.wayland.chain import MethodChain
from tray_dictate.output.wayland.input_method import SecretError
from tray_dictate.output.wayland.methods import InsertMethods
from tray_dictate.output.wayland.windows import NOT_OFFERED, Toplevels
from tray_dictate.system.lifetime import release
from tray_dictate.system.wayland import WaylandError, offered

log = logging.getLogger(__name__)
T = TypeVar("T")

MOVES = 5  # times that a delivery begins anew because the focus moved
REMEMBERED = 4000  # characters of what was inserted, for the look before they are taken back
TOLD = 900  # characters that programs tell at least, where there are more
ANY = Target("focus")  # whatever has the focus, where windows are not told apart
_NO_FOCUS = "No window has the focus. Click into the window that the text is for."


class WaylandOutput:
    """Delivers from one thread, in order; looks at the focus from another, at once."""

    def __init__(
        self,
        method: Method = "auto",
        rules: Sequence[OutputRule] = (),
        held: Held = lambda: None,
        *,
        private: bool = True,
    ) -> None:
        """`held` tells which keys the user holds, None where that is not known.

        Raises UnavailableError where no compositor answers.
        """
        offered()
        self._rules = Rules(method, rules, private=private)
        self._refused = False  # the last text was for a window that gets none
        self._written = ("", "")  # the window that was inserted into last, and the end of what
        self._stop = threading.Event()
        self._toplevels: Toplevels | None = None
        try:
            self._toplevels = Toplevels()
        except UnavailableError as reason:
            log.info("%s", reason)
        self._ways = InsertMethods(self._stop, held)
        self._chain = MethodChain(self._ways.links(), self._ways.renew)
        self._worker = ThreadPoolExecutor(1, "output")
        self._looker = ThreadPoolExecutor(1, "output-focus")

    def adapt(self, settings: OutputSettings) -> None:
        """Deliver as other settings say; what it has on the clipboard stays there."""
        self._rules = Rules(settings.method, settings.rules, private=settings.private)

    def prepare(self) -> None:
        """Have the desktop ask the user now what it has to ask before text can be inserted."""
        self._worker.submit(self._ways.prepare)

    def explain(self) -> list[tuple[str, str]]:
        """Return each way of inserting, best first, with why it is not offered here, or ""."""
        return self._worker.submit(self._chain.explain).result()

    async def target(self) -> Target | None:
        """Return the window that has the focus; None where none has."""
        try:
            return await self._on(self._looker, self._look)
        except DeliveryError:
            return None

    async def deliver(
        self, text: str, target: Target | None = None, *, onward: bool = False
    ) -> Receipt:
        """Put the text into the window. Raises DeliveryError if any of it is missing."""
        del onward
        text = sanitize(text)
        if not text:
            return Receipt(confirmed=True, method="nothing")
        return await self._on(self._worker, lambda: self._deliver(text, target))

    async def press(self, chord: str, target: Target | None = None) -> None:
        """Press a chord once. Raises DeliveryError."""
        await self._on(self._worker, lambda: self._press(chord, target))

    async def erase(self, characters: int, target: Target | None = None) -> None:
        """Press BackSpace so often. Raises DeliveryError."""
        await self._on(self._worker, lambda: self._erase(characters, target))

    async def activate(self, target: Target) -> None:
        """Give the focus to a window. Raises DeliveryError."""
        if toplevels := self._toplevels:
            await self._on(self._looker, lambda: toplevels.activate(target))

    async def is_gone(self, target: Target) -> bool:
        """Tell whether a window has been closed."""
        toplevels = self._toplevels
        return bool(toplevels) and await self._on(self._looker, lambda: toplevels.is_gone(target))

    async def keep(self, text: str) -> None:
        """Make the text the user's clipboard. Raises DeliveryError."""
        await self._on(self._worker, lambda: self._ways.keep(sanitize(text), secret=self._refused))

    async def close(self) -> None:
        """Leave nothing held down, and the clipboard as it was; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()  # ends a wait, and typing between two keys
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
        except (WaylandError, UnavailableError, OSError) as reason:
            raise DeliveryError(f"This Wayland session cannot do it: {reason}") from reason

    def _look(self) -> Target | None:
        """From any thread. Raises DeliveryError."""
        return self._toplevels.focus() if self._toplevels else ANY

    def _stays(self, target: Target | None) -> Callable[[], bool]:
        """Return what tells whether it is still that which has the focus."""
        wanted = target.window if target else ""

        def stays() -> bool:
            now = self._look()
            return (now.window if now else "") == wanted

        return stays

    # From here on, everything runs on the worker.

    def _deliver(self, text: str, meant: Target | None) -> Receipt:
        for _ in range(MOVES):
            target = self._look()
            if meant and (target is None or target.window != meant.window):
                raise FocusMovedError
            application = target.application if target else ""
            treatment = self._rules.treatment([application] if application else [])
            self._refused = treatment.method == "off"
            after = sanitize(treatment.after)
            try:
                receipt = self._into(target, treatment, text + after)
            except MovedError:
                log.info("the focus moved during a delivery")
            except DeliveryError as partly:
                self._remember(target, (text + after)[: partly.done])
                if partly.done < len(text):
                    raise
                after = after[: partly.done - len(text)]
                return Receipt(confirmed=False, method="type", after=after)
            else:
                self._remember(target, text + after)
                return replace(receipt, after=after)
        raise DeliveryError("The focus moved on and on. Click into the window that it is for.")

    def _into(self, target: Target | None, treatment: Treatment, text: str) -> Receipt:
        """Raises MovedError where another window has the focus before any of it was inserted."""
        application = target.application if target else ""
        if treatment.method == "off":
            raise DeliveryError(refusal(application, treatment))
        if treatment.method == "clipboard":
            self._ways.keep(text, secret=treatment.private)
            return Receipt(confirmed=False, method="clipboard")
        if target is None and treatment.method != "auto":
            raise DeliveryError(_NO_FOCUS)
        try:
            only = () if target else ("commit",)
            self._ways.target = target if self._toplevels else None
            return self._chain.insert(text, treatment, self._stays(target), only)
        except SecretError:
            self._refused = True
            raise DeliveryError(
                f"Nothing is inserted into {application or 'this window'}: the text field asks for "
                'a password. To change that, give it a rule with method = "paste" in output.rules.'
            ) from None
        except DeliveryError as failed:
            raise failed if target or failed.done else DeliveryError(_NO_FOCUS) from failed

    def _remember(self, target: Target | None, text: str) -> None:
        window, before = self._written
        now = target.window if target else ""
        self._written = (now, ((before if now == window else "") + text)[-REMEMBERED:])

    def _press(self, chord: str, meant: Target | None) -> None:
        target = meant or self._look()
        stays = self._stays(target)
        if target is None or not stays():
            raise FocusMovedError
        try:
            self._ways.chord(chord, stays)
        except MovedError:
            raise FocusMovedError from None
        self._remember(target, "\n")  # of what is pressed here, Enter

    def _erase(self, characters: int, meant: Target | None) -> None:
        if self._toplevels is None:
            raise DeliveryError(f"It cannot be taken back safely: {NOT_OFFERED}")
        target = meant or self._look()
        stays = self._stays(target)
        if target is None or not stays():
            raise FocusMovedError
        window, written = self._written
        expected = written[-characters:] if window == target.window else ""
        before = self._ways.before()
        if before is not None and not _may_end_with(before, expected):
            raise DeliveryError("It cannot be taken back: something else stands before the caret.")
        astray = 0
        try:
            done = self._ways.keyboard().press("backspace", characters, self._stop, stays)
        except FocusMovedError as moved:
            done, astray = moved.done, moved.astray
        self._written = (window, written[:-done] if done else written)
        if done < characters and self._stop.is_set():
            raise DeliveryError("Dictation was ended while keys were sent.", done)
        if done < characters:
            raise FocusMovedError(done, astray=astray)

    def _close(self) -> None:
        try:
            self._ways.close()
        finally:
            if self._toplevels:
                self._toplevels.close()


def _may_end_with(before: str, expected: str) -> bool:
    """Tell whether that stands before the caret, as far as it is told: often of its line only."""
    line = expected.rpartition("\n")[2]
    said = before.rpartition("\n")[2]
    return said.endswith(line) or (len(said) >= TOLD and line.endswith(said))
