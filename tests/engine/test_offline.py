from __future__ import annotations

import asyncio
import contextlib
import re
import threading

import numpy as np
import pytest

from tests.engine.fakes import FakeModels
from tests.speech import pcm16, recording, resampled, say
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine.offline import OfflineEngine
from tray_dictate.errors import EngineError, UnavailableError

RATE = 16000
CHUNK = RATE // 50  # 20 ms


@contextlib.asynccontextmanager
async def engine_of(models):
    engine = OfflineEngine(lambda: models)
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def engine(embedded):
    async with engine_of(embedded) as engine:
        yield engine


@pytest.fixture
def fake():
    models = FakeModels()
    yield models
    models.free.set()  # no pass outlives its test


def loud(seconds):
    return np.tile(np.array([0.5, -0.5], np.float32), int(seconds * RATE / 2))


def quiet(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


def spoken(text):
    return resampled(*say(text), RATE)


def words(text):
    return re.findall(r"[a-z']+", text.lower())


async def send(session, *sounds):
    samples = np.concatenate(sounds)
    for at in range(0, len(samples), CHUNK):
        await session.send(pcm16(samples[at : at + CHUNK]))


async def collected(session):
    return [event async for event in session.events()]


async def transcribed(engine, *sounds):
    async with engine.session() as session:
        await send(session, *sounds)
        await session.finish()
        return text_of(await collected(session))


def text_of(events):
    return " ".join(event.text for event in events if isinstance(event, Completed) and event.text)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - of the fake's own thread
            await asyncio.sleep(0.002)


def idle(session):
    return not session._running and not session._wake.is_set()


# With the real models


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


# With models that do as they are told


async def test_a_release_in_the_middle_of_a_pass_cancels_it_and_uses_what_it_found(fake):
    fake.hold = True
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0))
        await until(lambda: fake.passes)
        await send(session, loud(0.4))
        fake.hold = False
        await session.finish()
        events = await collected(session)

    assert len(fake.cancelled) == 1
    assert fake.passes[-1][1] == (7, 7, 7)
    assert events[-1] == Completed("1", "14 tokens")


async def test_a_pass_that_holds_all_of_it_is_not_begun_again_at_the_release(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0), quiet(0.3))
        await until(lambda: idle(session))
        before = len(fake.passes)
        await session.finish()

        assert text_of(await collected(session)) == "13 tokens"
        assert len(fake.passes) == before


async def test_a_running_pass_that_holds_all_of_it_is_waited_for_not_cancelled(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(0.25))  # too short for a pass before the pause
        fake.hold = True
        await send(session, quiet(0.3))
        await until(lambda: fake.passes)
        await session.finish()
        fake.free.set()

        assert text_of(await collected(session)) == "5 tokens"
        assert (len(fake.passes), fake.cancelled) == (1, [])


async def test_what_is_less_than_a_hop_at_the_end_is_heard_too(fake):
    async with engine_of(fake) as engine:
        assert await transcribed(engine, loud(1.01)) == "11 tokens"


async def test_the_draft_of_one_segment_is_not_the_draft_of_the_next(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0), quiet(2.0))
        await until(lambda: idle(session))
        fake.passes.clear()
        await send(session, loud(1.0))
        await session.finish()
        await collected(session)

    assert fake.passes[0][1] == ()


async def test_leaving_before_the_finish_gives_the_take_up(fake):
    fake.hold = True
    async with engine_of(fake) as engine:
        async with engine.session() as session:
            await send(session, loud(1.0))
            await until(lambda: fake.passes)

        await until(lambda: fake.cancelled)
        assert [event async for event in session.events()] == []


async def test_a_take_that_is_given_up_holds_up_no_other(fake):
    fake.hold = True
    async with engine_of(fake) as engine:
        async with engine.session() as session:
            await send(session, loud(1.0))
            await until(lambda: fake.passes)
        fake.hold = False

        assert await transcribed(engine, loud(1.0)) == "10 tokens"


async def test_a_model_that_fails_ends_the_events_with_the_reason(fake):
    fake.broken = True
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0))
        await session.finish()

        with pytest.raises(EngineError, match="out of order"):
            await collected(session)


