"""Blocks of the device come together where nothing is to be done with a single one."""

from __future__ import annotations

import numpy as np

from tests.audio.microphone_rig import RATE, FakePortAudio, Rig, collect, highpass
from tests.waiting import until

# 10 ms each, as PortAudio's
BLOCKS = [np.random.default_rng(n).integers(-9000, 9000, 160, "<i2").tobytes() for n in range(24)]


async def sizes(chunks) -> list[int]:
    """Return the samples of each chunk."""
    return [len(chunk) // 2 async for chunk in chunks]


async def test_blocks_come_together_when_they_complete_what_the_detector_judges_at_once():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for block in BLOCKS[:14]:
            await rig.hear(block)
        capture.stop()
        assert await sizes(chunks) == [160, 480, 480, 480, 480, 160], "past 512, 1024, 1536, 2048"


async def test_blocks_of_another_rate_come_together_as_well():
    rig = Rig(FakePortAudio(rate=48000))
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for block in BLOCKS * 4:
            await rig.hear(block * 3)
        capture.stop()
        heard = await sizes(chunks)
    assert len(heard) < 1 + len(BLOCKS) * 4 / 3, "they come three at once, and sometimes four"
    assert sum(heard) > 0.9 * 160 * 4 * len(BLOCKS)


async def test_blocks_come_together_for_as_long_as_they_may():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(BLOCKS[0])
        capture.pace(0.064)
        for block in BLOCKS[1:14]:
            await rig.hear(block)
        capture.pace(0.032)
        for block in BLOCKS[14:18]:
            await rig.hear(block)
        capture.stop()
        assert await sizes(chunks) == [160, 960, 960, 480, 320]


async def test_whoever_hurries_gets_what_was_recorded_and_each_block_from_then_on():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for block in BLOCKS[:3]:
            await rig.hear(block)
        capture.pace(0)
        await rig.hear(BLOCKS[3])
        await rig.hear(BLOCKS[4])
        capture.stop()
        heard = [chunk async for chunk in chunks]
    assert [len(chunk) // 2 for chunk in heard] == [160, 320, 160, 160]
    assert b"".join(heard) == highpass(b"".join(BLOCKS[:5]))


async def test_blocks_that_wait_as_the_device_goes_away_are_in_the_recording():
    rig = Rig()
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        for block in BLOCKS[:3]:
            await rig.hear(block)
        rig.portaudio.on_end()
        await until(lambda: len(rig.portaudio.opened) == 2)
        await rig.hear(BLOCKS[3])
        capture.stop()
        assert await collect(chunks) == highpass(b"".join(BLOCKS[:3])) + highpass(BLOCKS[3])


async def test_a_warm_microphone_wakes_nobody_for_each_block_and_has_them_all_at_the_press():
    rig = Rig(warm="always", preroll_ms=500)
    await rig.microphone.warm_up(RATE)
    await rig.hear(BLOCKS[0])
    before = rig.bridge.posts
    for block in BLOCKS[1:12]:
        await rig.hear(block)
    assert rig.bridge.posts == before
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        capture.stop()
        assert await collect(chunks) == highpass(b"".join(BLOCKS[:12]))


async def test_sound_that_a_closed_device_has_left_is_not_in_the_next_recording():
    rig = Rig(preroll_ms=500)
    async with rig.microphone.capture(RATE).open():
        await rig.hear(BLOCKS[0])
        rig.portaudio.on_audio(BLOCKS[1], False)
    capture = rig.microphone.capture(RATE)
    async with capture.open() as chunks:
        await rig.hear(BLOCKS[2])
        capture.stop()
        assert await collect(chunks) == highpass(BLOCKS[2])
