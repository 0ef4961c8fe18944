"""base writes while somebody speaks, tiny ends it at the release: with the real weights of both."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from tests.engine.lent import LentRelay
from tests.engine.offline.counted import Counted
from tests.engine.takes import (
    collected,
    engine_of,
    idle,
    quiet,
    send,
    spoken,
    text_of,
    transcribed,
)
from tests.rigs.weights import MOONSHINE_BASE
from tests.speech import pcm16
from tests.waiting import until
from tray_dictate.engine import model_files
from tray_dictate.engine.offline.effort import Effort
from tray_dictate.engine.offline.engine import OfflineEngine, load_models
from tray_dictate.engine.offline.relay import Relay

pytestmark = pytest.mark.weights

SENTENCE = "She wore a mauve scarf to the recital."  # tiny hears a moth, base does not
HEARD = 28800  # samples of it before the release: base writes a wrong word at their end


@pytest.fixture(scope="module")
def relay():
    models = LentRelay(MOONSHINE_BASE, "full")
    models._base._decoder = Counted(MOONSHINE_BASE / "decoder_model_merged.onnx")
    tiny = model_files.find(model_files.MOONSHINE)
    models._moonshine._decoder = Counted(tiny / "decoder_model_merged.ort")
    return models


@pytest.fixture(autouse=True)
def ran(relay):
    """Return which models ran since it was asked last."""
    decoders = {"base": relay._base._decoder, "tiny": relay._moonshine._decoder}

    def since():
        names = [name for name, decoder in decoders.items() if decoder.runs]
        for decoder in decoders.values():
            decoder.reset()
        return names

    since()
    relay._effort = Effort("full")
    return since


@pytest.fixture(scope="module")
def speech():
    return spoken(SENTENCE)


def decode(relay, sound, draft=(), *, urgent=False, cancelled=False):
    cancel = relay.cancellation()
    if cancelled:
        cancel.cancel()
    return relay.decode(sound, draft, cancel, urgent=urgent)


@pytest.fixture(scope="module")
def draft(relay, speech):
    return decode(relay, speech[:HEARD]).tokens


def test_while_the_key_is_held_base_writes(relay, speech, ran):
    assert "mauve" in decode(relay, speech[:HEARD]).text
    assert ran() == ["base"]


def test_at_the_release_tiny_keeps_what_base_has_heard_and_ends_it(relay, speech, draft, ran):
    assert "moth" in decode(relay, speech, urgent=True).text, "tiny alone is not as good"
    ran()

    assert decode(relay, speech, draft, urgent=True).text == SENTENCE
    assert ran() == ["tiny"]


def test_where_the_user_goes_on_after_the_release_it_is_kept_too(relay, speech, draft):
    first = decode(relay, speech[: HEARD + 6000], draft, urgent=True)

    assert decode(relay, speech, first.tokens, urgent=True).text == SENTENCE


def test_a_cancelled_pass_of_base_leaves_its_draft(relay, speech, draft):
    left = decode(relay, speech, draft, cancelled=True)

    assert left.cancelled
    assert decode(relay, speech, left.tokens, urgent=True).text == SENTENCE


def test_what_tiny_itself_has_written_is_only_a_draft(relay, speech, draft):
    assert "moth" in decode(relay, speech, tuple(draft), urgent=True).text


def test_on_battery_tiny_works_alone(relay, speech, ran, monkeypatch):
    eager = relay.segmentation
    relay._effort = Effort("auto")
    monkeypatch.setattr(
        psutil, "sensors_battery", lambda: SimpleNamespace(power_plugged=False), raising=False
    )
    found = decode(relay, speech[:HEARD])
    decode(relay, speech, found.tokens, urgent=True)

    assert ran() == ["tiny"]
    assert relay.segmentation.step > eager.step
    assert relay.segmentation.pause < eager.pause


def test_where_base_is_too_slow_tiny_works_alone(relay, speech, ran):
    relay._effort = Effort("auto")
    for _ in range(6):
        relay._count(10.0, 5.0)
    decode(relay, speech[:HEARD])

    assert ran() == ["tiny"]


async def test_a_release_on_the_last_sample_gives_the_words(relay, speech, ran):
    last = np.flatnonzero(np.abs(speech) > 0.02)[-1] + 1
    async with engine_of(relay) as engine, engine.session() as session:
        await session.send(pcm16(speech[:HEARD]))  # at once: base hears all of it
        await until(lambda: idle(session))
        assert ran() == ["base"]
        await send(session, speech[HEARD:last])
        session.key_released()
        await session.finish()
        text = text_of(await collected(session))
    assert "moth" not in text
    assert text.startswith("She wore a ")
    assert text.endswith(" scarf to the recital.")
    assert "tiny" in ran()


async def test_the_text_of_a_pause_is_bases_and_stands_at_the_release(relay, speech, ran):
    last = np.flatnonzero(np.abs(speech) > 0.02)[-1] + 1
    async with engine_of(relay) as engine, engine.session() as session:
        await send(session, speech[:last], quiet(0.5))
        await until(lambda: idle(session))
        assert ran() == ["base"]
        session.key_released()
        await session.finish()
        assert "Mav" in text_of(await collected(session)), "base's own, with its own error"
    assert ran() == []


async def released_during_the_pass(relay, speech, cost):
    """Return the text where the key goes up while base decodes all that was said.

    `cost`: seconds per second of sound that its pass before seems to have taken.
    """
    last = np.flatnonzero(np.abs(speech) > 0.02)[-1] + 1
    base = relay._base._decoder
    async with engine_of(relay) as engine, engine.session() as session:
        await session.send(pcm16(speech[:HEARD]))  # at once: base hears all of it
        await until(lambda: idle(session))
        base.reset()
        base.free.clear()
        relay._cost = cost
        try:
            await send(session, speech[HEARD:last], quiet(0.5))
            await until(lambda: base.runs)
            session.key_released()
            await session.finish()
        finally:
            base.free.set()
        return text_of(await collected(session))


async def test_a_pass_of_base_that_has_just_begun_at_the_release_is_tinys(relay, speech, ran):
    assert await released_during_the_pass(relay, speech, 1000.0) == SENTENCE
    assert ran() == ["base", "tiny"]


async def test_a_pass_of_base_that_is_nearly_over_at_the_release_is_its_own(relay, speech, ran):
    assert "Mav" in await released_during_the_pass(relay, speech, 0.0), "its own error"
    assert ran() == ["base"]


def test_how_long_base_will_take_is_told_by_its_last_pass(relay, speech):
    relay._cost = -1.0
    decode(relay, speech)
    assert relay._cost > 0


async def test_a_file_is_read_by_base_alone(relay, speech, ran):
    engine = OfflineEngine(lambda: relay, live=False)
    assert await transcribed(engine, speech, quiet(1))
    assert ran() == ["base"]
    await engine.close()


def test_the_setting_decides_whether_the_larger_model_is_loaded():
    light, full = load_models(MOONSHINE_BASE, "light"), load_models(MOONSHINE_BASE, "full")

    assert not isinstance(light, Relay)
    assert isinstance(full, Relay)
    assert not isinstance(load_models(), Relay)


def test_both_models_write_the_users_words():
    sound, words = spoken("Zbigniew asked for Parmigiano in the canteen."), ["Zbigniew"]
    informed = Relay(MOONSHINE_BASE, "full", words)
    draft = decode(informed, sound[:-16000])

    assert "Zbigniew" in draft.text
    assert "Zbigniew" in decode(informed, sound, urgent=True).text
    assert "Zbigniew" in decode(informed, sound, draft.tokens, urgent=True).text
