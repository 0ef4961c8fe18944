"""When the larger model works too."""

import pytest

from tray_dictate.engine.offline.effort import Effort

SLOW, QUICK = 0.2, 0.05  # seconds per second of sound


@pytest.mark.parametrize(
    ("wanted", "on_battery", "full"),
    [
        ("auto", False, True), ("auto", True, False), ("full", False, True), ("full", True, True),
        ("light", False, False), ("light", True, False),
    ],
)  # fmt: skip
def test_the_setting_and_the_supply_of_power_decide(wanted, on_battery, full):
    assert Effort(wanted).is_full(0, on_battery=on_battery) is full


def passes(effort, *costs, sound=5.0, now=0.0):
    return [effort.count(cost * sound, sound, now) for cost in costs]


def test_where_passes_are_too_slow_the_larger_model_rests_and_is_tried_again():
    effort = Effort("auto")

    assert passes(effort, *[SLOW] * 6, now=100) == [False] * 5 + [True]
    assert not effort.is_full(100, on_battery=False)
    assert not effort.is_full(690, on_battery=False)
    assert effort.is_full(710, on_battery=False)
    assert passes(effort, *[SLOW] * 6, now=710) == [False] * 5 + [True]
    assert not effort.is_full(720, on_battery=False)


def test_a_few_slow_passes_among_quick_ones_are_no_slow_machine():
    effort = Effort("auto")

    assert not any(passes(effort, *([SLOW] * 5 + [QUICK]) * 3))
    assert effort.is_full(0, on_battery=False)


def test_passes_over_a_moment_of_sound_say_nothing():
    effort = Effort("auto")

    assert not any(passes(effort, *[3 * SLOW] * 20, sound=1.0))
    assert not any(passes(effort, *[SLOW] * 5))


@pytest.mark.parametrize("wanted", ["full", "light"])
def test_what_the_user_wants_is_not_overruled(wanted):
    effort = Effort(wanted)

    assert not any(passes(effort, *[SLOW] * 20))
    assert effort.is_full(0, on_battery=True) is (wanted == "full")
