"""What doctor says of the microphone that is opened."""

from __future__ import annotations

import pytest

from tray_dictate.audio.devices import Source, pick
from tray_dictate.doctor.microphone import _first_sample

SPEAKERS = Source("Monitor of Speaker", True, 0, "pulse", monitor=True)
USB = Source("USB", False, 0, "pulse")
BUILT_IN = Source("Built-in", True, 0, "pulse")


@pytest.mark.parametrize(
    ("found", "wanted", "state", "words", "remedy"),
    [
        ([BUILT_IN, USB], "", "ok", "Built-in, until the first sample", ""),
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
