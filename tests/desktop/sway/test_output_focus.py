"""The focus moves at every stage of a delivery: text is in one window, once, or is told missing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.fakes import FakeFocus, PlainText
from tests.rigs.sway import Sway
from tests.rigs.wayland_output import delivering
from tests.waiting import wait_until
from tray_dictate.app.placement import Placement, Policy
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.output.base import ANY_WINDOW, FocusCheck, MovedError
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.input_method import InputMethod
from tray_dictate.output.wayland.keyboard import KeyTiming, VirtualKeyboard
from tray_dictate.output.wayland.output import WaylandOutput
from tray_dictate.output.wayland.paste import WaylandPaster
from tray_dictate.output.wayland.selections import WaylandSelections
from tray_dictate.output.wayland.text_field import NOT_SURE
from tray_dictate.output.wayland.windows import Toplevels
from tray_dictate.system.desktop.wayland import Connection

LONG = {"auto": "one two three four five " * 200, "type": "one two three four five " * 25}


@pytest.fixture
async def output(environ: Sway) -> AsyncIterator[WaylandOutput]:
    async with delivering() as one:
        yield one


@pytest.fixture
def input_method(environ: Sway) -> Iterator[InputMethod]:
    connection = Connection()
    yield InputMethod(connection)
    connection.close()


@pytest.fixture
def toplevels(environ: Sway) -> Iterator[Toplevels]:
    found = Toplevels()
    yield found
    found.close()


# after 32 keys the keyboard rests for 0.6 s, which is time to move the focus
RESTING = KeyTiming(pace=0.02, pace_x=0.02)


@pytest.mark.parametrize("method", ["auto", "paste", "type"])
async def test_text_for_a_window_without_the_focus_goes_nowhere(environ: Sway, method) -> None:
    async with delivering(method) as output:
        first = environ.text_window("gtk4")
        target = await output.target()
        second = environ.text_window("foot")
        for act in (
            output.deliver("meant for the first", target),
            output.press("enter", target),
            output.erase(3, target),
        ):
            with pytest.raises(FocusMovedError) as raised:
                await act
            assert raised.value.done == 0
        assert (first.text(), second.text()) == ("", "")


@pytest.mark.parametrize("policy", ["hold", "return", "follow"])
async def test_each_policy_brings_the_text_where_it_says(
    output: WaylandOutput, environ: Sway, policy: Policy
) -> None:
    first = environ.text_window("gtk4")
    placing = Placement(output, policy, 30)
    origin = placing.origin()
    await asyncio.sleep(0.1)
    second = environ.text_window("foot")
    inserting = asyncio.create_task(placing.insert(PlainText("said", origin)))
    if policy == "hold":
        await asyncio.sleep(0.3)
        assert (first.text(), second.text()) == ("", "")
        first.focus()
    await asyncio.wait_for(inserting, 20)
    there, elsewhere = (second, first) if policy == "follow" else (first, second)
    there.wait_for("said")
    assert elsewhere.text() == ""


@pytest.mark.parametrize("method", ["auto", "type"])
@pytest.mark.parametrize("policy", ["return", "follow"])
async def test_a_focus_that_moves_in_mid_text_cuts_nothing_and_doubles_nothing(
    environ: Sway, method, policy: Policy
) -> None:
    async with delivering(method) as output:
        first, second = environ.text_window("gtk"), environ.text_window("foot")
        first.focus()
        placing = Placement(output, policy, 30)
        origin = placing.origin()
        await asyncio.sleep(0.1)
        inserting = asyncio.create_task(placing.insert(PlainText(LONG[method], origin)))
        await asyncio.to_thread(wait_until, first.text, 20, "it has begun")
        await asyncio.to_thread(second.focus)
        if policy == "follow":  # the rest waits for the window that has the beginning
            await asyncio.to_thread(first.focus)
        landing = await asyncio.wait_for(inserting, 60)
        if method == "auto" and landing.reason == NOT_SURE:  # it moved in the moment of a piece
            there, sure = first.text(), LONG[method].removesuffix(landing.rest)
            assert there.startswith(sure)
            assert LONG[method].startswith(there), "that piece, or nothing of it"
            assert second.text() == ""
            return
        assert landing.rest == "", landing.reason
        first.wait_for(LONG[method], 30)
        assert len(second.text()) == landing.astray


async def test_a_window_that_is_closed_is_gone_and_gets_nothing(
    output: WaylandOutput, environ: Sway
) -> None:
    with environ.text_window("gtk4"):
        target = await output.target()
        assert target
        assert not await output.is_gone(target)
    assert await output.is_gone(target)
    with pytest.raises(DeliveryError, match="has been closed"):
        await output.activate(target)
    with pytest.raises(FocusMovedError):
        await output.deliver("too late", target)


async def test_a_window_on_another_workspace_gets_the_focus_back(
    output: WaylandOutput, environ: Sway
) -> None:
    window = environ.text_window("xwayland")
    target = await output.target()
    assert target
    environ.swaymsg("workspace 2")
    wait_until(lambda: not window.is_focused(), 10, "the workspace is another")
    assert await output.target() is None
    await output.activate(target)
    assert await output.target() == target
    await output.deliver("back", target)
    window.wait_for("back")


def test_before_a_commit_the_window_is_looked_at(environ: Sway, input_method: InputMethod) -> None:
    with environ.text_window("gtk4") as window:
        with pytest.raises(MovedError):
            input_method.commit("no", threading.Event(), FakeFocus(False))
        assert window.text() == ""


@pytest.mark.parametrize("other", ["gtk", "foot"])
def test_a_focus_that_moves_between_the_look_and_the_commit_is_told(
    environ: Sway, input_method: InputMethod, other
) -> None:
    first, second = environ.text_window("gtk4"), environ.text_window(other)
    first.focus()

    def stays() -> bool:
        second.focus()  # right after a look that said yes
        return True

    with pytest.raises(DeliveryError, match="may or may not") as raised:
        input_method.commit("said", threading.Event(), FakeFocus(stays))
    assert raised.value.done == 0
    assert not isinstance(raised.value, FocusMovedError)  # which would be tried again
    assert first.text() == ""


def test_between_two_commits_the_window_is_looked_at_again(
    environ: Sway, input_method: InputMethod, toplevels: Toplevels
) -> None:
    text = "x" * 3800 + "y" * 3800
    first, second = environ.text_window("gtk4"), environ.text_window("gtk")
    first.focus()
    target = toplevels.focus()
    looks: Iterator[Callable[[], None]] = iter([lambda: None, second.focus])

    def stays() -> bool:
        next(looks)()
        return toplevels.focus() == target

    with pytest.raises(FocusMovedError) as raised:
        input_method.commit(text, threading.Event(), FakeFocus(stays))
    assert raised.value.done == 3800
    first.wait_for("x" * 3800)
    assert second.text() == ""


def test_an_end_between_two_commits_leaves_the_rest(
    environ: Sway, input_method: InputMethod
) -> None:
    stop = threading.Event()

    def stays() -> bool:
        stop.set()
        return True

    with environ.text_window("gtk4") as window:
        with pytest.raises(DeliveryError, match="ended") as raised:
            input_method.commit("x" * 3801, stop, FakeFocus(stays))
        assert raised.value.done == 3800
        window.wait_for("x" * 3800)


async def test_an_enter_goes_nowhere_where_the_focus_moves_while_the_keyboard_rests(
    environ: Sway,
) -> None:
    async with delivering("type", timing=RESTING) as output:
        first, second = environ.text_window("gtk4"), environ.text_window("gtk")
        first.focus()
        target = await output.target()
        await output.deliver("x" * 32, target)
        pressing = asyncio.create_task(output.press("enter", target))
        await asyncio.sleep(0.05)  # the first look said yes
        await asyncio.to_thread(second.focus)
        with pytest.raises(FocusMovedError):
            await pressing
        first.wait_for("x" * 32)
        assert second.text() == ""


def test_a_paste_goes_nowhere_where_the_focus_moves_while_the_keyboard_rests(
    environ: Sway, toplevels: Toplevels
) -> None:
    environ.set_clipboard("of the user")
    first, second = environ.text_window("gtk4"), environ.text_window("gtk")
    first.focus()
    target = toplevels.focus()
    connection, selections = Connection(), WaylandSelections()
    keyboard = VirtualKeyboard(connection, RESTING)
    paster = WaylandPaster(keyboard, selections, threading.Event())
    moves = threading.Timer(0.1, second.focus)
    try:
        keyboard.type("x" * 32, threading.Event())
        moves.start()
        with pytest.raises(MovedError):
            paster.paste("said", Treatment(), FakeFocus(lambda: toplevels.focus() == target))
        assert environ.clipboard() == b"of the user"
        first.wait_for("x" * 32)
        assert second.text() == ""
    finally:
        moves.join()
        keyboard.close()
        selections.close()
        connection.close()


def test_a_window_that_gets_the_chord_of_a_paste_by_mischance_gets_nothing_of_the_text(
    environ: Sway,
) -> None:
    class Late(VirtualKeyboard):
        """The focus moves between its last look and the key."""

        def chord(self, chord: str, check: FocusCheck = ANY_WINDOW) -> None:
            assert check is not ANY_WINDOW
            assert check.is_focused()
            second.focus()
            super().chord(chord)
            raise FocusMovedError(astray=1)

    first, second = environ.text_window("gtk4"), environ.text_window("gtk")
    environ.set_clipboard("of the user")
    first.focus()
    connection, selections = Connection(), WaylandSelections()
    keyboard = Late(connection)
    try:
        paster = WaylandPaster(keyboard, selections, threading.Event())
        with pytest.raises(FocusMovedError) as moved:
            paster.paste("said", Treatment(chord="ctrl+v"), FakeFocus())
        time.sleep(1)  # to paste what it is given
        assert second.text() == "said"[: moved.value.astray]
        assert first.text() == ""
    finally:
        keyboard.close()
        selections.close()
        connection.close()
