"""Slips of the fingers, and what was meant."""

from __future__ import annotations

import pytest

from tray_dictate.core.suggestions import closest

KNOWN = ("start", "stats", "status", "stop", "history")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("strat", "start"), ("stat", "stats"), ("histry", "history"), ("dictate", ""), ("", "")],
)
def test_the_word_that_was_meant_is_found(word, meant):
    assert closest(word, KNOWN) == meant


def test_who_wants_more_likeness_gets_fewer_words():
    assert closest("histry", KNOWN, 0.9) == "history"
    assert closest("histr", KNOWN, 0.9) == ""
