"""What becomes of speech and noise: with the real models."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.engine.takes import (
    CHUNK,
    RATE,
    collected,
    engine_of,
    quiet,
    send,
    spoken,
    text_of,
    transcribed,
    words,
)
from tests.fakes import FakeNotices
from tests.speech import pcm16, recording, resampled
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine import select


@pytest.fixture
async def engine(offline_models):
    async with engine_of(offline_models) as engine:
        yield engine


async def test_the_words_come_out_when_the_key_goes_up_on_the_last_sample(engine):
    sound = spoken("Please bring the small ladder.")
    last = np.flatnonzero(np.abs(sound) > 0.02)[-1]

    assert await transcribed(engine, sound[: last + 1]) == "Please bring the small ladder."


async def test_text_appears_while_the_key_is_held(engine):
    sentences = (
        "The train to the coast leaves at seven in the morning, so we should be early.",
        "Please take the umbrella that stands behind the door.",
    )
    async with engine.session() as session:
        await send(session, spoken(sentences[0]), quiet(1.2), spoken(sentences[1])[:RATE])
        async with asyncio.timeout(10):
            text = await anext(
                event.text async for event in session.events() if isinstance(event, Completed)
            )

        assert words(text) == words(sentences[0])


async def test_a_long_take_comes_out_whole_and_in_order(engine):
    samples, rate = recording("two_cities")
    text = await transcribed(engine, resampled(samples[: 20 * rate], rate, RATE))

    parts = ["best of times", "worst of times", "age of wisdom", "foolishness", "belief"]
    places = [text.lower().find(part) for part in [*parts, "incredulity"]]
    assert places == sorted(places)
    assert places[0] >= 0


async def test_events_tell_each_segment_in_spoken_order_with_its_place(engine):
    first, second = spoken("One, two, three, four."), spoken("Five, six, seven, eight.")
    async with engine.session() as session:
        await send(session, first, quiet(2), second)
        await session.finish()
        events = await collected(session)

    committed = [event for event in events if isinstance(event, Committed)]
    completed = [event for event in events if isinstance(event, Completed)]
    assert [(event.item, event.after) for event in committed] == [("1", None), ("2", "1")]
    assert [event.item for event in completed] == ["1", "2"]
    assert all(events.index(c) < events.index(d) for c, d in zip(committed, completed, strict=True))
    assert committed[0].span == pytest.approx((0, len(first) / RATE), abs=0.5)
    assert committed[1].span[0] == pytest.approx(len(first) / RATE + 2, abs=0.5)


NOISE = np.random.default_rng(5)
CLOCK = np.arange(4 * RATE) / RATE
SOUNDLESS = {
    "digital silence": quiet(4),
    "the hiss of a microphone": NOISE.normal(0, 0.002, 4 * RATE),
    "loud white noise": NOISE.normal(0, 0.2, 4 * RATE),
    "wind": np.cumsum(NOISE.normal(0, 1, 4 * RATE)) / 2000,
    "mains hum": 0.1 * np.sin(2 * np.pi * 50 * CLOCK) + 0.05 * np.sin(2 * np.pi * 150 * CLOCK),
    "a beep": 0.3 * np.sin(2 * np.pi * 880 * CLOCK) * (CLOCK % 1 < 0.2),
    "clicks": np.where(np.arange(4 * RATE) % 4801 < 30, 0.8, 0) * NOISE.choice([-1, 1], 4 * RATE),
    "a constant offset": np.full(4 * RATE, 0.3),
    "knocks": NOISE.normal(0, 0.5, 4 * RATE) * np.exp(-60 * (CLOCK % 0.7)),
}


@pytest.mark.parametrize("sound", SOUNDLESS.values(), ids=SOUNDLESS.keys())
async def test_where_nobody_speaks_nothing_is_written(engine, sound):
    assert await transcribed(engine, sound.astype(np.float32)) == ""


async def test_a_quiet_voice_is_understood(engine):
    text = "Please send the invoice to accounting before noon."

    assert words(await transcribed(engine, spoken(text) * 0.03)) == words(text)


async def test_two_takes_at_once_do_not_hear_each_other(engine):
    first, second = "Please bring the small ladder.", "The garden gate was open again."

    texts = await asyncio.gather(
        transcribed(engine, spoken(first)), transcribed(engine, spoken(second))
    )

    assert texts == [first, second]


async def test_a_take_without_a_sample_ends_at_once(engine):
    async with engine.session() as session:
        await session.finish()

        assert await collected(session) == []


@pytest.mark.parametrize("size", [2, 1022, 4096, 200_000])
async def test_chunks_may_have_any_size(engine, size):
    sound = pcm16(spoken("Good morning."))
    async with engine.session() as session:
        for at in range(0, len(sound), size):
            await session.send(sound[at : at + size])
        await session.finish()

        assert text_of(await collected(session)) == "Good morning."


async def test_a_preview_grows_while_somebody_speaks(engine):
    text = "Please send the invoice to accounting before noon."
    async with engine.session() as session:
        for at in range(0, len(sound := spoken(text)), CHUNK):
            await session.send(pcm16(sound[at : at + CHUNK]))
            await asyncio.sleep(0.005)
        await session.finish()
        deltas = [e.text for e in await collected(session) if isinstance(e, Delta)]

    assert len(deltas) > 1
    assert words(deltas[-1])[:3] == ["please", "send", "the"]


async def test_the_users_words_reach_the_model():
    engine = select(EngineSettings(keywords=["Zbigniew"]), FakeNotices())
    sound = spoken("Zbigniew asked for an apple.")

    assert await transcribed(engine, sound) == "Zbigniew asked for an apple."
    await engine.close()
