"""Checks that text arrives on X11: pastes and types it into a test window, restores the clipboard.

The user's clipboard is read first, in every format. To paste, the output becomes its owner, and
would take the contents along when this process ends: clipboard_keeper.py takes over before that.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Literal

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Target
from tray_dictate.doctor.check import Finding
from tray_dictate.doctor.delivery import clipboard
from tray_dictate.doctor.delivery.clipboard import ClipboardState
from tray_dictate.doctor.delivery.sample import (
    ARRIVED,
    TEXT,
    arrives,
    becomes_true,
    describe_difference,
)
from tray_dictate.doctor.delivery.windows import CLASS, X11Window
from tray_dictate.output.base import UnsavedError
from tray_dictate.output.rules import Rules
from tray_dictate.output.x11.output import X11Output
from tray_dictate.system import threads
from tray_dictate.system.lifetime import acquire, finish

Method = Literal["paste", "type"]
_NAMES: dict[Method, str] = {"paste": "paste", "type": "typing"}


async def check_delivery(settings: OutputSettings) -> list[Finding]:
    """Insert a text into a test window by every configured method, and read it back."""
    configured = Rules(settings.method, settings.rules).treatment((CLASS, CLASS)).method
    if configured in ("clipboard", "off"):
        words = f'output.method is "{configured}" here: nothing is pasted or typed'
        return [Finding("typing", "unchecked", words)]
    methods: list[Method] = ["paste", "type"] if configured == "auto" else [configured]
    async with AsyncExitStack() as stack:
        return await DeliveryCheck(settings, methods, stack).findings()


class DeliveryCheck:
    """Tries each method in turn, in one window."""

    def __init__(
        self, settings: OutputSettings, methods: list[Method], stack: AsyncExitStack
    ) -> None:
        self._settings, self._methods, self._stack = settings, methods, stack
        self._before: ClipboardState | None = None
        self._restored = True

    async def findings(self) -> list[Finding]:
        """Run the check; leave the clipboard and the focus as they were."""
        found: list[Finding] = []
        unread = ""
        try:
            self._before = await self._read_clipboard()
        except (UnsavedError, TimeoutError) as reason:
            unread = str(reason) or "its owner does not answer"
        window = await acquire(X11Window, lambda window: window.close())
        self._stack.push_async_callback(threads.run_in_thread, window.close)
        for method in self._methods:
            if method == "paste" and unread:
                words = f"Not tested, because the clipboard cannot be saved ({unread})."
                remedy = "Copy something else and run this again."
                found.append(Finding("paste", "warning", words, remedy=remedy))
                continue
            found.append(await self._try(method, window))
        if self._before and "paste" in self._methods:
            found.append(self._clipboard_finding(self._before))
        return found

    async def _read_clipboard(self) -> ClipboardState:
        """Return the state of the clipboard; put a sample on it first if it is empty."""
        state = await threads.run_in_thread(clipboard.read)
        if state.contents or "paste" not in self._methods:
            return state
        await threads.run_in_thread(partial(clipboard.keep, clipboard.SAMPLE))
        return replace(await threads.run_in_thread(clipboard.read), sample=True)

    async def _try(self, method: Method, window: X11Window) -> Finding:
        auto = self._settings.method == "auto" and method == "paste"
        rules = self._settings.rules if method == self._methods[0] else ()
        output = await acquire(
            lambda: X11Output(
                "auto" if auto else method, rules=rules, private=self._settings.private
            ),
            lambda output: asyncio.run(output.close()),
        )
        try:
            earlier = await output.target()
            try:
                await output.activate(window.target)
                window.clear()
                return await self._deliver(method, output, window)
            except DeliveryError as error:
                return Finding(_NAMES[method], "failed", str(error), remedy=_remedy(method))
            finally:
                await self._return_focus(output, earlier)
        finally:
            # even if the check is cancelled: it is the user's clipboard
            await finish(self._put_back(output, method))

    async def _deliver(self, method: Method, output: X11Output, window: X11Window) -> Finding:
        """Raises DeliveryError."""
        name, remedy = _NAMES[method], _remedy(method)
        began = time.monotonic()
        receipt = await output.deliver(TEXT, window.target)
        arrived = await arrives(window, TEXT + receipt.after)
        milliseconds = (time.monotonic() - began) * 1e3
        if not arrived:
            words = describe_difference(window.text())
            return Finding(name, "failed", words, milliseconds, "ms", remedy)
        if receipt.method != method:
            words = "The text was typed, because the window did not fetch the paste."
            return Finding(name, "warning", words, milliseconds, "ms", remedy)
        return Finding(name, "ok", ARRIVED, milliseconds, "ms")

    async def _return_focus(self, output: X11Output, earlier: Target | None) -> None:
        if earlier:
            with suppress(DeliveryError):  # the window was closed meanwhile
                await output.activate(earlier)

    async def _put_back(self, output: X11Output, method: Method) -> None:
        """Close the output, and leave the clipboard as it was."""
        before = self._before if method == "paste" else None
        if before:
            await self._hand_over(before)
        await output.close()
        if before:
            self._restored = await self._is_restored(before)

    async def _hand_over(self, before: ClipboardState) -> None:
        """Have the contents that the output has restored outlive the output."""
        self._restored = await becomes_true(partial(self._holds, before))
        if before.sample:
            return
        now = await threads.run_in_thread(clipboard.owners)
        taken = [
            name for name, owner in before.owners.items()
            if owner and now[name] and now[name] != owner
        ]  # fmt: skip
        if taken:
            await threads.run_in_thread(partial(clipboard.keep, *taken))

    async def _is_restored(self, before: ClipboardState) -> bool:
        """Return whether the clipboard is as before, now that the output is closed."""
        if before.sample:
            if await self._holds(before):  # else the user has copied something meanwhile
                await threads.run_in_thread(clipboard.clear)
            return self._restored
        return await becomes_true(partial(self._holds, before))

    async def _holds(self, before: ClipboardState) -> bool:
        try:
            return (await threads.run_in_thread(clipboard.read)).contents == before.contents
        except (UnsavedError, TimeoutError):
            return False

    def _clipboard_finding(self, before: ClipboardState) -> Finding:
        if not self._restored:
            words = "The previous contents of the clipboard were not restored."
            remedy = 'Set output.method = "type": then the clipboard is not used.'
            return Finding("clipboard", "failed", words, remedy=remedy)
        how = "a sample, because it was empty" if before.sample else "in every format"
        words = f"previous contents restored ({how})"
        return Finding("clipboard", "ok", words, len(before.contents), "types")


def _remedy(method: Method) -> str:
    other = "type" if method == "paste" else "paste"
    return (
        "Run it again without touching the keyboard. If it still fails, set output.method = "
        f'"{other}".'
    )
