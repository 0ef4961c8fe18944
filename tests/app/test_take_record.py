"""What became of one dictation, put together from what the take and the delivery tell."""

from __future__ import annotations

import pytest

from tray_dictate.app.take import TakeRecord
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.history.statistics import Timings


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (TakeRecord(raw="a"), "delivered"),
        (TakeRecord(raw="a", state="unconfirmed"), "unconfirmed"),
        (TakeRecord(raw="a", state="kept"), "kept"),
        (TakeRecord(failed=True), "failed"),
        (TakeRecord(raw="a", failed=True), "partly"),
        (TakeRecord(raw="a", failed=True, state="dropped"), "dropped"),
    ],
)
def test_its_outcome(record, outcome):
    assert record.outcome == outcome


def test_the_stages_are_in_milliseconds():
    record = TakeRecord(
        pressed=10.0, heard=10.0412, released=12.0, transcribed=12.002, inserted=12.5
    )
    assert record.timings == Timings(heard_ms=41.2, engine_ms=2.0, text_ms=500.0)


def test_text_that_was_there_before_the_release_took_no_time():
    assert TakeRecord(released=12.0, transcribed=11.0, inserted=11.5).timings == Timings(
        None, 0.0, 0.0
    )


def test_what_did_not_happen_took_no_known_time():
    assert TakeRecord(pressed=1.0, released=2.0).timings == Timings()


def test_the_engine_that_took_over_is_named():
    record = TakeRecord.of(EngineSettings(name="openai", languages=["de", "en"]))
    assert (record.engines, record.language) == ("openai", "de, en")
    record.rescued = True
    assert record.engines == "openai, offline"


def test_the_embedded_engine_knows_english():
    assert TakeRecord.of(EngineSettings()).language == "en"


def test_what_is_stranded_at_the_end_is_not_lost():
    record = TakeRecord(text="One.", raw="one.")
    record.strand("two.")
    assert (record.raw, record.text, record.outcome) == ("one. two.", "One. two.", "kept")


@pytest.mark.parametrize(
    ("record", "complete"),
    [
        (TakeRecord(text="a"), True),
        (TakeRecord(), False),
        (TakeRecord(text="a", failed=True), False),
        (TakeRecord(text="a", state="dropped"), False),
        (TakeRecord(text="a", state="partly"), True),
    ],
)
def test_enter_is_pressed_only_after_all_that_was_said(record, complete):
    assert record.complete is complete
