"""Where a dictation's text belongs: the window of the key-down, or the one with the focus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from tray_dictate.errors import DeliveryError
from tray_dictate.ports import Output, Target

Policy = Literal["follow", "hold", "return"]
_LOOK = 0.1  # seconds between two looks at the focus, while text is held for its window


class Placing:
    """Remembers each dictation's window, and sees to it that the text gets there."""

    def __init__(self, output: Output, policy: Policy, patience: float) -> None:
        """`patience`: seconds that text is held for a window without the focus."""
        self._output, self._policy, self._patience = output, policy, patience
        self._origins: dict[int, asyncio.Task[Target | None]] = {}

    def begin(self, dictation: int) -> None:
        """Remember which window has the focus now."""
        if self._policy != "follow":
            self._origins[dictation] = asyncio.create_task(self._output.target())

    def close(self, dictation: int) -> None:
        """Forget a dictation that is over."""
        if origin := self._origins.pop(dictation, None):
            origin.cancel()

    async def place(self, dictation: int, give_up: Callable[[], str]) -> Target | None:
        """Return where its text is to go now; waits or acts as the policy says.

        `give_up` is asked while it waits, for a reason to wait no longer. Raises DeliveryError
        where the text's own window cannot have it.
        """
        now = await self._output.target()
        remembered = self._origins.get(dictation)
        origin = await remembered if remembered else None
        if origin is None or (now and now.window == origin.window):
            return now
        if self._policy == "hold":
            return await self._wait_for(origin, give_up)
        await self._still_there(origin)
        await self._output.activate(origin)
        return origin

    async def _wait_for(self, origin: Target, give_up: Callable[[], str]) -> Target:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        reason = ""
        while loop.time() < end and not reason:
            await self._still_there(origin)
            now = await self._output.target()
            if now and now.window == origin.window:
                return now
            await asyncio.sleep(_LOOK)
            reason = give_up()
        reason = reason or f"it has not had the focus for {self._patience:g} s"
        raise DeliveryError(f"The window that you dictated into did not get it: {reason}.")

    async def _still_there(self, origin: Target) -> None:
        if await self._output.is_gone(origin):
            raise DeliveryError("The window that you dictated into is gone.")
