from __future__ import annotations

import math

import numpy as np
import pytest

from tests.daemon_rig import Rig
from tests.waiting import until
from tray_dictate.core.samples import Meter, level, power

RATE = 16000


def tone(decibels: float, seconds: float) -> bytes:
    """Return a sine whose mean square is so many dB below full scale."""
    amplitude = 32767 * math.sqrt(2) * 10 ** (decibels / 20)
    at = np.arange(int(RATE * seconds)) / RATE
    return np.clip(amplitude * np.sin(2000 * at), -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("decibels", "shown"),
    [(-100, 0.0), (-52, 0.0), (-33, 0.5), (-14, 1.0), (-4, 1.0)],
)
def test_the_level_goes_with_the_loudness_as_ears_hear_it(decibels: float, shown: float) -> None:
    assert level(power(tone(decibels, 1))) == pytest.approx(shown, abs=0.02)


def test_nothing_has_no_power() -> None:
    assert power(b"") == power(bytes(100)) == 0


def test_small_chunks_make_ten_levels_a_second() -> None:
    meter = Meter(RATE)
    sound = tone(-14, 1)
    fed = [meter.feed(sound[start : start + 320]) for start in range(0, len(sound), 320)]  # 10 ms
    levels = [due for due in fed if due is not None]
    assert len(levels) == 10
    assert min(levels) > 0.95


def test_a_long_chunk_is_one_level_and_it_falls_slowly() -> None:
    meter = Meter(RATE)
    levels = [meter.feed(tone(-14, 3))]
    levels += [meter.feed(bytes(RATE * 2 // 10)) for _ in range(20)]
    assert None not in levels
    assert levels[1] == pytest.approx(0.6 * levels[0])
    assert levels[-1] < 0.01


async def test_the_tray_gets_the_level_of_what_is_recorded_and_none_when_idle() -> None:
    rig = Rig()
    await rig.daemon.start()
    assert rig.tray.levels == []
    rig.press()
    capture = await rig.capture()
    capture.speak("loud words " * 200)
    await until(lambda: rig.tray.levels)
    rig.release()
    await rig.idle()
    heard = len(rig.tray.levels)
    assert 0 < max(rig.tray.levels) <= 1
    await rig.stop()
    assert len(rig.tray.levels) == heard
