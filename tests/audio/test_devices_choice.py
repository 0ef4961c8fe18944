"""Which source is opened: never one by itself that hears what the speakers play."""

from __future__ import annotations

import os

import pytest

from tray_dictate.audio.devices import (
    CONNECT,
    NONE_FOUND,
    Picked,
    Source,
    choose,
    find_sources,
    list_microphones,
    missing_plugin,
    pick,
    pointing_at,
    sources,
)
from tray_dictate.audio.sound_server import Answer, ServerSource
from tray_dictate.core.errors import CaptureError

VARIABLES = ("PULSE_SOURCE", "PIPEWIRE_NODE", "PIPEWIRE_PROPS")
FOUND = [Source("USB Headset", True, 1), Source("USB", False, 2)]
SPEAKERS = Source("Monitor of USB Speaker", True, 0, "pulse", monitor=True)
QUIET = Source("Monitor of HDMI", False, 0, "pulse", monitor=True)
USB = Source("USB Microphone", False, 0, "pulse")
BUILT_IN = Source("Built-in", True, 0, "pulse", {"PULSE_SOURCE": "built-in"})


MICROPHONE = ServerSource("Jabra", "alsa_input.jabra", default=False, muted=True)
MONITOR = ServerSource("Monitor of HDMI", "hdmi.monitor", default=True, muted=False, sink="hdmi")


class Server:
    """A sound server that says this."""

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer

    def ask(self) -> Answer | None:
        return self._answer


class Devices:
    """PortAudio, and the sound server."""

    def __init__(self, *names: str, default: int = 0, server: str = "") -> None:
        self._found = [(index, name, index == default) for index, name in enumerate(names)]
        self.rescans = 0
        self.server = Server(Answer(server, (MICROPHONE, MONITOR)) if server else None)

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


def opened(picked: Picked) -> tuple[int | None, dict[str, str]]:
    """Return the device, and the environment while it is opened."""
    with pointing_at(picked) as device:
        return device, {name: os.environ[name] for name in VARIABLES if name in os.environ}


def test_the_systems_default_is_followed_unless_it_is_named() -> None:
    assert opened(Picked(BUILT_IN, named=False)) == (None, {})
    assert opened(Picked(BUILT_IN, named=True)) == (0, {"PULSE_SOURCE": "built-in"})
    assert opened(Picked(FOUND[1], named=False)) == (2, {})


def test_the_environment_is_the_users_own_but_while_a_device_is_opened(monkeypatch) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "the user's")
    monkeypatch.delenv("PIPEWIRE_NODE", raising=False)
    assert opened(Picked(BUILT_IN, named=False)) == (None, {})
    assert opened(Picked(Source("Mic", False, 1, "pipewire", {"PIPEWIRE_NODE": "mic"}), True)) == (
        1,
        {"PIPEWIRE_NODE": "mic"},
    )
    assert os.environ["PULSE_SOURCE"] == "the user's"
    assert "PIPEWIRE_NODE" not in os.environ


@pytest.mark.parametrize(
    ("server", "devices", "device", "variables"),
    [
        ("PulseAudio", ["pulse", "default"], 0, {"PULSE_SOURCE": "alsa_input.jabra"}),
        ("PipeWire", ["pulse", "default"], 0, {"PULSE_SOURCE": "alsa_input.jabra"}),
        ("PipeWire", ["pulse", "pipewire"], 1, {"PIPEWIRE_NODE": "alsa_input.jabra"}),
        ("PipeWire", ["default", "pipewire"], 1, {"PIPEWIRE_NODE": "alsa_input.jabra"}),
        ("PulseAudio", ["pipewire", "pulse"], 1, {"PULSE_SOURCE": "alsa_input.jabra"}),
    ],
    ids=["PulseAudio", "PipeWire by PulseAudio's plugin", "PipeWire with both", "PipeWire's plugin",
         "PulseAudio, and PipeWire for the screen"],
)  # fmt: skip
def test_a_microphone_is_chosen_by_the_best_way_to_the_sound_server(
    server, devices, device, variables
) -> None:
    found = sources(Devices(*devices, server=server))  # type: ignore[arg-type]
    assert [(source.name, source.muted) for source in found if not source.monitor] == [
        ("Jabra", True)
    ]
    assert opened(pick(found, "jabra")) == (device, variables)


def test_the_default_is_opened_by_the_way_that_is_sooner() -> None:
    default = Source("Built-in", True, 3, "pipewire", {"PIPEWIRE_NODE": "built-in"})
    assert opened(Picked(default, named=False)) == (3, {})


def test_what_the_speakers_play_is_recorded_from_their_node_of_pipewire() -> None:
    found = sources(Devices("pipewire", server="PipeWire"))  # type: ignore[arg-type]
    variables = {"PIPEWIRE_NODE": "hdmi", "PIPEWIRE_PROPS": "{ stream.capture.sink = true }"}
    assert opened(pick(found, "hdmi")) == (0, variables)


@pytest.mark.parametrize(
    ("server", "devices", "words"),
    [
        ("PipeWire", [], "PipeWire runs, but ALSA has no plugin for it. Install pipewire-alsa."),
        ("PulseAudio", [], "PulseAudio runs, but ALSA has no plugin for it. Install libasound2-pl"),
        ("", [], f"{NONE_FOUND} {CONNECT}"),
    ],
)
def test_where_alsa_does_not_lead_to_the_sound_server_the_package_is_named(
    server, devices, words
) -> None:
    portaudio = Devices(*devices, server=server)
    with pytest.raises(CaptureError, match=NONE_FOUND) as error:
        find_sources(portaudio, "")  # type: ignore[arg-type]
    assert words in str(error.value)
    assert portaudio.rescans == 1, "the plugin may have been installed since"


def test_without_a_plugin_the_hardware_that_portaudio_finds_is_used() -> None:
    portaudio = Devices("HDA Intel PCH: ALC257 (hw:0,0)", server="PipeWire")
    found = find_sources(portaudio, "")  # type: ignore[arg-type]
    assert [source.name for source in found] == ["HDA Intel PCH: ALC257 (hw:0,0)"]
    assert missing_plugin(portaudio).endswith("Install pipewire-alsa.")  # type: ignore[arg-type]
    portaudio = Devices("pulse", server="PipeWire")
    assert missing_plugin(portaudio) == ""  # type: ignore[arg-type]


def test_a_device_that_no_sound_server_knows_is_a_monitor_by_its_name() -> None:
    names = ["Stereo Mix (Realtek)", "What U Hear (SB)", "Loopback: PCM (hw:2,1)", "Stereo Mike"]
    found = sources(Devices(*names))  # type: ignore[arg-type]
    assert [source.monitor for source in found] == [True, True, True, False]
    assert pick(found, "").source.name == "Stereo Mike"
    assert list_microphones(Devices(*names)) == [("Stereo Mike", False)]  # type: ignore[arg-type]


def test_where_the_system_has_no_default_the_first_one_is_opened() -> None:
    found = sources(Devices("Built-in", "USB", default=-1))  # type: ignore[arg-type]
    assert opened(pick(found, "")) == (0, {})
