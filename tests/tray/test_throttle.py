from __future__ import annotations

from tray_dictate.tray.throttle import MOST, SPAN, Throttle


def test_the_same_message_is_said_once_in_a_while() -> None:
    throttle = Throttle()
    assert throttle.allows("no microphone", 100)
    assert not throttle.allows("no microphone", 100 + SPAN / 2)
    assert throttle.allows("something else", 100 + SPAN / 2)
    assert throttle.allows("no microphone", 100 + SPAN)


def test_many_different_messages_are_no_storm() -> None:
    throttle = Throttle()
    said = [throttle.allows(f"problem {n}", 100 + n / 100) for n in range(50)]
    assert said.count(True) == MOST
    assert throttle.allows("later", 101 + SPAN)
