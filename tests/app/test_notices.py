"""No storm, and nothing lost."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeTray
from tests.waiting import until
from tray_dictate.app import notices
from tray_dictate.app.notices import (
    AGAIN,
    BUBBLES,
    LINES,
    PAUSE,
    READ,
    REST,
    Notices,
    NoticeThrottle,
)
from tray_dictate.core.ports import Urgency


class Shown:
    """Bubbles with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.bubbles = NoticeThrottle()
        self.shown: list[tuple[float, notices.Bubble]] = []

    def tell(self, message: str, cause: str = "") -> None:
        self._take(self.bubbles.tell(message, cause, self.now))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (at := self.bubbles.wake_at) is not None and at <= end:
            self.now = max(self.now, at)
            self._take(self.bubbles.tick(self.now))
        self.now = end

    def _take(self, bubbles: list[notices.Bubble]) -> None:
        self.shown += [(self.now, bubble) for bubble in bubbles]

    @property
    def texts(self) -> list[str]:
        return [bubble.message for _, bubble in self.shown]


def test_a_lasting_trouble_is_said_once_in_minutes():
    user = Shown()
    for _ in range(100):
        user.tell("The microphone is muted.", "microphone")
        user.wait(AGAIN / 110)
    assert user.texts == ["The microphone is muted."]
    user.wait(AGAIN)
    user.tell("The microphone is muted.", "microphone")
    assert len(user.texts) == 2


def test_what_the_user_has_just_done_is_answered_each_time_but_not_while_it_is_still_read():
    user = Shown()
    user.tell("No window has the focus. It is on the clipboard.", "delivery")
    user.wait(READ / 2)
    user.tell("No window has the focus. It is on the clipboard.", "delivery")
    assert len(user.texts) == 1
    user.wait(READ)
    user.tell("No window has the focus. It is on the clipboard.", "delivery")
    assert len(user.texts) == 2
    assert {bubble.cause for _, bubble in user.shown} == {"delivery"}
    assert {bubble.urgency for _, bubble in user.shown} == {Urgency.CRITICAL}


def test_one_cause_that_says_two_things_at_once_says_both_in_its_one_bubble():
    user = Shown()
    user.tell("It is missing.", "microphone")
    user.tell("It is muted.", "microphone")
    user.wait(PAUSE)
    assert user.texts == ["It is missing.", "It is missing.\nIt is muted."]
    user.wait(READ)
    user.tell("It is silent.", "microphone")
    assert user.texts[-1] == "It is silent."


def test_ten_causes_at_once_are_a_few_bubbles_that_lose_none():
    user = Shown()
    for number in range(10):
        user.tell(f"Trouble {number}.", f"cause {number}")
    user.wait(PAUSE)
    causes = [bubble.cause for _, bubble in user.shown]
    assert set(causes) == {*(f"cause {number}" for number in range(BUBBLES)), REST}
    assert user.texts[-1].splitlines() == [
        *(f"Trouble {number}." for number in range(10 - LINES, 10)),
        f"And {10 - BUBBLES - LINES} more; the log has them all.",
    ]


def test_a_state_shows_its_latest_only_and_is_taken_away_when_it_is_mended():
    user = Shown()
    for number in range(3):
        user.tell(f"Mistake {number}.", "settings")
        user.wait(PAUSE)
    assert user.texts == ["Mistake 0.", "Mistake 1.", "Mistake 2."]
    assert {bubble.buttons for _, bubble in user.shown} == {("settings",)}
    user._take(user.bubbles.mend("settings"))
    assert user.shown[-1][1] == notices.Bubble("settings", "")
    user._take(user.bubbles.mend("settings"))
    assert len(user.shown) == 4, "there is nothing more to take away"
    user.tell("Mistake 2.", "settings")
    assert user.texts[-1] == "Mistake 2.", "it is another one, and is told"


def test_what_cannot_be_mended_is_not_taken_away():
    user = Shown()
    user.tell("It is on the clipboard.", "delivery")
    assert user.bubbles.mend("delivery") == []


CAUSES = ["", "take", "delivery", "microphone", "engine", "history", "asked"]
SCHEDULES = st.lists(
    st.tuples(
        st.sampled_from(CAUSES), st.integers(0, 4),
        st.sampled_from([0, 0, 0, 0.1, PAUSE, READ / 2, READ, AGAIN / 2, AGAIN]),
    ),
    max_size=60,
)  # fmt: skip


@given(SCHEDULES)
def test_no_schedule_makes_a_storm(schedule):
    user = Shown()
    for cause, number, pause in schedule:
        user.tell(f"{cause} trouble {number}.", cause)
        user.wait(pause)
    user.wait(AGAIN)
    for start, _ in user.shown:
        within = [bubble for at, bubble in user.shown if start <= at < start + PAUSE]
        assert max(Counter(bubble.cause for bubble in within).values()) == 1
        assert len(within) <= 2 * (BUBBLES + 1)  # at READ's end others may take the places
        assert len([b for b in within if b.cause == REST]) <= 1
    assert all(len(text.splitlines()) <= LINES + 1 for text in user.texts)


@given(SCHEDULES)
def test_no_schedule_loses_a_message(schedule):
    user = Shown()
    told = []
    for cause, number, pause in schedule:
        told.append((user.now, f"{cause} trouble {number}."))
        user.tell(told[-1][1], cause)
        user.wait(pause)
    user.wait(PAUSE)
    for at, message in told:
        near = [b.message for when, b in user.shown if at - AGAIN <= when <= at + PAUSE]
        assert any(message in text or "more; the log" in text for text in near)


async def test_the_tray_gets_them_in_time_and_the_log_gets_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    tray = FakeTray()
    user = Notices(pause=0.05)
    user.show_on(tray)
    user.tell("One.", "engine")
    user.tell("Two.", "engine")
    user.tell("Two.", "engine")
    assert (tray.said, tray.told) == (["One."], [("engine", Urgency.NORMAL)])
    assert tray.buttons == [("check",)]
    await until(lambda: len(tray.said) >= 2)
    assert (tray.said[1], tray.told[1]) == ("One.\nTwo.", ("engine", Urgency.NORMAL))
    assert caplog.text.count("Two.") == 2


async def test_nothing_waits_beyond_the_end() -> None:
    tray = FakeTray()
    user = Notices()
    user.show_on(tray)
    user.tell("The first is kept.", "take")
    user.tell("The second is kept.", "take")
    user.flush()
    assert tray.said[-1] == "The first is kept.\nThe second is kept."
    user.flush()
    assert len(tray.said) == 2


async def test_what_is_told_before_there_is_a_tray_waits_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = FakeTray(), FakeTray()
    user = Notices()
    user.tell("The hotkey has no key.", "hotkey")
    user.tell("The history is broken.", "history")
    user.tell("", "hotkey")
    user.flush()
    assert "The hotkey has no key." in caplog.text
    user.show_on(first)
    assert first.said == ["The hotkey has no key.", "The history is broken."]
    assert first.mended == ["hotkey"]
    user.show_on(second)
    assert second.said == []
    user.tell("It works.", "asked")
    assert (len(first.said), second.said) == (2, ["It works."])
