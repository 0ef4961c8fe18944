"""Whether text arrives: pasted and typed into a window of our own, the clipboard as it was after.

The user's clipboard is read first, in every format. Pasting makes our output its owner, which ends
with this process: keeper.py takes it over before that.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.doctor.check import Finding
from tray_dictate.system import threads
from tray_dictate.system.lifetime import acquire, finish

if TYPE_CHECKING:
    from tray_dictate.core.ports import Target
    from tray_dictate.doctor.clipboard import Held
    from tray_dictate.doctor.windows import CheckWindow
    from tray_dictate.output.x11.output import X11Output

TEXT = "Grüße, Łódź: “naïve” 5 €, ñandú, Привет, 你好 🚀"
_ARRIVAL = 5.0  # seconds for a text to be complete, and for the clipboard to be given back
_LOOK = 0.02  # seconds between two looks
_SAMPLE = "SAMPLE"

Way = Literal["paste", "type"]
_NAMES: dict[Way, str] = {"paste": "paste", "type": "typing"}


async def look(settings: OutputSettings) -> list[Finding]:
    """Put a text into our own window by every configured way, and read it back."""
    if sys.platform in ("win32", "darwin") or not os.environ.get("DISPLAY"):
        words = "only looked at where there is an X server"
        return [Finding("typing", "unchecked", words)]
    from tray_dictate.doctor.windows import CLASS  # noqa: PLC0415 - X only
    from tray_dictate.output.rules import Rules  # noqa: PLC0415

    method = Rules(settings.method, settings.rules).treatment((CLASS, CLASS)).method
    if method in ("clipboard", "off"):
        words = f'output.method is "{method}" here: nothing is pasted or typed'
        return [Finding("typing", "unchecked", words)]
    ways: list[Way] = ["paste", "type"] if method == "auto" else [method]
    async with AsyncExitStack() as stack:
        return await DeliveryCheck(settings, ways, stack).findings()


class DeliveryCheck:
    """One window, one clipboard, and each way in turn."""

    def __init__(self, settings: OutputSettings, ways: list[Way], stack: AsyncExitStack) -> None:
        from tray_dictate.doctor import clipboard  # noqa: PLC0415
        from tray_dictate.doctor import windows as window  # noqa: PLC0415
        from tray_dictate.output.x11 import output as x11  # noqa: PLC0415
        from tray_dictate.output.x11 import selection_transfer  # noqa: PLC0415

        self._x11, self._clipboard, self._window = x11, clipboard, window
        self._unsaved = selection_transfer.UnsavedError
        self._settings, self._ways, self._stack = settings, ways, stack
        self._before: Held | None = None
        self._restored = True

    async def findings(self) -> list[Finding]:
        """Carry it out; the clipboard outlives us, and the focus is where it was."""
        found: list[Finding] = []
        unread = ""
        try:
            self._before = await self._fill()
        except (self._unsaved, TimeoutError) as reason:
            unread = str(reason) or "its owner does not answer"
        window = await acquire(self._window.CheckWindow, lambda window: window.close())
        self._stack.push_async_callback(threads.run_in_thread, window.close)
        for way in self._ways:
            if way == "paste" and unread:
                words = f"The clipboard cannot be read ({unread}), so it is left alone."
                remedy = "Copy something else and run this again."
                found.append(Finding("paste", "warning", words, remedy=remedy))
                continue
            found.append(await self._by(way, window))
        if self._before and "paste" in self._ways:
            found.append(self._same(self._before))
        return found

    async def _fill(self) -> Held:
        """Return what the clipboard holds; an empty one gets something of ours first."""
        held = await threads.run_in_thread(self._clipboard.look)
        if held.contents or "paste" not in self._ways:
            return held
        await threads.run_in_thread(partial(self._clipboard.keep, _SAMPLE))
        return replace(await threads.run_in_thread(self._clipboard.look), sample=True)

    async def _by(self, way: Way, window: CheckWindow) -> Finding:
        auto = self._settings.method == "auto" and way == "paste"
        rules = self._settings.rules if way == self._ways[0] else ()
        output = await acquire(
            lambda: self._x11.X11Output(
                "auto" if auto else way, None, rules, private=self._settings.private
            ),
            lambda output: asyncio.run(output.close()),
        )
        try:
            earlier = await output.target()
            try:
                await output.activate(window.target)
                window.clear()
                return await self._deliver(way, output, window)
            except DeliveryError as error:
                return Finding(_NAMES[way], "failed", str(error), remedy=_remedy(way))
            finally:
                await self._return_focus(output, earlier)
        finally:
            await finish(self._put_back(output, way))  # the clipboard is the user's

    async def _put_back(self, output: X11Output, way: Way) -> None:
        """End the output, and leave the clipboard as it was."""
        before = self._before if way == "paste" else None
        if before:
            await self._save(before)
        await output.close()
        if before:
            self._restored = await self._outlives(before)

    async def _deliver(self, way: Way, output: X11Output, window: CheckWindow) -> Finding:
        """Raises DeliveryError."""
        name = _NAMES[way]
        began = time.monotonic()
        receipt = await output.deliver(TEXT, window.target)
        wanted = TEXT + receipt.after
        arrived = await _soon(lambda: _true(window.text() == wanted))
        milliseconds = (time.monotonic() - began) * 1e3
        if not arrived:
            return Finding(name, "failed", wrong(window.text()), milliseconds, "ms", _remedy(way))
        if receipt.method != way:
            words = "The text was typed, for nothing fetched the paste."
            return Finding(name, "warning", words, milliseconds, "ms", _remedy(way))
        words = f"{len(TEXT)} characters of several scripts arrived in a window of ours"
        return Finding(name, "ok", words, milliseconds, "ms")

    async def _return_focus(self, output: X11Output, earlier: Target | None) -> None:
        if earlier:
            with suppress(DeliveryError):  # it was closed meanwhile
                await output.activate(earlier)

    async def _save(self, before: Held) -> None:
        """Have what our output gives back outlive our output."""
        self._restored = await _soon(partial(self._is, before))
        if before.sample:
            return
        now = await threads.run_in_thread(self._clipboard.owners)
        taken = [
            name for name, owner in before.owners.items()
            if owner and now[name] and now[name] != owner
        ]  # fmt: skip
        if taken:
            await threads.run_in_thread(partial(self._clipboard.keep, *taken))

    async def _outlives(self, before: Held) -> bool:
        """Return whether the clipboard is as it was, now that our output is gone."""
        if before.sample:
            if await self._is(before):  # else the user has copied something meanwhile
                await threads.run_in_thread(self._clipboard.empty)
            return self._restored
        return await _soon(partial(self._is, before))

    def _same(self, before: Held) -> Finding:
        """Return whether the clipboard is as it was."""
        if not self._restored:
            words = "The clipboard does not hold what it held before."
            remedy = 'Set output.method = "type": then the clipboard is not touched.'
            return Finding("clipboard", "failed", words, remedy=remedy)
        kind = "a text of ours, for it was empty" if before.sample else "in every format"
        words = f"what was on it before the paste is on it again ({kind})"
        return Finding("clipboard", "ok", words, len(before.contents), "kinds")

    async def _is(self, before: Held) -> bool:
        try:
            return (await threads.run_in_thread(self._clipboard.look)).contents == before.contents
        except (self._unsaved, TimeoutError):
            return False


async def _soon(true: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether it becomes true within the time of an arrival."""
    end = time.monotonic() + _ARRIVAL
    while time.monotonic() < end:
        if await true():
            return True
        await asyncio.sleep(_LOOK)
    return await true()


async def _true(value: bool) -> bool:
    return value


def wrong(text: str) -> str:
    """Return what is wrong; never the text itself, the user may have typed into the window."""
    missing = [character for character in dict.fromkeys(TEXT) if character not in text]
    if missing:
        return f"Of {TEXT!r} {len(missing)} characters did not arrive: {' '.join(missing)}"
    return "Other characters arrived among ours, or ours in another order."


def _remedy(way: Way) -> str:
    other = "type" if way == "paste" else "paste"
    return f'Touch no key meanwhile. If it stays so, set output.method = "{other}".'
