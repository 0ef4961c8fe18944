"""How long a take waits for a server."""

from __future__ import annotations

from tray_dictate.engine.realtime.patience import Patience


def test_the_wait_counts_from_its_beginning_and_not_from_its_end():
    patience = Patience(10)
    assert (patience.left, patience.answer) == (10, 5)
    patience.lose(since=100, now=107)
    assert (patience.left, patience.answer) == (3, 3)
    patience.lose(since=108, now=109)
    assert patience.left == 1, "it has not served since"
    patience.lose(since=109, now=200)
    assert patience.left == 0


def test_a_text_makes_it_whole():
    patience = Patience(10)
    patience.lose(since=100, now=107)
    patience.regain()
    assert (patience.left, patience.answer) == (10, 5)
    patience.lose(since=120, now=121)
    assert patience.left == 9
