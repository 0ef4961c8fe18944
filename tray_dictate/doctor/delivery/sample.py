"""The text that the delivery checks insert into their window, and how it differs on arrival."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tray_dictate.doctor.delivery.windows import CheckWindow

TEXT = "Grüße, Łódź: “naïve” 5 €, ñandú, Привет, 你好 🚀"
ARRIVED = f"test text ({len(TEXT)} characters, several scripts) arrived"
_PATIENCE = 5.0  # seconds until the text must be complete, and the clipboard restored
_INTERVAL = 0.02  # seconds between two attempts


async def arrives(window: CheckWindow, text: str) -> bool:
    """Return whether the window shows this text within `_PATIENCE`."""

    async def shown() -> bool:
        return window.text() == text

    return await becomes_true(shown)


async def becomes_true(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether a condition becomes true within `_PATIENCE`."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if await condition():
            return True
        await asyncio.sleep(_INTERVAL)
    return await condition()


def describe_difference(text: str) -> str:
    """Return how a text differs from TEXT, without quoting it: the user may have typed in it."""
    missing = [character for character in dict.fromkeys(TEXT) if character not in text]
    if missing:
        return f"Of {TEXT!r}, {len(missing)} characters did not arrive: {' '.join(missing)}"
    return "The characters arrived in another order, or others arrived among them."
