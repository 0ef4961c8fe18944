from __future__ import annotations

import pytest

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuState
from tray_dictate.ui.tray.icon import LOUDEST
from tray_dictate.ui.tray.menu import View

NAMES = MenuState(microphone="USB mic", engine="This computer", hint="hold right Ctrl and speak")


@pytest.mark.parametrize(
    ("status", "detail", "said"),
    [
        (Status.IDLE, "", "Dictation ready: hold right Ctrl and speak"),
        (Status.OPENING, "", "Opening the microphone: USB mic"),
        (Status.RECORDING, "", "Recording: USB mic"),
        (Status.TRANSCRIBING, "", "Transcribing: This computer"),
        (Status.OFF, "", "Dictation is off"),
        (Status.ERROR, "it is busy", "Problem: it is busy"),
        (Status.RECORDING, "the last failed", "Recording: the last failed"),
    ],
)
def test_the_tooltip_says_what_goes_on_and_with_what(
    status: Status, detail: str, said: str
) -> None:
    assert View().offering(NAMES).of(status, detail).tooltip == said


def test_the_level_is_in_steps_and_of_a_recording_only() -> None:
    recording = View().of(Status.RECORDING, "")
    assert [recording.louder(level).level for level in (-1, 0, 0.5, 1, 2)] == [
        0, 0, LOUDEST // 2, LOUDEST, LOUDEST
    ]  # fmt: skip
    assert recording.louder(0.5) == recording.louder(0.52), "nothing to redraw"
    loud = recording.louder(1)
    assert loud.of(Status.RECORDING, "a detail").level == LOUDEST
    assert loud.of(Status.TRANSCRIBING, "").level == 0
    assert View().louder(1) == View()


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.OPENING, Status.RECORDING)]
)
def test_an_open_microphone_is_shown_and_said_whatever_goes_on(status: Status) -> None:
    open_, closed = View().of(status, "").hearing(True), View().of(status, "")
    assert open_.picture.marked
    assert not closed.picture.marked
    assert open_.tooltip == f"{closed.tooltip} (the microphone is open)"


@pytest.mark.parametrize("status", [Status.OPENING, Status.RECORDING])
def test_what_says_so_anyway_needs_no_mark(status: Status) -> None:
    view = View().of(status, "")
    assert view.hearing(True).picture == view.picture
    assert view.hearing(True).tooltip == view.tooltip
