"""Windows that take no paste are asked once, also under Wayland."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.rigs.sway import Sway
from tests.rigs.wayland_output import delivering
from tray_dictate.core.errors import DeliveryError
from tray_dictate.output.wayland.output import WaylandOutput

SAID = ["Hello there. ", "This is (only) a Test, ", "äöü ß is it."]


@pytest.fixture
async def output(environ: Sway) -> AsyncIterator[WaylandOutput]:
    async with delivering() as one:
        yield one


async def test_a_window_that_ignores_a_paste_is_asked_once_and_so_is_its_application(
    environ: Sway, output: WaylandOutput
) -> None:
    with environ.text_window("odd_xwayland", "deaf") as window:
        for said in SAID:
            assert (await output.deliver(said, await output.target())).method == "type"
        window.wait_for("".join(SAID))
        assert window.pastes() == 1
    with environ.text_window("odd_xwayland", "deaf") as window:
        await output.deliver("hello", await output.target())
        window.wait_for("hello")
        assert window.pastes() == 0


async def test_a_window_that_was_only_asleep_is_pasted_into_again(
    environ: Sway, output: WaylandOutput
) -> None:
    environ.set_clipboard("of the user")  # else there is nothing that it could ask us for
    with environ.text_window("odd_xwayland", "asleep") as window:
        for number in range(1, 3):
            assert (await output.deliver("more", await output.target())).method == "type"
            window.wait_for("more" * number)  # it is awake
            assert window.pastes() == number


async def test_where_only_a_paste_is_wanted_the_refusal_says_so_at_once(environ: Sway) -> None:
    async with delivering("paste") as output:
        with environ.text_window("odd_xwayland", "deaf") as window:
            for _ in range(2):
                with pytest.raises(
                    DeliveryError, match=r"does not accept a paste by shift\+insert"
                ):
                    await output.deliver("hello", await output.target())
            assert window.pastes() == 1
