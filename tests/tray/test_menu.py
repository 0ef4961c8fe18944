from __future__ import annotations

import pytest

from tray_dictate.core.dictation import Status
from tray_dictate.ports import Actions
from tray_dictate.tray.menu import Entry, click, click_default, menu


class Said:
    """Actions that write down what was asked for."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.clicks: list[int] = []  # how many calls had been made before each
        self.actions = Actions(
            enable=lambda on: self.calls.append(("enable", on)),
            toggle=lambda: self.calls.append("toggle"),
            last=self.calls.append,
            clicked=lambda: self.clicks.append(len(self.calls)),
            quit=lambda: self.calls.append("quit"),
        )

    def entry(self, status: Status, name: str) -> Entry:
        return next(entry for entry in menu(status, self.actions) if entry.name == name)


TABLE = [
    ("ready: on, and may start", Status.IDLE, True, "Start", True),
    ("opening: may stop", Status.OPENING, True, "Stop", True),
    ("recording: may stop", Status.RECORDING, True, "Stop", True),
    ("transcribing: may start the next", Status.TRANSCRIBING, True, "Start", True),
    ("off: unticked, and cannot start", Status.OFF, False, "Start", False),
    ("a problem: may try again", Status.ERROR, True, "Start", True),
]


@pytest.mark.parametrize(
    ("status", "on", "label", "enabled"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_the_menu_goes_with_the_status(status: Status, on: bool, label: str, enabled: bool) -> None:
    said = Said()
    entries = menu(status, said.actions)
    last = ["Insert the last again", "Take back the last", "Copy the last"]
    assert [entry.label for entry in entries] == ["Dictation", label, "", *last, "", "Quit"]
    assert [entry.checked for entry in entries] == [on, *[None] * 7]
    assert [entry.enabled for entry in entries] == [True, enabled, *[True] * 6]
    click_default(entries)
    assert said.calls == (["toggle"] if enabled else [])


def test_entries_do_what_they_say() -> None:
    said = Said()
    click(said.entry(Status.IDLE, "dictation"))
    click(said.entry(Status.OFF, "dictation"))
    for name in ("toggle", "redo", "undo", "copy", "quit"):
        click(said.entry(Status.IDLE, name))
    click(said.entry(Status.IDLE, "-"))
    asked = ["toggle", "redo", "undo", "copy", "quit"]
    assert said.calls == [("enable", False), ("enable", True), *asked]
    assert said.clicks == [*range(7)], "each is first told to be a click on our menu"


def test_a_click_on_a_disabled_entry_does_nothing() -> None:
    said = Said()
    click(said.entry(Status.OFF, "toggle"))
    assert said.calls == []
