"""What doctor says of the microphone that is opened."""

from __future__ import annotations

import pytest

from tray_dictate.audio.devices import Source, pick
from tray_dictate.doctor.microphone import _first_sample, _missing
from tray_dictate.system.remedies import ALSA_PLUGINS

SPEAKERS = Source("Monitor of Speaker", True, 0, "pulse", monitor=True)
USB = Source("USB", False, 0, "pulse")
BUILT_IN = Source("Built-in", True, 0, "pulse")


@pytest.mark.parametrize(
    ("found", "wanted", "state", "words", "remedy"),
    [
        ([BUILT_IN, USB], "", "ok", "Built-in, until the first sample", ""),
        ([BUILT_IN], "", "ok", "; by PulseAudio's plugin for ALSA", ""),
        ([Source("Mic", True, 0, "pipewire")], "", "ok", "; by PipeWire's plugin for ALSA", ""),
        ([SPEAKERS, USB], "", "warning", "'Monitor of Speaker' hears", "Choose"),
        ([SPEAKERS, USB], "Monitor", "warning", "hears what", "audio.device"),
        ([BUILT_IN, USB], "Headset", "warning", "No microphone has 'Headset'", "Connect it"),
        ([Source("Mic", True, 0, "pulse", muted=True)], "", "failed", "Mic is muted.", "Unmute it"),
    ],
)  # fmt: skip
def test_a_monitor_is_marked_and_what_is_used_in_its_place_is_named(
    found, wanted, state, words, remedy
):
    finding = _first_sample(pick(found, wanted), 12.0)
    assert finding.state == state
    assert words in finding.words
    assert finding.remedy.startswith(remedy) or remedy in finding.remedy


@pytest.mark.parametrize("server", list(ALSA_PLUGINS))
def test_a_sound_server_to_which_alsa_does_not_lead_is_named_with_the_package(server):
    finding = _missing(f"{server} runs, but ALSA has no plugin for it. {ALSA_PLUGINS[server]}")
    assert finding.state == "warning"
    assert finding.words.startswith(f"{server} runs, but ALSA has no plugin for it: ")
    assert finding.remedy == ALSA_PLUGINS[server]
