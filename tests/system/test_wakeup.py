"""A thread that sleeps in select() is woken by another, as often as needed and never too late."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator

import pytest

from tray_dictate.system.wakeup import WakeUp


@pytest.fixture
def wake_up() -> Iterator[WakeUp]:
    made = WakeUp()
    yield made
    made.close()


def is_set(wake_up: WakeUp, seconds: float = 0) -> bool:
    return bool(select.select([wake_up], [], [], seconds)[0])


def test_another_thread_wakes_it(wake_up: WakeUp) -> None:
    assert not is_set(wake_up)
    setting = threading.Timer(0.1, wake_up.set)
    setting.start()
    assert is_set(wake_up, 10)
    setting.join()
    wake_up.clear()
    assert not is_set(wake_up)


def test_who_sets_it_is_never_held_up_and_one_clear_ends_a_few(wake_up: WakeUp) -> None:
    wake_up.clear()  # nothing to clear
    for _ in range(3):
        wake_up.set()
    wake_up.clear()
    assert not is_set(wake_up)
    for _ in range(100_000):  # more than a socket holds
        wake_up.set()
    assert is_set(wake_up)


def test_after_its_end_nobody_else_gets_what_is_set(wake_up: WakeUp) -> None:
    wake_up.close()
    others = [WakeUp() for _ in range(4)]  # they get its numbers
    wake_up.set()
    assert not any(is_set(other) for other in others)
    assert wake_up.fileno() == -1
    for other in (*others, wake_up):
        other.close()
