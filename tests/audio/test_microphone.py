"""The microphone over a PortAudio whose callbacks the test makes."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from tests.audio.microphone_rig import (
    LIMITS,
    LOUD,
    NOISE,
    RATE,
    FakePortAudio,
    Rig,
    SlowPortAudio,
    collect,
    highpass,
)
from tests.waiting import until
from tray_dictate.audio.microphone import Limits
from tray_dictate.audio.sound_server import Answer, ServerSource
from tray_dictate.core.errors import CaptureError


async def test_a_recording_holds_what_was_said_between_open_and_stop():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(times=3)
        capture.stop()
        await rig.hear()
        assert await collect(chunks) == highpass(LOUD * 3)
    assert rig.portaudio.open_streams == 0
    assert rig.portaudio.opened == [None], "the default device"


async def test_a_stop_before_the_opening_ends_at_once():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    capture.stop()
    capture.stop()
    async with capture.open() as chunks:
        assert await collect(chunks) == b""


async def test_a_device_is_found_by_a_part_of_its_name():
    rig = Rig(device="usb")
    async with rig.microphone.capture(RATE).open():
        assert rig.portaudio.opened == [1]
    assert rig.said == []


async def test_a_device_that_is_not_there_is_told_once_and_the_default_used():
    rig = Rig(device="Nothing")
    for _ in range(2):
        async with rig.microphone.capture(RATE).open():
            await asyncio.sleep(0)
    assert rig.portaudio.opened == [None, None]
    assert rig.portaudio.rescans == 2, "it may have been plugged in since"
    assert len(rig.said) == 1
    assert "'Nothing'" in rig.said[0]


async def test_a_busy_device_is_tried_once_more():
    rig = Rig()
    rig.portaudio.busy = 1
    async with rig.microphone.capture(RATE).open():
        assert rig.portaudio.open_streams == 1


async def test_a_device_that_stays_busy_is_an_error():
    rig = Rig()
    rig.portaudio.busy = 2
    with pytest.raises(CaptureError, match="device busy"):
        async with rig.microphone.capture(RATE).open():
            pass
    async with rig.microphone.capture(RATE).open():
        assert rig.portaudio.open_streams == 1, "the next one works"


async def test_another_rate_is_resampled():
    rig = Rig(FakePortAudio(rate=48000))
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
        for part in np.split(tone.astype("<i2"), 50):
            await rig.hear(part.tobytes())
        capture.stop()
        samples = np.frombuffer(await collect(chunks), "<i2")
    assert 15500 <= len(samples) <= 16000  # the filter holds 16 ms back
    assert abs(int(np.abs(samples[8000:8100]).max()) - 8000) < 40


async def test_lost_samples_are_counted_and_logged(caplog):
    rig = Rig()
    async with rig.microphone.capture(RATE).open():
        await rig.hear(lost=True)
        await rig.hear(lost=True)
    assert rig.microphone.overflows == 2
    assert "samples were lost" in caplog.text


async def test_a_warm_microphone_brings_the_preroll_and_no_more():
    rig = Rig(warm="always", preroll_ms=40)
    await rig.microphone.warm_up(RATE)
    await rig.hear(NOISE[1])
    await rig.hear(NOISE[2])
    await rig.hear(NOISE[3])
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(NOISE[4])
        capture.stop()
        whole = highpass(b"".join(NOISE[1:5]))
        assert await collect(chunks) == whole[len(LOUD) :]
    assert rig.portaudio.open_streams == 1, "it stays open"
    second = rig.microphone.capture(RATE)
    async with second.open() as chunks:
        second.stop()
        assert await collect(chunks) == b"", "nothing is heard twice"
    await rig.microphone.close()
    assert rig.portaudio.open_streams == 0


async def test_who_follows_learns_whenever_the_microphone_opens_and_closes():
    rig = Rig(warm="always")
    told: list[bool] = []
    rig.microphone.open_changed.subscribe(lambda: told.append(rig.microphone.is_open))
    assert not rig.microphone.is_open
    await rig.microphone.warm_up(RATE)
    async with rig.microphone.capture(RATE).open():
        pass
    assert told == [True], "it is open between two takes, too"
    await rig.microphone.close()
    await rig.microphone.close()
    assert told == [True, False]


async def test_a_microphone_kept_warm_for_a_while_cools():
    rig = Rig(warm=0.03)
    async with rig.microphone.capture(RATE).open():
        pass
    assert rig.portaudio.open_streams == 1
    async with rig.microphone.capture(RATE).open():
        await asyncio.sleep(0.06)
        assert rig.portaudio.open_streams == 1, "not while it is in use"
    await asyncio.sleep(0.06)
    assert rig.portaudio.open_streams == 0
    assert rig.portaudio.opened == [None]


async def _hears_a_take(rig: Rig) -> None:
    """See that a new take has the one stream that is open, and that it sends."""
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for _ in range(5):
            await asyncio.sleep(0)
        assert rig.portaudio.open_streams == 1
        await rig.hear()
        capture.stop()
        assert await collect(chunks) == highpass(LOUD)


@pytest.mark.parametrize("turns", range(5))
async def test_a_take_that_begins_as_the_microphone_cools_has_it(turns):
    rig = Rig(warm=0.001)
    async with rig.microphone.capture(RATE).open():
        pass
    # the timer is due by the next turn of the loop, and the take begins so many turns after it
    time.sleep(0.005)  # noqa: ASYNC251 - the timer must be late, not run
    for _ in range(turns):
        await asyncio.sleep(0)
    await _hears_a_take(rig)
    await rig.microphone.close()


@pytest.mark.parametrize("turns", range(1, 5))
async def test_a_take_that_begins_as_an_idle_device_goes_away_opens_the_next_one(turns):
    rig = Rig(warm=5)
    async with rig.microphone.capture(RATE).open():
        pass
    rig.portaudio.on_end()
    for _ in range(turns):
        await asyncio.sleep(0)
    await _hears_a_take(rig)
    assert rig.said == [], "nobody has missed anything"
    await rig.microphone.close()


async def record(rig: Rig) -> bytes:
    """Record until cancelled, as a take does."""
    async with rig.microphone.capture(RATE).open() as chunks:
        return await collect(chunks)


async def test_a_device_that_opens_for_nobody_any_more_is_closed_and_not_heard():
    rig = Rig(portaudio := SlowPortAudio(), preroll_ms=500)
    recording = asyncio.create_task(record(rig))
    await until(portaudio.opening.is_set)
    recording.cancel()
    await asyncio.wait({recording})
    portaudio.may_open.set()
    await until(lambda: portaudio.opened == [None] and not portaudio.open_streams)
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        capture.stop()
        assert await collect(chunks) == highpass(LOUD), "what its own device has sent, and no more"
    await until(lambda: not portaudio.open_streams)


async def test_a_device_is_closed_though_who_closes_it_is_cancelled_as_well():
    rig = Rig(portaudio := SlowPortAudio())
    portaudio.may_open.set()
    recording = asyncio.create_task(record(rig))
    await until(lambda: bool(portaudio.open_streams))
    portaudio.may_open.clear()
    portaudio.opening.clear()
    portaudio.on_end()
    await until(portaudio.opening.is_set)  # the closing has to wait until the next one is open
    for _ in range(3):
        recording.cancel()
        await asyncio.sleep(0.01)
    portaudio.may_open.set()
    await asyncio.wait({recording})
    await until(lambda: not portaudio.open_streams)


@pytest.mark.parametrize("turns", range(5))
async def test_a_cancellation_that_comes_with_a_chunk_is_not_lost(turns):
    rig = Rig()
    recording = asyncio.create_task(record(rig))
    await until(lambda: bool(rig.portaudio.open_streams))
    await rig.hear()
    rig.portaudio.on_audio(LOUD, False)
    for _ in range(turns):
        await asyncio.sleep(0)
    recording.cancel()
    done, _ = await asyncio.wait({recording}, timeout=5)
    recording.cancel()
    assert done, "it records on and on"
    assert not rig.portaudio.open_streams


async def test_a_take_that_is_cancelled_while_it_waits_for_the_device_of_another_leaves_none():
    rig = Rig(portaudio := SlowPortAudio())
    first = asyncio.create_task(record(rig))
    await until(portaudio.opening.is_set)
    second = asyncio.create_task(record(rig))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait({first})
    second.cancel()
    await asyncio.wait({second})
    portaudio.may_open.set()
    await until(lambda: bool(portaudio.opened) and not portaudio.open_streams)


async def test_a_take_that_is_cancelled_while_the_microphone_is_warm_lets_it_cool():
    rig = Rig(portaudio := SlowPortAudio(), warm=0.05)
    portaudio.may_open.set()
    async with rig.microphone.capture(RATE).open():
        pass
    async with rig.microphone._opening:  # as while another device is sought
        recording = asyncio.create_task(record(rig))
        await asyncio.sleep(0.01)
        recording.cancel()
        await asyncio.wait({recording})
    await until(lambda: not portaudio.open_streams)


async def test_what_a_device_sends_before_its_rate_is_known_is_resampled():
    rig = Rig(portaudio := SlowPortAudio(rate=48000))
    portaudio.may_open.set()
    portaudio.early = 50
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        capture.stop()
        heard = len(await collect(chunks)) / len(LOUD)
    assert 14 < heard < 17, "a third of fifty, less what the filter holds back"


async def test_a_second_recording_ends_the_tail_of_the_first():
    rig = Rig()
    first, second = rig.microphone.capture(RATE), rig.microphone.capture(RATE)
    async with first.open() as one:
        await rig.hear(NOISE[1])
        async with second.open() as two:
            await rig.hear(NOISE[2])
            second.stop()
            assert await collect(one) == highpass(NOISE[1])
            assert await collect(two) == highpass(NOISE[1] + NOISE[2])[len(LOUD) :]
    assert rig.portaudio.opened == [None], "one stream for both"


async def test_after_the_end_of_pipewire_it_waits_a_moment_before_it_opens_again():
    class PipeWire:
        def ask(self) -> Answer:
            return Answer("PipeWire", (ServerSource("Mic", "mic", default=True, muted=False),))

    rig = Rig(FakePortAudio(("pipewire",)))
    rig.portaudio.server = PipeWire()
    capture = rig.microphone.capture(RATE)
    async with capture.open():
        await rig.hear()
        ended = time.monotonic()
        rig.portaudio.on_end()
        await until(lambda: len(rig.portaudio.opened) == 2)
        assert time.monotonic() - ended >= LIMITS.retry
        assert rig.portaudio.opened == [0, 0]


async def test_a_device_that_goes_away_is_replaced_by_the_next_one():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(NOISE[1])
        late = rig.portaudio.on_audio
        rig.portaudio.busy = 2  # the sound server moves things about
        rig.portaudio.on_end()
        late(NOISE[7], False)  # too late
        await until(lambda: len(rig.portaudio.opened) == 2)
        late(NOISE[7], False)
        await rig.hear(NOISE[2], times=2)
        capture.stop()
        assert await collect(chunks) == highpass(NOISE[1]) + highpass(NOISE[2] * 2)
    assert rig.portaudio.open_streams == 0
    assert len(rig.said) == 1
    assert "were not recorded" in rig.said[0]


async def test_where_no_other_device_comes_the_recording_ends_after_what_was_said():
    rig = Rig(limits=Limits(replacement=0.1, retry=0.02))
    capture = rig.microphone.capture(RATE)
    heard = b""
    with pytest.raises(CaptureError, match="gone away"):
        async with capture.open() as chunks:
            await rig.hear()
            rig.portaudio.busy = 1000
            rig.portaudio.on_end()
            async for chunk in chunks:
                heard += chunk
    assert heard == highpass(LOUD)
    rig.portaudio.busy = 0
    async with rig.microphone.capture(RATE).open():
        assert rig.portaudio.open_streams == 1, "the next one opens anew"
        await rig.hear()
    assert rig.said == [], "the error is told by whom it ends"
    assert rig.portaudio.open_streams == 0


async def test_a_release_while_another_device_is_sought_ends_the_recording():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear()
        rig.portaudio.busy = 1000
        rig.portaudio.on_end()
        await asyncio.sleep(0.05)
        capture.stop()
        assert await collect(chunks) == highpass(LOUD)
    rig.portaudio.busy = 0
    await asyncio.sleep(2 * LIMITS.retry)
    assert rig.portaudio.open_streams == 0, "nobody wants it any more"


async def test_a_warm_microphone_that_goes_away_comes_back():
    rig = Rig(warm="always")
    await rig.microphone.warm_up(RATE)
    rig.portaudio.busy = 2
    rig.portaudio.on_end()
    await until(lambda: len(rig.portaudio.opened) == 2)
    await rig.hear()
    assert rig.portaudio.open_streams == 1
    assert rig.said == [], "nobody has missed anything"


async def test_two_losses_one_after_the_other_are_mended_once_each():
    rig = Rig(warm="always")
    await rig.microphone.warm_up(RATE)
    rig.portaudio.busy = 1000
    rig.portaudio.on_end()
    await asyncio.sleep(0.05)
    rig.portaudio.busy = 0
    async with rig.microphone.capture(RATE).open():
        assert len(rig.portaudio.opened) == 2, "the take has not waited for the next try"
        rig.portaudio.on_end()
        await until(lambda: len(rig.portaudio.opened) == 3)
        await asyncio.sleep(2 * LIMITS.retry)
        assert len(rig.portaudio.opened) == 3
        assert rig.portaudio.open_streams == 1


async def test_after_a_sleep_an_open_microphone_is_opened_anew_and_a_closed_one_stays_closed():
    rig = Rig(warm="always")
    await rig.microphone.after_resume()
    assert rig.portaudio.opened == []
    await rig.microphone.warm_up(RATE)
    await rig.microphone.after_resume()
    await until(lambda: len(rig.portaudio.opened) == 2)
    assert rig.portaudio.open_streams == 1


async def test_a_stalled_device_that_stays_stalled_is_an_error():
    rig = Rig(limits=Limits(first_sample=0.1, stalled=0.1, first_sample_of_next=0.1))
    with pytest.raises(CaptureError, match="stopped sending sound"):
        async with rig.microphone.capture(RATE).open() as chunks:
            await rig.hear()
            await collect(chunks)
    assert len(rig.portaudio.opened) == 2, "it was tried again first"


async def test_a_stalled_device_is_replaced_by_one_that_works():
    rig = Rig(limits=Limits(first_sample=0.1, stalled=0.1))
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear()
        collecting = asyncio.create_task(collect(chunks))
        await until(lambda: len(rig.portaudio.opened) == 2)
        await rig.hear()
        capture.stop()
        assert await collecting == highpass(LOUD) * 2


async def test_a_device_that_takes_its_time_at_first_is_waited_for():
    rig = Rig(limits=Limits(stalled=0.1))
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        asyncio.get_running_loop().call_later(1.3, rig.portaudio.on_audio, LOUD, False)
        asyncio.get_running_loop().call_later(1.4, capture.stop)
        assert await collect(chunks) == highpass(LOUD)


async def test_a_microphone_that_sends_only_zeros_is_told_once():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(bytes(640), times=300)
        capture.stop()
        await collect(chunks)
    assert len(rig.said) == 1
    assert "only silence" in rig.said[0]


async def test_a_microphone_that_sends_a_constant_sends_only_silence():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(np.full(320, 3000, "<i2").tobytes(), times=150)
        capture.stop()
        assert not any(await collect(chunks))
    assert "only silence" in rig.said[0]


async def test_what_is_constant_is_not_heard_in_speech():
    rig = Rig(FakePortAudio(rate=48000), warm="always")
    await rig.microphone.warm_up(RATE)
    speech = 2000 * np.sin(2 * np.pi * 300 * np.arange(48000) / 48000) + 3000
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for part in np.split(speech.astype("<i2"), 50):
            await rig.hear(part.tobytes())
        capture.stop()
        samples = np.frombuffer(await collect(chunks), "<i2")[4000:]
    assert abs(float(samples.mean())) < 20
    assert abs(int(np.abs(samples).max()) - 2000) < 40


async def test_zeros_after_speech_are_a_pause():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear()
        await rig.hear(bytes(640), times=300)
        capture.stop()
        await collect(chunks)
    assert rig.said == []


async def test_a_very_quiet_microphone_is_told():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(b"\x08\0\xf8\xff" * 160, times=60)
        capture.stop()
        await collect(chunks)
    assert len(rig.said) == 1
    assert "very quiet" in rig.said[0]
