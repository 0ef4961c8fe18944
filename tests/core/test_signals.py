"""Who is subscribed hears of each change, in order, until it leaves."""

from __future__ import annotations

from collections.abc import Callable

from tray_dictate.core.signals import Signal


def test_subscribers_get_the_values_in_the_order_in_which_they_came():
    heard: list[tuple[str, str, int]] = []
    changed: Signal[str, int] = Signal()
    changed.subscribe(lambda word, number: heard.append(("first", word, number)))
    changed.subscribe(lambda word, number: heard.append(("second", word, number)))
    changed.emit("level", 3)
    assert heard == [("first", "level", 3), ("second", "level", 3)]


def test_who_has_left_hears_no_more_and_may_leave_twice():
    heard: list[int] = []
    changed: Signal[int] = Signal()
    leave = changed.subscribe(heard.append)
    changed.subscribe(heard.append)  # the same one again is another subscription
    leave()
    leave()
    changed.emit(1)
    assert heard == [1]


def test_without_a_subscriber_nothing_happens():
    changed = Signal[()]()
    changed.emit()
    assert not changed.has_subscribers
    changed.subscribe(list)
    assert changed.has_subscribers


def test_a_subscriber_may_leave_or_bring_another_while_it_is_called():
    heard: list[str] = []
    changed: Signal[()] = Signal()
    leaving: list[Callable[[], None]] = []

    def once() -> None:
        heard.append("once")
        leaving.pop()()
        changed.subscribe(lambda: heard.append("new"))

    leaving.append(changed.subscribe(once))
    changed.subscribe(lambda: heard.append("always"))
    changed.emit()
    assert heard == ["once", "always"]
    changed.emit()
    assert heard == ["once", "always", "always", "new"]
