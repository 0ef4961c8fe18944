"""Which source is opened: never one by itself that hears what the speakers play."""

from __future__ import annotations

import os

import pytest

from tray_dictate.audio.devices import (
    Picked,
    Source,
    choose,
    list_microphones,
    pick,
    point_at,
    sources,
)
from tray_dictate.core.errors import CaptureError

FOUND = [Source("USB Headset", True, 1), Source("USB", False, 2)]
SPEAKERS = Source("Monitor of USB Speaker", True, 0, "speaker.monitor", monitor=True)
QUIET = Source("Monitor of HDMI", False, 0, "hdmi.monitor", monitor=True)
USB = Source("USB Microphone", False, 0, "usb")
BUILT_IN = Source("Built-in", True, 0, "built-in")


class Devices:
    """PortAudio without a sound server."""

    def __init__(self, *names: str, default: int = 0) -> None:
        self._found = [(index, name, index == default) for index, name in enumerate(names)]
        self.rescans = 0

    def inputs(self):
        return self._found

    def rescan(self) -> None:
        self.rescans += 1


def test_the_whole_name_goes_before_one_that_it_is_a_part_of() -> None:
    assert choose(FOUND, "usb") == FOUND[1]
    assert choose(FOUND, "head") == FOUND[0]
    assert choose(FOUND, "Bluetooth") is None


@pytest.mark.parametrize(
    ("found", "wanted", "opened", "named"),
    [
        ([BUILT_IN, USB, QUIET], "", BUILT_IN, False),
        ([SPEAKERS, QUIET, USB], "", USB, False),
        ([SPEAKERS, QUIET, USB], "usb", USB, True),
        ([QUIET, SPEAKERS, USB], "USB", USB, True),
        ([SPEAKERS, USB], "Monitor of USB Speaker", SPEAKERS, True),
        ([BUILT_IN, QUIET], "hdmi", QUIET, True),
        ([SPEAKERS], "monitor", SPEAKERS, True),
        ([BUILT_IN, USB], "Bluetooth", BUILT_IN, False),
        ([SPEAKERS, USB], "Bluetooth", USB, False),
        ([USB], "", USB, False),
    ],
)
def test_a_monitor_is_opened_only_where_the_user_names_it(found, wanted, opened, named) -> None:
    picked = pick(found, wanted)
    assert (picked.source, picked.named) == (opened, named)


@pytest.mark.parametrize(
    ("found", "wanted", "words"),
    [
        ([SPEAKERS, USB], "", ["hears what the speakers play", "'USB Microphone' is used"]),
        ([BUILT_IN, USB], "Head", ["'Head'", "the default one is used", "audio.device"]),
        ([SPEAKERS, USB], "Head", ["'Head'", "hears what the speakers play", "audio.device"]),
    ],
)
def test_who_gets_another_one_is_told_which_and_why(found, wanted, words) -> None:
    note = pick(found, wanted).note
    assert all(word in note for word in words), note


def test_nothing_is_told_of_what_the_user_has_chosen() -> None:
    assert pick([BUILT_IN, USB, QUIET], "").note == ""
    assert pick([SPEAKERS, USB], "Monitor of USB Speaker").note == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "No microphone was found. Connect one, and see that a sound server"),
        ([SPEAKERS], "'Monitor of USB Speaker' hears what the speakers play, not you. Connect one"),
    ],
)
def test_without_a_microphone_one_sentence_says_what_to_do(found, words) -> None:
    with pytest.raises(CaptureError, match="No microphone was found") as error:
        pick(found, "")
    assert words in str(error.value)


def test_the_systems_default_is_followed_unless_it_is_named(monkeypatch) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "of before")
    assert point_at(Picked(BUILT_IN, named=False)) is None
    assert "PULSE_SOURCE" not in os.environ
    assert point_at(Picked(BUILT_IN, named=True)) == 0
    assert os.environ["PULSE_SOURCE"] == "built-in"
    assert point_at(Picked(FOUND[1], named=False)) == 2
    assert "PULSE_SOURCE" not in os.environ


def test_a_device_that_no_sound_server_knows_is_a_monitor_by_its_name() -> None:
    names = ["Stereo Mix (Realtek)", "What U Hear (SB)", "Loopback: PCM (hw:2,1)", "Stereo Mike"]
    found = sources(Devices(*names))  # type: ignore[arg-type]
    assert [source.monitor for source in found] == [True, True, True, False]
    assert pick(found, "").source.name == "Stereo Mike"
    assert list_microphones(Devices(*names)) == [("Stereo Mike", False)]  # type: ignore[arg-type]


def test_where_the_system_has_no_default_the_first_one_is_opened() -> None:
    found = sources(Devices("Built-in", "USB", default=-1))  # type: ignore[arg-type]
    assert point_at(pick(found, "")) == 0
