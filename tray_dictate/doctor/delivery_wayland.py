"""Whether text arrives in a Wayland session: into a window of our own, and by which way.

Only what leaves the clipboard alone is tried: what a process has put there ends with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.doctor.check import Finding
from tray_dictate.doctor.delivery_x11 import TEXT, wrong
from tray_dictate.doctor.wayland import first, ways
from tray_dictate.doctor.windows import CLASS, WaylandWindow
from tray_dictate.output.rules import Method, Rules
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.system import threads
from tray_dictate.system.lifetime import acquire

_FOCUS, _ARRIVAL = 3.0, 5.0  # seconds for the focus to come, and for a text to be complete
_LOOK = 0.02  # seconds between two looks
_ALLOWED: dict[str, tuple[str, ...]] = {
    "auto": ("commit", "paste", "type", "wtype", "portal", "ydotool"),
    "paste": ("paste", "portal"),
    "type": ("type", "wtype", "ydotool"),
}
_TRIED: dict[str, Method] = {"commit": "auto", "type": "type"}
_NONE = (
    "Use a compositor that offers zwp_input_method_v2 or zwp_virtual_keyboard_v1 (sway, Hyprland, "
    "river, niri), or install the portal of your desktop."
)
_AGAIN = "Touch nothing meanwhile, and run it again."


async def look(settings: OutputSettings) -> list[Finding]:
    """Return what arrived by the ways that can be tried, and a line for every way."""
    method = Rules(settings.method, settings.rules).treatment([CLASS]).method
    output = await _output(settings, settings.method)
    try:
        explained = await threads.run_in_thread(output.explain)
    finally:
        await output.close()
    used = first(explained, _ALLOWED.get(method, ()))
    found = ways("text", explained, used)
    if method not in _ALLOWED:
        words = f'output.method is "{method}" here: nothing is pasted or typed'
        return [Finding("typing", "unchecked", words), *found]
    if not used:
        words = "Nothing inserts text here: it is left on the clipboard, and you are told so."
        return [Finding("typing", "failed", words, remedy=_NONE), *found]
    usable = [name for name, reason in explained if not reason and name in _ALLOWED[method]]
    tried = [name for name in usable if name in _TRIED]
    if not tried:
        words = f"{used} is used; it is not tried, so that the clipboard is left alone"
        return [Finding("typing", "unchecked", words), *found]
    return [*await _tries(settings, tried), *found]


async def _tries(settings: OutputSettings, names: list[str]) -> list[Finding]:
    window = await acquire(WaylandWindow, lambda window: window.close())
    try:
        if not await threads.run_in_thread(lambda: window.focused.wait(_FOCUS)):
            words = "Not tried: the window of ours did not get the focus"
            return [Finding("typing", "unchecked", words)]
        return [
            await _by(name, settings, window)
            for name in names
            if name != "commit" or window.commits
        ]
    finally:
        await threads.run_in_thread(window.close)


async def _by(name: str, settings: OutputSettings, window: WaylandWindow) -> Finding:
    title = "typing" if name == "type" else name
    window.clear()
    output = await _output(settings, _TRIED[name])
    try:
        await threads.run_in_thread(output.explain)
        target = await output.target()
        if target and target.application not in ("", CLASS):
            return Finding(title, "unchecked", "Not tried: another window has the focus")
        began = time.monotonic()
        receipt = await output.deliver(TEXT, target)
        arrived = await _soon(lambda: window.text() == TEXT + receipt.after)
        milliseconds = (time.monotonic() - began) * 1e3
    except DeliveryError as error:
        return Finding(title, "failed", str(error), remedy=_AGAIN)
    finally:
        await output.close()
    if not arrived:
        return Finding(title, "failed", wrong(window.text()), milliseconds, "ms", _AGAIN)
    if receipt.method != name:
        words = f"The text arrived, but by {receipt.method}."
        return Finding(title, "warning", words, milliseconds, "ms", _AGAIN)
    words = f"{len(TEXT)} characters of several scripts arrived in a window of ours"
    return Finding(title, "ok", words, milliseconds, "ms")


async def _output(settings: OutputSettings, method: Method) -> WaylandOutput:
    """Raises UnavailableError."""
    rules = settings.rules if method == settings.method else ()
    return await acquire(
        lambda: WaylandOutput(method, rules, private=settings.private),
        lambda output: asyncio.run(output.close()),
    )


async def _soon(true: Callable[[], bool]) -> bool:
    for _ in range(round(_ARRIVAL / _LOOK)):
        if true():
            return True
        await asyncio.sleep(_LOOK)
    return true()
