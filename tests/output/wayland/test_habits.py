"""Who reads unasked is a clipboard manager: a table of what processes do."""

from __future__ import annotations

import pytest

from tray_dictate.output.wayland.readers import UNKNOWN
from tray_dictate.output.wayland.selection_server import EAGER, ONE_PASTE, ManagerDetector

MANAGER, TARGET = 7, 8


@pytest.fixture
def habits() -> ManagerDetector:
    return ManagerDetector()


def test_who_reads_once_unasked_is_a_suspect_and_who_does_it_often_a_manager(habits) -> None:
    for number in range(3):
        assert not habits.is_manager(MANAGER)
        habits.offered(number)
        habits.reads_unasked(MANAGER, number)
        habits.reads_unasked(MANAGER, number)  # another type of the same change
        assert habits.is_suspect(MANAGER)
    assert habits.is_manager(MANAGER)
    assert not habits.is_suspect(TARGET)


def test_who_asks_whether_a_text_is_secret_is_a_manager(habits) -> None:
    habits.asks_for_secrets(MANAGER)
    assert habits.is_manager(MANAGER)


def test_what_a_target_reads_late_of_a_paste_makes_it_no_suspect(habits) -> None:
    habits.fetches(TARGET, 10)
    habits.reads_unasked(TARGET, 10 + ONE_PASTE / 2)
    assert not habits.is_suspect(TARGET)
    habits.reads_unasked(TARGET, 10 + ONE_PASTE)
    assert habits.is_suspect(TARGET)


def test_a_suspect_that_leaves_alone_what_is_given_back_is_one_no_longer(habits) -> None:
    habits.offered(10)
    habits.reads_unasked(TARGET, 10)
    habits.reads_unasked(MANAGER, 10)
    habits.given_back(20)
    habits.reads_unasked(MANAGER, 20.1)
    habits.offered(20.2)
    assert habits.is_suspect(TARGET), "it had no time yet"
    habits.offered(20 + EAGER + 0.1)
    assert not habits.is_suspect(TARGET)
    assert habits.is_suspect(MANAGER)


def test_a_manager_stays_one_though_it_leaves_something_out(habits) -> None:
    habits.asks_for_secrets(MANAGER)
    habits.given_back(20)
    habits.offered(30)
    assert habits.is_manager(MANAGER)


def test_a_target_is_sure_once_it_has_left_alone_what_was_given_back(habits) -> None:
    assert not habits.fetches(TARGET, 10)
    assert not habits.fetches(TARGET, 20), "nothing was given back yet"
    habits.given_back(21)
    assert not habits.fetches(TARGET, 21 + EAGER / 2)
    assert habits.fetches(TARGET, 22)
    habits.given_back(23)
    assert habits.fetches(TARGET, 23.1), "it is known from before"


def test_nobody_that_is_known_is_never_sure_and_never_a_manager(habits) -> None:
    habits.fetches(UNKNOWN, 10)
    habits.given_back(11)
    assert not habits.fetches(UNKNOWN, 20)
    habits.asks_for_secrets(UNKNOWN)
    assert habits.is_suspect(UNKNOWN)
    assert not habits.is_manager(UNKNOWN)
