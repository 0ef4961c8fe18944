"""Takes with a model that transcribes while one speaks: the library is played, by its rules."""

from __future__ import annotations

import asyncio
import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.file_library import Model, TranscribeError
from tests.engine.spoken_words import said
from tests.engine.takes import RATE, collected, engine_of, text_of
from tests.examples import examples
from tests.servers.realtime.words import silence, word
from tests.waiting import until
from tray_dictate.core.errors import EngineError
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine.offline.engine import OfflineEngine
from tray_dictate.engine.offline.streaming import StreamingSession


@pytest.fixture
def model():
    played = Model()
    yield played
    played.free.set()


def sound(count, first=0):
    return b"".join(word(number, RATE) for number in range(first, first + count))


async def send(session, pcm, size=640):
    for at in range(0, len(pcm), size):
        await session.send(pcm[at : at + size])


async def transcribed(engine, pcm):
    async with engine.session() as session:
        await send(session, pcm)
        await session.finish()
        return text_of(await collected(session)).split()


async def test_text_appears_while_one_speaks_and_is_complete_at_the_release(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        assert isinstance(session, StreamingSession)
        await send(session, sound(20))
        async with asyncio.timeout(10):
            shown = await anext(session.events())
        assert isinstance(shown, Delta)
        assert shown.text.lower().split() == said(20)[: len(shown.text.split())]
        await session.finish()

        assert text_of(await collected(session)).split() == said(20)
    assert len(model.streams) == 1
    assert model.runs == []


async def test_a_phrase_is_completed_at_a_pause_while_the_key_is_held(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        await send(session, sound(5) + silence(2, RATE))
        async with asyncio.timeout(10):
            text = await anext(
                event.text async for event in session.events() if isinstance(event, Completed)
            )

        assert text.split() == said(5)
        assert model.active is None


async def test_each_segment_has_its_place_and_its_stream(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        await send(session, sound(5) + silence(2, RATE) + sound(5, 5))
        await session.finish()
        events = await collected(session)

    committed = [event for event in events if isinstance(event, Committed)]
    assert [(event.item, event.after) for event in committed] == [("1", None), ("2", "1")]
    assert committed[1].span[0] == pytest.approx(2.3, abs=0.3)
    assert [e.text.split() for e in events if isinstance(e, Completed)] == [said(5), said(5, 5)]


async def test_a_text_that_has_not_changed_is_not_shown_again(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        for at in range(0, len(pcm := sound(3) + silence(1, RATE)), 640):
            await session.send(pcm[at : at + 640])
            await asyncio.sleep(0.002)
        await session.finish()
        shown = [event.text for event in await collected(session) if isinstance(event, Delta)]

    assert len(shown) == len(set(shown))


@given(
    phrases=st.lists(
        st.tuples(st.integers(4, 60), st.sampled_from([0.1, 0.16, 0.3, 0.8, 1.7])),
        min_size=1, max_size=12,
    ),
    lag=st.integers(0, 8),
    size=st.sampled_from([640, 1022, 8000, 200_000]),
    released=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=examples(25))
def test_every_word_comes_once_and_in_order_however_it_is_spoken(phrases, lag, size, released):
    async def take():
        pcm, number = b"", 0
        for count, pause in phrases:
            pcm += sound(count, number) + silence(pause, RATE)
            number += count
        engine = OfflineEngine(Model(lag=lag).models)
        async with engine.session() as session:
            held = round(len(pcm) * released) // 2 * 2
            await send(session, pcm[:held], size)
            session.key_released()
            await send(session, pcm[held:], size)
            await session.finish()
            events = await collected(session)
        await engine.close()
        order = [event.item for event in events if isinstance(event, Completed)]
        assert order == sorted(order, key=int)
        assert text_of(events).split() == said(number)

    asyncio.run(take())


async def test_when_the_key_is_up_the_text_exists_before_the_tail_is_over(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        await send(session, sound(20))
        await until(lambda: model.streams)
        session.key_released()
        await send(session, silence(0.1, RATE))
        await until(lambda: session._known[0])
        computed = len(model.streams), len(model.runs)
        await send(session, silence(0.1, RATE))
        await session.finish()

        assert text_of(await collected(session)).split() == said(20)
    assert (len(model.streams), len(model.runs)) == computed == (1, 0)


async def test_who_speaks_on_after_the_release_is_heard_too(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        await send(session, sound(20))
        session.key_released()
        await send(session, silence(0.1, RATE))
        await until(lambda: session._known[0])
        await send(session, sound(20, 20))
        await session.finish()

        assert text_of(await collected(session)).split() == said(40)


async def test_a_segment_that_is_cut_in_mid_speech_is_decoded_as_a_whole(model):
    """The stream has heard more than belongs to it."""
    pcm = b"".join(sound(50, first) + silence(0.12, RATE) for first in range(0, 450, 50))
    async with engine_of(model.models()) as engine, engine.session() as session:
        for at in range(0, len(pcm), 3200):
            await session.send(pcm[at : at + 3200])
            if session._heard > RATE:
                await until(lambda: session._fed and session._heard - session._fed < 5000)
        await session.finish()
        assert text_of(await collected(session)).split() == said(450)

    assert len(model.runs) == 1
    assert len(model.streams) == 2


async def test_a_model_that_cannot_keep_up_goes_on_without_streams(model):
    model.pace = 1
    async with engine_of(model.models()) as engine, engine.session() as session:
        await send(session, sound(40))
        await until(lambda: model.streams)
        await send(session, silence(2, RATE))
        await until(lambda: session._is_slow)
        await send(session, sound(20, 40))
        await until(lambda: not session._wake.is_set())  # it has nothing to do
        assert len(model.streams) == 1
        await send(session, sound(20, 60))
        await session.finish()
        assert text_of(await collected(session)).split() == said(80)

    assert len(model.streams) == len(model.runs) == 1


async def test_two_takes_at_once_have_their_streams_one_after_the_other(model):
    async with engine_of(model.models()) as engine, engine.session() as first:
        await send(first, sound(20))
        await until(lambda: model.active)
        async with engine.session() as second:
            await send(second, sound(20, 50))
            await second.finish()
            await first.finish()
            texts = [text_of(await collected(take)).split() for take in (first, second)]

    assert texts == [said(20), said(20, 50)]


async def test_a_take_that_is_given_up_leaves_the_model_to_the_next(model):
    model.hold = True
    async with engine_of(model.models()) as engine:
        async with engine.session() as session:
            await send(session, sound(20))
            await until(lambda: model.active)
        model.hold = False

        assert await transcribed(engine, sound(9)) == said(9)


async def test_a_take_that_waited_for_its_stream_can_be_given_up(model):
    async with engine_of(model.models()) as engine, engine.session() as first:
        await send(first, sound(20))
        await until(lambda: model.active)
        async with engine.session() as second:
            await send(second, sound(20, 50))
            await asyncio.sleep(0)
        await first.finish()

        assert text_of(await collected(first)).split() == said(20)


async def test_a_take_that_waits_gets_its_stream_when_the_other_is_given_up(model):
    async with engine_of(model.models()) as engine, contextlib.AsyncExitStack() as later:
        async with engine.session() as first:
            await send(first, sound(20))
            await until(lambda: model.active)
            second = await later.enter_async_context(engine.session())
            await send(second, sound(20, 50))
        await second.finish()

        assert text_of(await collected(second)).split() == said(20, 50)


async def test_a_stream_that_fails_ends_the_events_with_the_reason(model):
    model.broken = TranscribeError("out of order")
    async with engine_of(model.models()) as engine:
        async with engine.session() as session:
            async with asyncio.timeout(10):
                for first in range(0, 80, 10):
                    await send(session, sound(10, first) + silence(2, RATE))
                await session.finish()
            with pytest.raises(EngineError, match=r"words\.gguf failed: out of order"):
                await collected(session)
        model.broken = None

        assert await transcribed(engine, sound(9)) == said(9)


async def test_a_click_has_no_stream(model):
    click = np.full(800, 20000, "<i2").tobytes()
    async with engine_of(model.models()) as engine:
        assert await transcribed(engine, silence(1, RATE) + click + silence(2, RATE)) == []
    assert model.streams == []


async def test_a_file_is_decoded_segment_by_segment_without_streams(model):
    engine = OfflineEngine(model.models, live=False)
    assert await transcribed(engine, sound(9) + silence(2, RATE) + sound(9, 9)) == said(18)
    await engine.close()

    assert model.streams == []
    assert len(model.runs) == 2


async def test_sound_is_kept_only_while_its_segment_is_open(model):
    async with engine_of(model.models()) as engine, engine.session() as session:
        for first in range(0, 60, 20):
            await send(session, sound(20, first) + silence(5, RATE))
            assert session._sound.held < RATE
        await session.finish()
        assert text_of(await collected(session)).split() == said(60)


async def test_the_model_is_freed_with_its_engine(model):
    async with engine_of(model.models()) as engine:
        await transcribed(engine, sound(9))
    await until(lambda: model.closed)
