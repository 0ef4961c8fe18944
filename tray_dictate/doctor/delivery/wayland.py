"""Checks whether text arrives in a Wayland session, and lists every method of inserting it.

Only methods that leave the clipboard alone are tried: on Wayland, its contents end with the process
that put them there.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.doctor.check import Finding
from tray_dictate.doctor.delivery.sample import ARRIVED, TEXT, arrives, describe_difference
from tray_dictate.doctor.delivery.windows import CLASS, WaylandWindow
from tray_dictate.doctor.wayland import first_usable, list_methods
from tray_dictate.output.rules import Method, Rules
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.system import threads
from tray_dictate.system.desktop import dbus, ibus
from tray_dictate.system.lifetime import acquire

_FOCUS = 3.0  # seconds until the test window must have the focus
_ALLOWED: dict[str, tuple[str, ...]] = {
    "auto": ("commit", "ibus", "paste", "type", "wtype", "portal", "ydotool"),
    "paste": ("paste", "portal"),
    "type": ("type", "wtype", "ydotool"),
}
_TRIED: dict[str, Method] = {"commit": "auto", "ibus": "auto", "type": "type"}
_COMMITS = ("commit", "ibus")  # the first of these that is usable is used
_SEATED = ("portal", "ydotool")  # whose keys come from the user's own seat
_AFTERWARDS = (
    ". Where the desktop watches the hotkey, text appears when you release it, not while you speak"
)
_NONE = (
    "Use a compositor that offers zwp_input_method_v2 or zwp_virtual_keyboard_v1 (sway, Hyprland, "
    "river, niri), or install the portal of your desktop."
)
_AGAIN = "Run it again without touching keyboard and mouse."


async def check_delivery(settings: OutputSettings) -> list[Finding]:
    """Insert a text by each method that can be tried, and list every method."""
    configured = Rules(settings.method, settings.rules).treatment([CLASS]).method
    output = await _open(settings, settings.method)
    try:
        explained = await threads.run_in_thread(output.explain)
    finally:
        await output.close()
    used = first_usable(explained, _ALLOWED.get(configured, ()))
    methods = [*list_methods("text", explained, used), *await _check_engine()]
    if configured not in _ALLOWED:
        words = f'output.method is "{configured}" here: nothing is pasted or typed'
        return [Finding("typing", "unchecked", words), *methods]
    if not used:
        words = "No method of inserting text works here: text is left on the clipboard."
        return [Finding("typing", "failed", words, remedy=_NONE), *methods]
    usable = [name for name, reason in explained if not reason and name in _ALLOWED[configured]]
    tried = [name for name in usable if name in _TRIED and (name == used or name not in _COMMITS)]
    if not tried:
        words = f"{used} is used; not tested, so that the clipboard is left alone"
        words += _AFTERWARDS if used in _SEATED else ""
        return [Finding("typing", "unchecked", words), *methods]
    return [*await _try_all(settings, tried), *methods]


async def _check_engine() -> list[Finding]:
    """Return which of IBus's engines is in use; nothing where no IBus runs."""
    with suppress(*dbus.TROUBLE):
        bus = await ibus.connect()
        try:
            engine = await ibus.IBus(bus).engine()
        finally:
            bus.disconnect()
        words = f"{engine} is in use" if engine else "none is in use, or no window has the focus"
        return [Finding("IBus engine", "ok", words)]
    return []


async def _try_all(settings: OutputSettings, names: list[str]) -> list[Finding]:
    async with AsyncExitStack() as opened:
        outputs: dict[str, WaylandOutput] = {}
        for name in names:  # before the window: KWin describes a text field as it gets the focus
            outputs[name] = output = await _open(settings, _TRIED[name])
            opened.push_async_callback(output.close)
            await threads.run_in_thread(output.explain)
        window = await acquire(WaylandWindow, lambda window: window.close())
        opened.push_async_callback(threads.run_in_thread, window.close)
        if not await threads.run_in_thread(lambda: window.focused.wait(_FOCUS)):
            words = "Not tested: the test window did not get the focus"
            return [Finding("typing", "unchecked", words)]
        return [
            await _try(name, output, window)
            for name, output in outputs.items()
            if name not in _COMMITS or window.commits
        ]


async def _try(name: str, output: WaylandOutput, window: WaylandWindow) -> Finding:
    title = "typing" if name == "type" else name
    window.clear()
    try:
        target = await output.target()
        if target and target.application not in ("", CLASS):
            return Finding(title, "unchecked", "Not tested: another window has the focus")
        began = time.monotonic()
        receipt = await output.deliver(TEXT, target)
        arrived = await arrives(window, TEXT + receipt.after)
        milliseconds = (time.monotonic() - began) * 1e3
    except DeliveryError as error:
        return Finding(title, "failed", str(error), remedy=_AGAIN)
    if not arrived:
        words = describe_difference(window.text())
        return Finding(title, "failed", words, milliseconds, "ms", _AGAIN)
    if receipt.method != name:
        words = f"The text arrived, but by {receipt.method}."
        return Finding(title, "warning", words, milliseconds, "ms", _AGAIN)
    return Finding(title, "ok", ARRIVED, milliseconds, "ms")


async def _open(settings: OutputSettings, method: Method) -> WaylandOutput:
    """Raises UnavailableError."""
    rules = settings.rules if method == settings.method else ()
    return await acquire(
        lambda: WaylandOutput(method, rules, private=settings.private),
        lambda output: asyncio.run(output.close()),
    )
