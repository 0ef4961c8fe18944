"""Text goes into the window that it is for, and the last of it can be taken back there."""

from __future__ import annotations

import asyncio
import sys

import pytest
from Xlib import X

from tests.fakes import FakeListener, FakeNotices, PlainText
from tests.rigs.processes import Program
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected, keys_down
from tests.waiting import wait_until
from tray_dictate.app.placement import Placement
from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.keys.chord import POINTER, Edge
from tray_dictate.core.keys.names import parse_chord
from tray_dictate.hotkey.x11.hotkey import XInputHotkey
from tray_dictate.output.x11.focus import is_gone
from tray_dictate.output.x11.output import X11Output

GRABBER = """
import time
from Xlib import X, display
d = display.Display()
answer = d.screen().root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
d.sync()
print("grabbed" if answer == X.GrabSuccess else "refused", flush=True)
time.sleep(60)
"""


@pytest.fixture
async def output(environ: Desktop):
    one = X11Output("auto", FilteringHotkey())
    yield one
    await one.close()


async def test_the_focus_goes_back_to_the_window_of_the_key_down(environ: Desktop, output) -> None:
    with environ.text_window("gtk") as first:
        placing = Placement(output, "return", 5)
        text = PlainText("", placing.origin())
        await asyncio.sleep(0.05)
        with environ.text_window("tk") as second:
            target = await placing.place(text)
            assert target is not None
            assert target.window == f"{int(first.id):#x}"
            await output.deliver("for the first")
            first.wait_for("for the first")
            assert second.text() == ""


async def test_held_text_waits_for_its_window(environ: Desktop, output) -> None:
    with environ.text_window("gtk") as first:
        placing = Placement(output, "hold", 30)
        text = PlainText("", placing.origin())
        await asyncio.sleep(0.05)
        with environ.text_window("tk"):
            waiting = asyncio.create_task(placing.place(text))
            await asyncio.sleep(0.4)
            assert not waiting.done()
        first.focus()
        target = await asyncio.wait_for(waiting, 5)
        assert target is not None
        assert target.window == f"{int(first.id):#x}"


@pytest.mark.parametrize("policy", ["hold", "return"])
async def test_a_window_that_is_closed_is_found_gone(environ: Desktop, output, policy) -> None:
    with environ.text_window("tk"):
        with environ.text_window("gtk"):
            placing = Placement(output, policy, 30)
            text = PlainText("", placing.origin())
            await asyncio.sleep(0.05)
        with pytest.raises(DeliveryError, match="is gone"):
            await asyncio.wait_for(placing.place(text), 5)


async def test_a_minimised_window_is_not_gone_and_comes_back(environ: Desktop, output) -> None:
    with environ.text_window("gtk") as window, environ.text_window("tk"):
        window.focus()
        target = await output.target()
        assert target is not None
        environ.run("xdotool", "windowminimize", "--sync", window.id)
        assert "IsUnMapped" in environ.run("xwininfo", "-id", window.id)
        assert not await output.is_gone(target)
        await output.activate(target)
        await output.deliver("back again")
        window.wait_for("back again")
        environ.run("xdotool", "windowunmap", "--sync", window.id)  # withdrawn
        with connected(environ) as display:
            wait_until(lambda: is_gone(display, target.window), 5, "it is gone")


@pytest.mark.parametrize("method", ["auto", "type", "paste"])
async def test_no_key_is_sent_while_another_program_has_the_keyboard(
    environ: Desktop, output, method
) -> None:
    output.adapt(OutputSettings(method=method))
    with environ.text_window("gtk") as window:
        command = [sys.executable, "-c", GRABBER]
        with Program(environ.processes, "grabber", command, "grabbed"):
            with pytest.raises(DeliveryError, match="a locked screen or an open menu"):
                await output.deliver("a secret")
            with connected(environ) as display:
                offered = display.get_selection_owner(display.intern_atom("CLIPBOARD"))
            assert offered == X.NONE, "nor is the text there to be pasted by a lock"
        assert window.text() == ""
        await output.deliver("afterwards")
        window.wait_for("afterwards")


@pytest.mark.parametrize("kind", ["tk", "gtk", "qt"])
async def test_what_was_inserted_is_erased_to_the_character(environ: Desktop, output, kind) -> None:
    with environ.text_window(kind) as window, connected(environ) as display:
        await output.deliver("kept. ")
        text = "Grüße 今天, Привет: taken back"
        await output.deliver(text)
        window.wait_for("kept. " + text)
        await output.erase(len(text))
        window.wait_for("kept. ")
        assert keys_down(display) == []


def test_a_click_is_told_and_the_wheel_is_not(environ: Desktop) -> None:
    edges: list[Edge] = []

    class Listener(FakeListener):
        def edge(self, edge: Edge) -> None:
            edges.append(edge)

    hotkey = XInputHotkey(parse_chord("f9"), (), FakeNotices())
    hotkey.start(Listener())
    try:
        with environ.text_window("tk"):
            environ.click(200, 200)
            environ.click(210, 210, button=4)
            environ.tap("a")
            wait_until(lambda: any(edge.key == "a" for edge in edges), 5, "the key is told")
    finally:
        hotkey.stop()
    assert [edge.key for edge in edges if edge.key == POINTER] == [POINTER]


@pytest.mark.parametrize(("chord", "expected"), [("enter", "\n"), ("shift+enter", "\n")])
async def test_a_chord_is_pressed_alone(environ: Desktop, output, chord, expected) -> None:
    with environ.text_window("gtk") as window, connected(environ) as display:
        await output.deliver("one")
        await output.press(chord)
        window.wait_for("one" + expected)
        assert keys_down(display) == []
