from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes import FakeTrayCommands
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuOption, MenuState, ModelOffer
from tray_dictate.ui.tray.menu import Entry, View, click, click_default, menu

CHOICES = MenuState(
    microphones=(MenuOption("", "Default", chosen=True), MenuOption("USB", "USB")),
    engines=(
        MenuOption("offline", "This computer", chosen=True),
        MenuOption("openai", "?", enabled=False),
    ),
    languages=(
        MenuOption((), "Automatic"),
        MenuOption(("de", "en"), "German and English", chosen=True),
    ),
    methods=(MenuOption("auto", "Auto", chosen=True), MenuOption("type", "Typing")),
    recent=(MenuOption(1.5e9, "✓ Hello"), MenuOption(1.25e9, "✗ World")),
    local_models=(MenuOption("", "Best", chosen=True), MenuOption("whisper-base", "Whisper")),
    offers=(
        (
            "Spanish",
            (ModelOffer("base-es", "Base (64 MB)", f"{'Free if you are poor. ' * 5}End."),),
        ),
        ("German", (ModelOffer("parakeet", "Parakeet (485 MB)"),)),
    ),
    autostart=True,
)


class Said:
    """What was asked for."""

    def __init__(self, choices: MenuState = CHOICES) -> None:
        self.choices = choices
        self.commands = FakeTrayCommands()
        self.calls, self.clicks = self.commands.did, self.commands.clicks

    def entry(self, status: Status, *names: str) -> Entry:
        children = menu(View(status, choices=self.choices), self.commands)
        for name in names:
            [found] = [entry for entry in children if entry.name == name]
            children = found.children
        return found


TABLE = [
    ("ready: on, and may start", Status.IDLE, True, "Start dictation", True),
    ("opening: may stop", Status.OPENING, True, "Stop dictation", True),
    ("recording: may stop", Status.RECORDING, True, "Stop dictation", True),
    ("transcribing: may start the next", Status.TRANSCRIBING, True, "Start dictation", True),
    ("off: unticked, and cannot start", Status.OFF, False, "Start dictation", False),
    ("a problem: may try again", Status.ERROR, True, "Start dictation", True),
]


@pytest.mark.parametrize(
    ("status", "on", "label", "enabled"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_the_menu_goes_with_the_status(status: Status, on: bool, label: str, enabled: bool) -> None:
    said = Said()
    assert said.entry(status, "dictation").checked is on
    assert said.entry(status, "toggle").label == label
    assert said.entry(status, "toggle").enabled is enabled
    click_default(menu(View(status), said.commands))
    assert said.calls == (["toggle"] if enabled else [])


CLICKS = [
    (("dictation",), ("enable", False)),
    (("toggle",), "toggle"),
    (("audio.device", ""), ("audio.device", "")),
    (("audio.device", "USB"), ("audio.device", "USB")),
    (("engine.name", "offline"), ("engine.name", "offline")),
    (("engine.languages", "()"), ("engine.languages", [])),
    (("engine.languages", "('de', 'en')"), ("engine.languages", ["de", "en"])),
    (("engine.local_model", "whisper-base"), ("engine.local_model", "whisper-base")),
    (("models", "German", "parakeet"), ("get", "parakeet")),
    (("models", "Spanish", "base-es", "accept"), ("get", "base-es")),
    (("output.method", "type"), ("output.method", "type")),
    (("recent", "1500000000.0"), ("copy", 1.5e9)),
    (("recent", "1250000000.0"), ("copy", 1.25e9)),
    (("redo",), "redo"),
    (("undo",), "undo"),
    (("copy",), "copy"),
    (("autostart",), ("autostart", False)),
    (("settings",), ("open", "settings")),
    (("check",), ("open", "check")),
    (("log",), ("open", "log")),
    (("quit",), "quit"),
]


@pytest.mark.parametrize(("names", "done"), CLICKS, ids=[" > ".join(row[0]) for row in CLICKS])
def test_an_entry_does_what_it_says(names: tuple[str, ...], done: object) -> None:
    said = Said()
    click(said.entry(Status.IDLE, *names))
    assert said.calls == [done]
    assert said.clicks == [0], "first it is told to be a click on our menu"


def test_dictation_that_is_off_is_switched_on() -> None:
    said = Said()
    click(said.entry(Status.OFF, "dictation"))
    assert said.calls == [("enable", True)]


@pytest.mark.parametrize("names", [("toggle",), ("engine.name", "openai"), ("-",)], ids=str)
def test_a_click_on_a_disabled_entry_or_on_a_line_does_nothing(names: tuple[str, ...]) -> None:
    said = Said()
    click(said.entry(Status.OFF, *names))
    assert said.calls == []


def test_one_of_several_is_checked_and_recent_ones_have_nothing_to_check() -> None:
    said = Said()
    engines = said.entry(Status.IDLE, "engine.name").children
    assert [(entry.checked, entry.radio, entry.enabled) for entry in engines] == [
        (True, True, True), (False, True, False),
    ]  # fmt: skip
    recent = said.entry(Status.IDLE, "recent").children
    assert [(entry.label, entry.checked) for entry in recent] == [
        ("✓ Hello", None), ("✗ World", None),
    ]  # fmt: skip


def test_before_the_first_look_there_is_nothing_to_choose() -> None:
    said = Said(MenuState())
    assert said.entry(Status.IDLE, "recent", "nothing").label == "Nothing yet"
    assert not said.entry(Status.IDLE, "audio.device", "nothing").enabled
    assert said.entry(Status.IDLE, "autostart").checked is False
    assert not said.entry(Status.IDLE, "autostart").enabled


def test_a_name_of_any_origin_is_fit_to_show() -> None:
    said = Said(MenuState(microphones=(MenuOption("x", "USB\0 \u202emic\n" + "x" * 100),)))
    label = said.entry(Status.IDLE, "audio.device", "x").label
    assert label.startswith("USB mic xxx")
    assert len(label) == 80


def test_no_two_siblings_have_one_name() -> None:
    entries = menu(View(choices=CHOICES), Said().commands)
    for siblings in (entries, *(entry.children for entry in entries)):
        assert len({entry.name for entry in siblings}) == len(siblings)


def test_a_licence_that_is_not_free_is_read_before_it_can_be_accepted() -> None:
    said = Said()
    offered = said.entry(Status.IDLE, "models", "Spanish", "base-es")
    assert offered.action is None, "a click on the name downloads nothing"
    *terms, line, accept = offered.children
    assert " ".join(entry.label for entry in terms) == f"{'Free if you are poor. ' * 5}End."
    assert not any(entry.enabled or entry.action for entry in terms)
    assert (line.label, accept.label) == ("", "Accept and download")


def test_a_download_can_be_stopped_and_no_second_one_begun() -> None:
    said = Said(replace(CHOICES, download="Parakeet, 25 %"))
    stop = said.entry(Status.IDLE, "download")
    assert stop.label == "Stop download (Parakeet, 25 %)"
    click(stop)
    assert said.calls == ["cancel download"]
    assert "models" not in [entry.name for entry in menu(View(choices=said.choices), said.commands)]


def test_where_no_model_can_be_chosen_or_had_the_menu_says_so() -> None:
    entries = {entry.name: entry for entry in menu(View(), FakeTrayCommands())}
    assert not {"engine.local_model", "download"} & entries.keys()
    assert [child.enabled for child in entries["models"].children] == [False]
