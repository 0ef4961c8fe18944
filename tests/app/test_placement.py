"""All of a text into one window, once, wherever the focus goes meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes import FakeOutput, PlainText
from tray_dictate.app.placement import MOVES, InsertResult, Placement, Policy
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Target

TEXT = "one two\nthree four"


@pytest.fixture
def output() -> FakeOutput:
    made = FakeOutput()
    made.windows["mail"] = ""
    return made


async def insert(
    output: FakeOutput, policy: Policy, reason: str = "", *, breaks: bool = False
) -> InsertResult:
    placing = Placement(output, policy, 0.3, breaks=breaks)
    origin = placing.origin()
    await asyncio.sleep(0)
    return await placing.insert(PlainText(TEXT, origin, reason))


async def come_back(output: FakeOutput) -> None:
    await asyncio.sleep(0.15)
    output.focus = "editor"


@pytest.mark.parametrize("policy", ["follow", "hold"])
async def test_the_rest_waits_for_the_window_that_has_the_beginning(output, policy) -> None:
    output.leaves = [(4, "mail")]
    back = asyncio.create_task(come_back(output))
    landing = await insert(output, policy)
    await back
    assert (landing.piece, landing.rest) == (TEXT, "")
    assert output.windows == {"editor": TEXT, "mail": ""}


async def test_the_focus_is_given_back_as_often_as_it_leaves(output) -> None:
    output.leaves = [(4, "mail"), (3, "mail"), (0, "mail"), (2, "mail")]
    assert (await insert(output, "return")).rest == ""
    assert output.windows == {"editor": TEXT, "mail": ""}


async def test_a_focus_that_never_rests_is_given_up(output) -> None:
    output.leaves = [(1, "mail")] * MOVES
    landing = await insert(output, "return")
    assert (landing.piece, landing.rest) == (TEXT[:MOVES], TEXT[MOVES:])
    assert output.windows == {"editor": TEXT[:MOVES], "mail": ""}


async def test_a_window_that_stays_away_leaves_the_rest(output) -> None:
    output.leaves = [(4, "mail")]
    landing = await insert(output, "hold")
    assert (landing.piece, landing.rest) == (TEXT[:4], TEXT[4:])
    assert "has not had the focus for 0.3 s" in landing.reason
    assert output.windows == {"editor": TEXT[:4], "mail": ""}


async def test_a_dictation_that_is_cancelled_meanwhile_waits_no_longer(output) -> None:
    output.leaves = [(4, "mail")]
    landing = await insert(output, "follow", "it was cancelled")
    assert landing.rest == TEXT[4:]
    assert landing.reason.endswith("it was cancelled.")


async def test_before_anything_is_inserted_it_goes_where_the_focus_is_now(output) -> None:
    output.leaves = [(0, "mail")]
    text = PlainText(TEXT)
    landing = await Placement(output, "follow", 1).insert(text)
    assert output.windows == {"editor": "", "mail": TEXT}
    assert landing.target == Target("mail")
    assert text.targets == [Target("editor"), Target("mail")], "the spacing is another window's"


@pytest.mark.parametrize("policy", ["hold", "return"])
async def test_before_anything_is_inserted_its_own_window_is_waited_for(output, policy) -> None:
    output.leaves = [(0, "mail")]
    back = asyncio.create_task(come_back(output))
    await insert(output, policy)
    await back
    assert output.windows == {"editor": TEXT, "mail": ""}


async def test_a_focus_that_leaves_before_each_beginning_inserts_nothing(output) -> None:
    output.leaves = [(0, "mail"), (0, "editor")] * MOVES
    with pytest.raises(DeliveryError, match="kept changing"):
        await insert(output, "follow")
    assert output.windows == {"editor": "", "mail": ""}


@pytest.mark.parametrize("keys", range(len("one two")))
async def test_lines_go_on_where_they_stopped(output, keys) -> None:
    output.leaves = [(keys, "mail")]
    assert (await insert(output, "return", breaks=True)).rest == ""
    assert output.windows == {"editor": "one two<shift+enter>three four", "mail": ""}


async def test_what_fails_in_the_second_line_leaves_the_rest(output) -> None:
    output.leaves = [(7, "mail")]  # never within the first line, which has seven
    output.windows["editor"] = ""
    output.stubborn = {"editor"}
    landing = await insert(output, "return", breaks=True)
    assert (landing.piece, landing.rest) == ("one two\nthree f", "our")
    assert landing.reason == "The window does not take the focus."


async def test_without_a_focus_nothing_is_inserted(output) -> None:
    output.focus = None
    with pytest.raises(DeliveryError, match="No window"):
        await insert(output, "follow")


@pytest.mark.parametrize(
    ("policy", "meant"), [("follow", "mail"), ("hold", "editor"), ("return", "editor")]
)
async def test_before_it_is_placed_a_text_is_for_the_window_that_it_will_go_to(
    output, policy, meant
) -> None:
    placing = Placement(output, policy, 0.3)
    origin = placing.origin()
    await asyncio.sleep(0)
    output.focus = "mail"
    target = await placing.meant(origin)
    assert target is not None
    assert target.window == meant
