"""Text arrives exactly while the user holds keys, and nothing stays down afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import pairwise

import pytest

from tests.rigs.modifier_schedules import Fingers, shortcuts
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import RawKeys, connected, keymap, keys_down
from tests.rigs.x11_windows import TextWindow
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError
from tray_dictate.output.x11.output import X11Output

TEXT = "Hello World, it's 5% (ok). Grüße 你好"
HELD = [("Control_R",), ("Control_L", "Alt_L"), ("Shift_L",), ("Super_L",), ("92",)]  # 92: AltGr
TARGETS = ["tk", "gtk", "qt", "xterm"]


@pytest.mark.parametrize("method", ["auto", "type"])
@pytest.mark.parametrize("kind", TARGETS)
async def test_held_modifiers_change_nothing_and_every_key_of_ours_is_announced(
    environ: Desktop, kind, method: str
) -> None:
    announced = FilteringHotkey()
    output = X11Output(method, announced)
    raw = RawKeys(environ)
    with environ.text_window(kind) as window, connected(environ) as display:
        for keys in HELD:
            window.clear()
            environ.keydown(*keys)
            raw.take()
            announced.events.clear()
            await output.deliver(TEXT)
            window.wait_for(TEXT)
            assert shortcuts(window) == []
            raw.take_as(announced.events)
            assert keys_down(display) == []
            environ.keyup(*keys)
            released = [code for code, down, _ in raw.take() if not down]
            assert len(released) == len(keys)  # the user's own release is still reported
            assert keys_down(display) == []
        environ.keydown("Shift_L")
        environ.tap("a")
        environ.keyup("Shift_L")
        window.wait_for(TEXT + "A")  # the modifier works again
    raw.close()
    await output.close()


@pytest.mark.parametrize("method", ["auto", "type"])
async def test_a_held_key_that_does_not_repeat_is_in_the_text_each_time(
    environ: Desktop, method: str
) -> None:
    """As in ctrl+alt+space, which the hotkey keeps from repeating."""
    output = X11Output(method, FilteringHotkey())
    environ.run("xset", "-r", "65")  # the space bar
    with environ.text_window("tk") as window, connected(environ) as display:
        environ.keydown("Control_L", "Alt_L", "space")
        window.clear()
        await output.deliver("a b c d")
        window.wait_for("a b c d")
        environ.keyup("space", "Alt_L", "Control_L")
        assert keys_down(display) == []
    environ.run("xset", "r", "65")
    await output.close()


@pytest.mark.parametrize("method", ["auto", "type"])
async def test_modifiers_held_on_a_hardware_keyboard_change_nothing_and_nothing_sticks(
    environ: Desktop, hardware_xserver: Desktop, method: str
) -> None:
    desktop = hardware_xserver
    announced = FilteringHotkey()
    output = X11Output(method, announced)
    raw = RawKeys(desktop)
    with desktop.text_window("tk") as window, connected(desktop) as display:
        for keys in HELD[:4]:
            window.clear()
            desktop.keydown(*keys)
            wait_until(lambda: keys_down(display), 20, "the keys are down")
            raw.take()
            announced.events.clear()
            await output.deliver(TEXT)
            window.wait_for(TEXT)
            assert shortcuts(window) == []
            raw.take_as(announced.events)  # they are put back by the hardware itself
            desktop.keyup(*keys)
            # Xephyr notices only at its host's next key that its idea of the modifiers is stale
            desktop.tap("F9")
            wait_until(lambda: not keys_down(display), 20, "no key is down")
            window.clear()
            desktop.keydown("Shift_L")
            desktop.tap("a")
            desktop.keyup("Shift_L")
            desktop.tap("b")
            window.wait_for("Ab")
            wait_until(lambda: not keys_down(display), 20, "no key is down")
    raw.close()
    await output.close()


async def test_a_modifier_released_during_a_long_typing_does_no_harm(
    environ: Desktop, hardware_xserver: Desktop
) -> None:
    desktop = hardware_xserver
    output = X11Output("type", FilteringHotkey())
    text = TEXT * 20
    with desktop.text_window("gtk") as window, connected(desktop) as display:
        desktop.keydown("Control_L")
        delivery = asyncio.create_task(output.deliver(text))
        await asyncio.sleep(0.03)
        desktop.keyup("Control_L")
        await delivery
        window.wait_for(text)
        desktop.tap("F9")
        wait_until(lambda: not keys_down(display), 20, "no key is down")
    await output.close()


async def test_without_a_listener_it_waits_until_the_user_lets_go(environ: Desktop) -> None:
    output = X11Output("auto")
    with environ.text_window("tk") as window, connected(environ) as display:
        environ.keydown("Control_R")
        delivery = asyncio.create_task(output.deliver(TEXT))
        await asyncio.sleep(0.5)
        assert window.text() == ""
        assert len(keys_down(display)) == 1  # and it is not we who release it
        environ.keyup("Control_R")
        await delivery
        window.wait_for(TEXT)
    await output.close()


@pytest.mark.parametrize("method", ["auto", "type"])
async def test_a_listener_that_comes_and_goes_decides_at_each_delivery(
    environ: Desktop, method: str
) -> None:
    """The hotkey may be another after a change of the settings."""
    announced = FilteringHotkey(filters=False)
    output = X11Output(method, announced)
    with environ.text_window("tk") as window, connected(environ) as display:
        for _ in range(2):
            window.clear()
            environ.keydown("Control_R")
            delivery = asyncio.create_task(output.deliver(TEXT))
            await asyncio.sleep(0.5)
            assert window.text() == ""
            assert len(keys_down(display)) == 1
            environ.keyup("Control_R")
            await delivery
            window.wait_for(TEXT)
            announced.filters = True
            window.clear()
            announced.events.clear()
            environ.keydown("Control_R")
            await output.deliver(TEXT)  # while it is held
            window.wait_for(TEXT)
            assert announced.events
            environ.keyup("Control_R")
            announced.filters = False
    await output.close()


async def test_closing_ends_the_wait_for_the_user(environ: Desktop) -> None:
    output = X11Output("type", let_go=1000)
    with environ.text_window("tk") as window:
        environ.keydown("Control_R")
        delivery = asyncio.create_task(output.deliver(TEXT))
        await asyncio.sleep(0.2)
        await output.close()
        with pytest.raises(DeliveryError, match="ended"):
            await delivery
        assert window.text() == ""


async def test_a_layout_set_between_two_deliveries_is_typed_on_and_left_alone(
    environ: Desktop,
) -> None:
    output = X11Output("type", FilteringHotkey())
    with environ.text_window("gtk") as window, connected(environ) as display:
        await output.deliver("你好 ü")
        window.wait_for("你好 ü")
        environ.set_layout("de")
        new = keymap(display)
        await asyncio.sleep(0.3)
        window.clear()
        await output.deliver("你好 yzü")
        window.wait_for("你好 yzü")
        await output.close()
        assert keymap(display) == new


async def test_a_very_late_request_that_tells_its_time_gets_nothing(
    environ: Desktop,
) -> None:
    environ.set_clipboard("of the user")
    output = X11Output("auto", FilteringHotkey(), belated=0)
    with environ.text_window("gtk") as window:
        os.kill(window.pid, signal.SIGSTOP)
        try:
            await output.deliver("hello")
        finally:
            os.kill(window.pid, signal.SIGCONT)
        window.wait_for("hello")
    await output.close()


async def test_num_lock_and_caps_lock_held_down_are_left_alone(environ: Desktop) -> None:
    announced = FilteringHotkey()
    output = X11Output("auto", announced)
    with environ.text_window("tk") as window, connected(environ) as display:
        environ.keydown("Num_Lock")
        await output.deliver("abc")
        window.wait_for("abc")
        assert len(keys_down(display)) == 1
        environ.keyup("Num_Lock")
        environ.tap("Num_Lock")
    await output.close()


@pytest.mark.parametrize("method", ["auto", "type"])
@pytest.mark.parametrize("key", ["Alt_L", "Super_L"])
async def test_a_modifier_that_opens_menus_is_never_let_go_alone(
    xserver: Desktop, environ: Desktop, key: str, method: str
) -> None:
    fingers = Fingers(xserver)
    output = X11Output(method, FilteringHotkey())
    with xserver.text_window("tk") as window:
        fingers.turn(key.lower())
        await output.deliver("one")
        window.wait_for("one")
        fingers.turn(key.lower())
        await asyncio.to_thread(wait_until, lambda: ups(window, key) >= 2, 5, "let go twice")
        keys = [(event.keysym, event.down) for event in window.key_events()]
    assert (key, True) in keys
    assert ((key, True), (key, False)) not in pairwise(keys), f"{keys}"
    await output.close()
    fingers.close()


def ups(window: TextWindow, key: str) -> int:
    return sum(event.keysym == key and not event.down for event in window.key_events())
