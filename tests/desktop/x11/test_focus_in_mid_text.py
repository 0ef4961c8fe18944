"""The focus leaves the window while it is typed into: all is there once, and nothing elsewhere."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from tests.fakes import PlainText
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_windows import TextWindow
from tray_dictate.app.placement import InsertResult, Placement
from tray_dictate.core.errors import DeliveryError, FocusMovedError
from tray_dictate.core.ports import Target
from tray_dictate.output.x11.output import X11Output

TEXT = "".join(f"{number:04d}" + "\n "[number % 20 > 0] for number in range(1000))
FOREIGN = "".join(f"{number:03d}è今 " for number in range(330))


@pytest.fixture
async def output(environ: Desktop):
    made = X11Output("type", FilteringHotkey())
    yield made
    await made.close()


@pytest.fixture(params=["gtk", "tk"])
def windows(environ: Desktop, request) -> Iterator[tuple[TextWindow, TextWindow]]:
    """Two windows; the first has the focus."""
    other = "tk" if request.param == "gtk" else "gtk"
    with environ.text_window(other) as second, environ.text_window(request.param) as first:
        first.focus()
        yield first, second


async def typing(placing: Placement, text: str, first: TextWindow) -> asyncio.Task[InsertResult]:
    """Begin to type, and return when some of it is there."""
    origin = placing.origin()
    await asyncio.sleep(0.05)
    task = asyncio.create_task(placing.insert(PlainText(text, origin)))
    await asyncio.to_thread(first.wait_for, lambda held: len(held) > 0)
    return task


async def move(environ: Desktop, window: TextWindow) -> None:
    await asyncio.to_thread(environ.run, "xdotool", "windowactivate", window.id)


@pytest.mark.parametrize("text", [TEXT, FOREIGN], ids=["ascii", "foreign"])
async def test_return_gives_the_window_the_focus_back_and_goes_on(
    environ: Desktop, windows, output, text
) -> None:
    first, second = windows
    task = await typing(Placement(output, "return", 30), text, first)
    await move(environ, second)
    landing = await asyncio.wait_for(task, 20)
    assert (landing.piece, landing.rest) == (text, "")
    first.wait_for(text, 60)  # GTK reads the whole keyboard map for each letter that it lacks
    assert second.text() == ""


@pytest.mark.parametrize("policy", ["hold", "follow"])
async def test_the_rest_waits_for_the_window_and_goes_on_where_it_stopped(
    environ: Desktop, windows, output, policy
) -> None:
    first, second = windows
    task = await typing(Placement(output, policy, 30), TEXT, first)
    await move(environ, second)
    await asyncio.sleep(0.7)
    assert not task.done()
    assert TEXT.startswith(first.text())
    assert first.text() != TEXT
    assert second.text() == ""
    await move(environ, first)
    landing = await asyncio.wait_for(task, 20)
    assert (landing.piece, landing.rest) == (TEXT, "")
    first.wait_for(TEXT)
    assert second.text() == ""


@pytest.mark.parametrize(("policy", "patience"), [("hold", 1), ("follow", 60)])
async def test_where_the_window_stays_away_the_rest_is_handed_back(
    environ: Desktop, windows, output, policy, patience
) -> None:
    first, second = windows
    task = await typing(Placement(output, policy, patience), TEXT, first)
    await move(environ, second)
    landing = await asyncio.wait_for(task, 10)
    assert landing.piece + landing.rest == TEXT
    assert landing.rest
    assert "has not had the focus" in landing.reason
    first.wait_for(landing.piece)
    assert second.text() == ""


async def test_where_the_window_is_closed_the_rest_is_handed_back(environ: Desktop, output) -> None:
    with environ.text_window("tk") as second:
        with environ.text_window("gtk") as first:
            task = await typing(Placement(output, "return", 5), TEXT, first)
        landing = await asyncio.wait_for(task, 10)
        assert landing.piece + landing.rest == TEXT
        assert landing.rest
        assert "is gone" in landing.reason or "does not accept the focus" in landing.reason
        assert second.text() == ""


@pytest.mark.parametrize("policy", ["hold", "return"])
async def test_at_any_moments_it_is_all_in_one_window_once(
    environ: Desktop, windows, output, policy
) -> None:
    moments = random.Random(policy)
    first, second = windows
    placing = Placement(output, policy, 30)
    for _ in range(5):
        first.clear()
        first.focus()
        task = await typing(placing, TEXT, first)
        for _ in range(4):
            await asyncio.sleep(moments.uniform(0, 0.03))
            await move(environ, second)
            await asyncio.sleep(moments.uniform(0, 0.03))
            await move(environ, first)
        # of two requests so soon after each other the window manager may drop the second
        await asyncio.to_thread(first.focus)
        landing = await asyncio.wait_for(task, 20)
        assert landing.rest == ""
        first.wait_for(TEXT)
        assert second.text() == ""


@pytest.mark.parametrize("method", ["auto", "type", "paste"])
async def test_nothing_goes_into_another_window_than_the_one_it_is_for(
    environ: Desktop, method
) -> None:
    output = X11Output(method, FilteringHotkey())
    with environ.text_window("tk") as second, environ.text_window("gtk") as first:
        second.focus()
        target = Target(f"{int(first.id):#x}")
        for work in (
            output.deliver("hello", target),
            output.press("enter", target),
            output.erase(3, target),
        ):
            with pytest.raises(FocusMovedError):
                await work
        assert first.text() == second.text() == ""
    await output.close()


async def test_no_character_of_another_window_is_taken_back(
    environ: Desktop, windows, output
) -> None:
    first, second = windows
    pasting = X11Output("auto", FilteringHotkey())
    for window in (second, first):
        window.focus()
        await pasting.deliver(TEXT)
        window.wait_for(TEXT)
    await pasting.close()
    target = await output.target()
    erasing = asyncio.create_task(output.erase(len(TEXT), target))
    await asyncio.to_thread(first.wait_for, lambda held: len(held) < len(TEXT))
    await output.activate(Target(f"{int(second.id):#x}", ""))  # sooner than by a program
    with pytest.raises(DeliveryError, match="Another window") as moved:
        await erasing
    assert 0 < moved.value.done < len(TEXT)
    first.wait_for(TEXT[: -moved.value.done])
    assert second.text() == TEXT
