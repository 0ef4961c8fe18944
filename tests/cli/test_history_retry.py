"""The text of a recording, as it would stand in a window."""

from __future__ import annotations

from tray_dictate.cli.history_retry import polished
from tray_dictate.core.text.pipeline import TextPipeline, TextRules

RULES = TextPipeline(TextRules(commands=["en"], languages=["en"]))


def test_commas_between_segments_stay_and_the_last_one_goes():
    said = ["I want a refund,", "Offer a replacement.", "Send it,"]
    assert polished(said, RULES) == "I want a refund, offer a replacement. Send it"


def test_scratch_that_takes_back_the_segment_before():
    assert polished(["One,", "Two,", "Scratch that.", "Three."], RULES) == "One three."