async def test_a_model_that_fails_leaves_no_sender_waiting(fake):
    fake.broken = True
    async with engine_of(fake) as engine, engine.session() as session:
        async with asyncio.timeout(10):
            for _ in range(8):
                await send(session, loud(5), quiet(1))
            await session.finish()

        with pytest.raises(EngineError):
            await collected(session)


async def test_the_pause_is_how_long_nobody_has_spoken(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        assert session.pause() == 0
        await send(session, quiet(0.5))
        assert session.pause() == pytest.approx(0.5, abs=0.001)
        await send(session, loud(0.5))
        assert session.pause() == pytest.approx(0, abs=0.04)
        await send(session, quiet(0.3))
        assert session.pause() == pytest.approx(0.3, abs=0.04)


async def test_a_key_pressed_before_the_models_are_loaded_waits_for_them(fake):
    loaded = threading.Event()

    def slow():
        loaded.wait(10)
        return fake

    engine = OfflineEngine(slow)
    take = asyncio.create_task(transcribed(engine, loud(1.0)))
    await asyncio.sleep(0.05)
    assert not take.done()
    loaded.set()

    assert await take == "10 tokens"
    await engine.close()


async def test_a_take_given_up_while_the_models_load_does_not_stop_the_loading(fake):
    loaded = threading.Event()
    engine = OfflineEngine(lambda: (loaded.wait(10), fake)[1])
    take = asyncio.create_task(transcribed(engine, loud(1.0)))
    await asyncio.sleep(0.02)
    take.cancel()
    loaded.set()
    with contextlib.suppress(asyncio.CancelledError):
        await take

    assert await transcribed(engine, loud(1.0)) == "10 tokens"
    await engine.close()


async def test_models_are_loaded_once(fake):
    loads = []
    engine = OfflineEngine(lambda: (loads.append(1), fake)[1])
    await asyncio.gather(engine.load(), engine.load())
    await transcribed(engine, loud(1.0))

    assert loads == [1]
    await engine.close()


async def test_models_that_cannot_be_loaded_are_tried_again_next_time(fake):
    loads = []

    def make():
        loads.append(1)
        if len(loads) < 3:
            raise UnavailableError("No model.", "Install it.")
        return fake

    engine = OfflineEngine(make)
    with pytest.raises(UnavailableError, match="No model"):
        await engine.load()
    with pytest.raises(EngineError, match=r"No model\. Install it\."):
        await transcribed(engine, loud(1.0))

    assert await transcribed(engine, loud(1.0)) == "10 tokens"
    await engine.close()


async def test_a_long_take_is_forgotten_as_it_is_committed(fake):
    most = 0
    async with engine_of(fake) as engine, engine.session() as session:
        for _ in range(10):
            await send(session, loud(20), quiet(1))
            most = max(most, session._sound.held)
            await send(session, quiet(10))
            assert session._sound.held <= RATE * 0.3
        await session.finish()
        await collected(session)

    assert most <= 25 * RATE


async def test_a_file_waits_for_the_worker_before_it_fills_the_memory(fake):
    fake.hold = True
    async with engine_of(fake) as engine, engine.session() as session:

        async def send_all():
            for _ in range(20):
                await session.send(pcm16(np.concatenate([loud(5), quiet(1)])))
            await session.finish()

        sending = asyncio.create_task(send_all())
        await until(lambda: len(session._owed) > 4)
        await asyncio.sleep(0.1)
        assert len(session._owed) <= 6
        fake.free.set()
        await sending

        assert text_of(await collected(session)).count("tokens") == 20


async def test_memory_is_given_back_when_the_last_take_is_over(fake):
    async with engine_of(fake) as engine:
        async with engine.session():
            async with engine.session():
                pass
            assert fake.rests == 0
        await until(lambda: fake.rests == 1)


async def test_the_loop_is_free_while_a_long_file_is_heard(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        sending = asyncio.create_task(session.send(pcm16(np.tile(quiet(60), 5))))
        turns = 0
        while not sending.done():
            await asyncio.sleep(0)
            turns += 1

    assert turns > 50


async def test_closing_twice_is_allowed_and_leaves_sessions_able_to_end(fake):
    engine = OfflineEngine(lambda: fake)
    async with engine.session():
        await engine.close()
    await engine.close()
