"""What makes the user's terms more likely."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tray_dictate.engine.offline.bias import Bias
from tray_dictate.engine.offline.tokens import TokenEncoder

LETTERS = "\u2581abcdeABCDE"
VOCABULARY = [*[b"<unk>"] * 259, *(letter.encode() for letter in LETTERS)]
ENCODER = TokenEncoder(VOCABULARY)
NOTHING = np.zeros(len(VOCABULARY), np.float32)


def token(letter: str) -> int:
    return 259 + LETTERS.index(letter)


def bonuses(bias: Bias, said: str = "") -> dict[str, float]:
    """Return the bonus of each letter after what was said; "_" is a space."""
    walk = bias.walk()
    for letter in said.replace("_", "\u2581"):
        walk.follow(token(letter))
    raised = walk.raised(NOTHING)
    return {
        letter.replace("\u2581", "_"): pytest.approx(float(raised[token(letter)]), abs=1e-5)
        for letter in LETTERS if raised[token(letter)]
    }  # fmt: skip


def grown(depth: int) -> float:
    return 2 * (1 + math.log(depth))


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        ("", {"_": 2}),
        ("_", {"_": 2, "a": grown(2), "A": grown(2)}),
        ("_a", {"_": 2, "b": grown(3)}),
        ("_ab", {"_": 2, "c": grown(4), "d": grown(4)}),
        ("_abc", {"_": 2}),
        ("_abd", {"_": 2}),
        ("_ac", {"_": 2}),
        ("abc_A", {"_": 2, "b": grown(3)}),
        ("_a_", {"_": 2, "a": grown(2), "A": grown(2)}),
    ],
)
def test_what_continues_a_term_gets_the_more_the_further_the_term_has_come(said, raised):
    assert bonuses(Bias(["abc", "abd"], ENCODER), said) == raised


def test_of_two_bonuses_that_of_the_term_that_has_come_further_counts():
    raised = bonuses(Bias(["a b", "b"], ENCODER), "_a_")
    assert (raised["b"], raised["B"]) == (grown(4), grown(2))


def test_the_boost_is_that_of_the_first_token():
    assert bonuses(Bias(["abc"], ENCODER, boost=0.5)) == {"_": 0.5}


def test_without_terms_the_scores_stay_as_they_are():
    assert Bias([], ENCODER).walk().raised(NOTHING) is NOTHING


def test_the_models_own_scores_are_not_changed():
    Bias(["abc"], ENCODER).walk().raised(NOTHING)
    assert not NOTHING.any()


def test_two_walks_do_not_disturb_each_other():
    bias = Bias(["abc"], ENCODER)
    first, second = bias.walk(), bias.walk()
    first.follow(token("\u2581"))
    assert not np.array_equal(first.raised(NOTHING), second.raised(NOTHING))
