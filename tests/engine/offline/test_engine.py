"""What timing decides: with models that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import numpy as np
import pytest

from tests.engine.fakes import FakeModels
from tests.engine.takes import (
    RATE,
    collected,
    engine_of,
    idle,
    loud,
    quiet,
    send,
    text_of,
    transcribed,
)
from tests.speech import pcm16
from tests.waiting import until
from tray_dictate.core.errors import EngineError, UnavailableError
from tray_dictate.core.segments import Completed
from tray_dictate.engine.models import Decoded
from tray_dictate.engine.offline.engine import OfflineEngine


@pytest.fixture
def fake():
    models = FakeModels()
    yield models
    models.free.set()  # no pass outlives its test


async def test_a_release_in_the_middle_of_a_pass_cancels_it_and_uses_what_it_found(fake):
    fake.hold = True
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0))
        await until(lambda: fake.passes)
        await send(session, loud(0.4))
        await session.finish()
        fake.hold = False  # for the last pass
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


async def test_its_old_spellings_are_those_of_today():
    class Bookish(FakeModels):
        def decode(self, samples, draft, cancel, *, urgent):
            return Decoded("The shopping-list is for to-day.")

    async with engine_of(Bookish()) as engine, engine.session() as session:
        await send(session, loud(1.0))
        await session.finish()
        assert text_of(await collected(session)) == "The shopping list is for today."


async def test_when_the_key_is_up_the_last_pass_is_over_before_the_tail(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(0.4))
        session.key_released()
        await send(session, quiet(0.1))
        await until(lambda: fake.passes)
        await send(session, quiet(0.1))
        await session.finish()

        assert text_of(await collected(session)) == "7 tokens"  # 0.4 s, and 0.2 s of silence
        assert len(fake.passes) == 1


async def test_when_the_key_goes_up_a_pass_of_less_than_all_is_cancelled(fake):
    fake.hold = True
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(1.0))
        await until(lambda: fake.passes)
        session.key_released()
        await until(lambda: fake.cancelled)


async def test_when_the_key_goes_up_in_a_pause_its_running_pass_goes_on(fake):
    async with engine_of(fake) as engine, engine.session() as session:
        await send(session, loud(0.25))  # too short for a pass before the pause
        fake.hold = True
        await send(session, quiet(0.3))
        await until(lambda: fake.passes)
        session.key_released()
        await send(session, quiet(0.1))
        await session.finish()
        fake.free.set()

        assert text_of(await collected(session)) == "5 tokens"
        assert (len(fake.passes), fake.cancelled) == (1, [])


async def test_a_segment_of_a_file_is_decoded_once(fake):
    engine = OfflineEngine(lambda: fake, live=False)
    async with engine.session() as session:
        await send(session, loud(3.0), quiet(0.5), loud(3.0), quiet(1.0), loud(1.0))
        await session.finish()
        assert len([e for e in await collected(session) if isinstance(e, Completed)]) == 2
    await engine.close()
    assert [draft for _, draft in fake.passes] == [(), ()]


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
        assert session.silence_seconds() == 0
        await send(session, quiet(0.5))
        assert session.silence_seconds() == pytest.approx(0.5, abs=0.001)
        await send(session, loud(0.5))
        assert session.silence_seconds() == pytest.approx(0, abs=0.04)
        await send(session, quiet(0.3))
        assert session.silence_seconds() == pytest.approx(0.3, abs=0.04)


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


MOMENT = 0.02 / 60  # minutes


async def test_models_that_nobody_uses_are_freed_and_loaded_again_for_the_next_take():
    loaded = []
    engine = OfflineEngine(lambda: loaded.append(FakeModels()) or loaded[-1], unload_minutes=MOMENT)
    assert await transcribed(engine, loud(1.0)) == "10 tokens"
    await until(lambda: loaded[0].closed)
    assert await transcribed(engine, loud(1.0)) == "10 tokens"

    assert len(loaded) == 2
    await engine.close()
    await until(lambda: loaded[1].closed)


async def test_models_that_were_loaded_for_no_take_are_freed_too(fake):
    engine = OfflineEngine(lambda: fake, unload_minutes=MOMENT)
    await engine.load()
    await until(lambda: fake.closed)
    await engine.close()


async def test_models_in_use_are_not_freed(fake):
    engine = OfflineEngine(lambda: fake, unload_minutes=MOMENT)
    async with engine.session() as session:
        async with engine.session():
            pass
        await asyncio.sleep(MOMENT * 60 * 3)
        assert not fake.closed
        await send(session, loud(1.0))
        await session.finish()
        assert text_of(await collected(session)) == "10 tokens"
    await until(lambda: fake.closed)
    await engine.close()


async def test_models_are_not_freed_while_a_take_waits_for_them(fake):
    loaded = threading.Event()
    engine = OfflineEngine(lambda: (loaded.wait(10), fake)[1], unload_minutes=MOMENT)
    loading = asyncio.create_task(engine.load())
    await asyncio.sleep(0)
    loading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loading
    take = asyncio.create_task(transcribed(engine, loud(1.0)))
    await asyncio.sleep(MOMENT * 60 * 3)
    loaded.set()

    assert await take == "10 tokens"
    assert not fake.closed
    await engine.close()


async def test_models_stay_loaded_unless_a_time_is_set(fake):
    async with engine_of(fake) as engine:
        await transcribed(engine, loud(1.0))
        assert engine._unloading is None
    await until(lambda: fake.closed)


async def test_models_that_are_still_being_loaded_are_freed_when_the_engine_is_closed(fake):
    loaded = threading.Event()
    engine = OfflineEngine(lambda: (loaded.wait(10), fake)[1])
    loading = asyncio.create_task(engine.load())
    await until(lambda: engine._loading and engine._loading.running())
    await engine.close()
    loaded.set()
    await loading
    await until(lambda: fake.closed)


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
