"""Our own key events are told from the user's."""

from __future__ import annotations

import time

import pytest

from tray_dictate.hotkey import x11
from tray_dictate.hotkey.x11 import Expected

KEY = 105


def test_each_announced_event_is_ours_once() -> None:
    expected = Expected()
    expected.add(KEY, True)
    assert expected.sent(KEY, True)
    assert not expected.sent(KEY, True)
    assert not expected.sent(KEY, False)


def test_a_release_and_a_press_of_the_users_keyboard_are_ours_when_announced() -> None:
    expected = Expected()
    assert expected.again(KEY, False) is False
    expected.add(KEY, None)
    assert [expected.again(KEY, False), expected.again(KEY, True)] == [True, True]
    assert expected.again(KEY, False) is False, "the user's own"


def test_a_user_who_lets_go_between_the_two_has_let_go() -> None:
    expected = Expected()
    expected.add(KEY, None)
    assert [expected.again(KEY, False), expected.again(KEY, False)] == [True, True]
    assert expected.again(KEY, True) is None
    assert expected.again(KEY, True) is False, "a press of the user's"


def test_what_was_sent_by_xtest_is_not_mistaken_for_the_keyboards_own() -> None:
    expected = Expected()
    expected.add(KEY, False)
    assert expected.again(KEY, False) is False
    assert expected.sent(KEY, False)


def test_what_never_came_does_not_spoil_the_next_announcement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = Expected()
    monkeypatch.setattr(x11, "LIMIT", 0.01)
    expected.add(KEY, None)
    time.sleep(0.02)
    monkeypatch.setattr(x11, "LIMIT", 60)
    expected.add(KEY, None)
    assert [expected.again(KEY, False), expected.again(KEY, True)] == [True, True]
    assert expected.again(KEY, False) is False, "the user's own"
