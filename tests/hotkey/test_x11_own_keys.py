"""Our own key events are told from the user's."""

from __future__ import annotations

from tray_dictate.hotkey.x11.own_keys import OwnKeys

KEY = 105


def test_each_announced_event_is_ours_once() -> None:
    own = OwnKeys()
    own.announce(KEY, True)
    assert own.take_sent(KEY, True)
    assert not own.take_sent(KEY, True)
    assert not own.take_sent(KEY, False)


def test_a_release_and_a_press_of_the_users_keyboard_are_ours_when_announced() -> None:
    own = OwnKeys()
    assert own.take_restored(KEY, False) is False
    own.announce(KEY, None)
    assert [own.take_restored(KEY, False), own.take_restored(KEY, True)] == [True, True]
    assert own.take_restored(KEY, False) is False, "the user's own"


def test_a_user_who_lets_go_between_the_two_has_let_go() -> None:
    own = OwnKeys()
    own.announce(KEY, None)
    assert [own.take_restored(KEY, False), own.take_restored(KEY, False)] == [True, True]
    assert own.take_restored(KEY, True) is None
    assert own.take_restored(KEY, True) is False, "a press of the user's"


def test_what_was_sent_by_xtest_is_not_mistaken_for_the_keyboards_own() -> None:
    own = OwnKeys()
    own.announce(KEY, False)
    assert own.take_restored(KEY, False) is False
    assert own.take_sent(KEY, False)


def test_what_never_came_does_not_spoil_the_next_announcement() -> None:
    now = 0.0
    own = OwnKeys(patience=2, clock=lambda: now)
    own.announce(KEY, None)
    now = 2.1
    own.announce(KEY, None)
    assert [own.take_restored(KEY, False), own.take_restored(KEY, True)] == [True, True]
    assert own.take_restored(KEY, False) is False, "the user's own"
