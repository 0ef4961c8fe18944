"""Any Unicode, typed on any layout into any toolkit, also where the layout changes in mid-text."""

from __future__ import annotations

import asyncio

import pytest

from tests.rigs.mixed_text import LAYOUTS, TARGETS, mixed_text, settled
from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected, keys_down
from tray_dictate.output.x11.output import X11Output

LINE = "Zyx, (quick) @home! Grüße, ça va? Привет 你好\n"
SWITCHED = LINE * 90  # long enough for a slow setxkbmap
LENGTH, MUCH = 150, 500  # of each layout; python -m tests.bench.typing types 100,000


def typing() -> X11Output:
    return X11Output("type", FilteringHotkey())


@pytest.mark.parametrize("kind", TARGETS)
async def test_any_unicode_is_exact_on_every_layout(environ: Desktop, kind) -> None:
    output = typing()
    with environ.text_window(kind) as window:
        for number, layout in enumerate(LAYOUTS):
            environ.set_layout(layout)
            window.clear()
            text = mixed_text(MUCH if kind == "gtk" else LENGTH, seed=number)
            await output.deliver(text)
            assert await asyncio.to_thread(settled, window, text) == text, layout
    await output.close()


@pytest.mark.parametrize("kind", TARGETS)
async def test_a_group_switched_in_mid_text_changes_no_character(environ: Desktop, kind) -> None:
    """As by Alt+Shift: every key event names its group, so late readers know it, too."""
    output = typing()
    environ.set_layout("us,ru")
    text = LINE * 40
    with environ.text_window(kind) as window:
        for group in (1, 0):
            window.clear()
            delivery = asyncio.create_task(output.deliver(text))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(environ.set_group, group)
            assert not delivery.done(), "it was in mid-text"
            await delivery
            assert await asyncio.to_thread(settled, window, text) == text, group
    await output.close()


# a Tk window that has not yet read a key translates it by the new layout, whoever has typed it
@pytest.mark.parametrize("kind", ["gtk", "qt"])
async def test_a_layout_set_in_mid_text_changes_no_character(environ: Desktop, kind) -> None:
    output = typing()
    with environ.text_window(kind) as window, connected(environ) as display:
        for layout, group in (("de", 0), ("us,ru", 1), ("us,ru", 0), ("fr", 0)):
            window.clear()
            delivery = asyncio.create_task(output.deliver(SWITCHED))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(environ.set_layout, layout, group)
            assert not delivery.done(), "it was in mid-text"
            await delivery
            assert await asyncio.to_thread(settled, window, SWITCHED) == SWITCHED, layout
        assert keys_down(display) == []
    await output.close()
