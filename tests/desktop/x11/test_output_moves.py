"""The focus moves at every stage of a delivery: the text is in one window, once."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import copying
from tests.rigs.x11_output import rename
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Receipt
from tray_dictate.output.x11.output import X11Output

PASTED = Receipt(confirmed=True, method="paste")


@pytest.fixture
async def output(environ: Desktop):
    made = X11Output("paste", FilteringHotkey())
    yield made
    await made.close()


@pytest.fixture
def windows(environ: Desktop):
    """Two windows; the second has the focus."""
    with environ.text_window("gtk") as second, environ.text_window("tk") as first:
        second.focus()
        first.focus()
        yield first, second


async def test_before_a_delivery_it_goes_where_the_focus_is(windows, output) -> None:
    first, second = windows
    second.focus()
    assert await output.deliver("hello") == PASTED
    second.wait_for("hello")
    assert first.text() == ""


async def test_while_the_users_modifiers_are_awaited(environ: Desktop, windows) -> None:
    first, second = windows
    output = X11Output("auto")  # a hotkey that cannot tell our keys from the user's
    environ.keydown("Control_L")
    delivery = asyncio.create_task(output.deliver("hello"))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(second.focus)
    environ.keyup("Control_L")
    assert await delivery == PASTED
    second.wait_for("hello")
    assert first.text() == ""
    await output.close()


async def test_while_the_clipboard_is_saved(environ: Desktop, windows, output, tmp_path) -> None:
    first, second = windows
    (tmp_path / "note").write_text("frozen")
    with copying(environ, {"text/plain": tmp_path / "note"}, "frozen"):  # takes a second
        first.focus()
        delivery = asyncio.create_task(output.deliver("hello"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(second.focus)
        assert (await delivery).method == "type"  # it cannot be saved, and is left alone
        second.wait_for("hello")
        assert first.text() == ""


async def test_after_a_cell_has_the_beginning_nothing_goes_elsewhere(
    environ: Desktop, windows, tmp_path
) -> None:
    first, second = windows
    rename(environ, first, "libreoffice", "libreoffice-calc")
    output = X11Output("auto", FilteringHotkey())
    (tmp_path / "note").write_text("frozen")
    with copying(environ, {"text/plain": tmp_path / "note"}, "frozen"):  # takes a second
        first.focus()
        delivery = asyncio.create_task(output.deliver("hello"))
        await asyncio.to_thread(first.wait_for, "h")
        await asyncio.to_thread(second.focus)
        with pytest.raises(FocusMovedError) as moved:
            await delivery
    assert moved.value.done == 1
    assert (first.text(), second.text()) == ("h", "")
    await output.close()


async def test_to_a_password_prompt_while_the_clipboard_is_saved(
    environ: Desktop, windows, output, tmp_path
) -> None:
    first, second = windows
    rename(environ, second, "pinentry-gtk-2", "Pinentry-gtk-2")
    (tmp_path / "note").write_text("frozen")
    with copying(environ, {"text/plain": tmp_path / "note"}, "frozen"):
        first.focus()
        delivery = asyncio.create_task(output.deliver("hello"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(second.focus)
        with pytest.raises(DeliveryError, match="password"):
            await delivery
        assert first.text() == second.text() == ""


@pytest.mark.parametrize("behaviour", ["deaf", "late"])
async def test_after_the_key_and_before_a_read(environ: Desktop, behaviour: str) -> None:
    output = X11Output("auto", FilteringHotkey())
    with environ.text_window("gtk") as second, environ.text_window("odd_tk", behaviour) as first:
        delivery = asyncio.create_task(output.deliver("hello"))
        await asyncio.sleep(0.4)
        environ.run("xdotool", "windowactivate", second.id)
        assert await delivery == PASTED
        second.wait_for("hello")
        if behaviour == "late":  # it wakes up after 3 s, to an empty paste
            assert first.pastes() == 1
        assert first.text() == ""
    await output.close()


async def test_after_the_read(windows, output) -> None:
    first, second = windows
    assert await output.deliver("hello") == PASTED
    await asyncio.to_thread(second.focus)
    await asyncio.sleep(0.5)
    assert (first.text(), second.text()) == ("hello", "")


async def test_at_any_moment_the_text_is_somewhere_once(windows, output, environ) -> None:
    moments = random.Random(4)
    for number in range(20):
        windows[number % 2].focus()
        text = f"[{number}]"
        moved = windows[(number + 1) % 2]
        delivery = asyncio.create_task(output.deliver(text))
        await asyncio.sleep(moments.uniform(0, 0.006))
        await asyncio.to_thread(environ.run, "xdotool", "windowactivate", moved.id)
        await delivery
        for _ in range(100):
            if text in "".join(window.text() for window in windows):
                break
            await asyncio.sleep(0.02)
        assert sum(window.text().count(text) for window in windows) == 1, number
