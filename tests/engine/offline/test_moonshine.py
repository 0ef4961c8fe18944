from __future__ import annotations

import numpy as np
import pytest

from tests.speech import recording, resampled, say
from tray_dictate.engine import model_files
from tray_dictate.engine.offline.moonshine import Moonshine, _limit, _Search
from tray_dictate.engine.offline.onnx import Cancellation, Model

SENTENCE = "The quick brown fox jumps over the lazy dog."


class Counted(Model):
    """A decoder that counts its runs, and cancels in one of them."""

    def __init__(self, path):
        super().__init__(path)
        self.reset()

    def reset(self, cancel_at=None):
        self.runs, self.cancel_at = 0, cancel_at

    def run(self, outputs, feeds, cancel=None):
        self.runs += 1
        if self.runs == self.cancel_at:
            cancel.cancel()
        return super().run(outputs, feeds, cancel)


@pytest.fixture(scope="module")
def moonshine():
    folder = model_files.find(model_files.MOONSHINE)
    model = Moonshine(folder)
    model._decoder = Counted(folder / "decoder_model_merged.ort")
    return model


@pytest.fixture
def counted(moonshine):
    moonshine._decoder.reset()
    return moonshine._decoder


@pytest.fixture(scope="module")
def speech():
    return resampled(*say(SENTENCE), 16000)


@pytest.fixture(scope="module")
def tokens(moonshine, speech):
    return moonshine.decode(speech).tokens


def test_speech_becomes_its_words(moonshine, speech):
    assert moonshine.decode(speech).text == SENTENCE


def test_a_person_is_understood(moonshine):
    samples, rate = recording("two_cities")
    found = moonshine.decode(resampled(samples[: 6 * rate], rate, 16000))

    assert "best of times" in found.text


def test_a_right_draft_is_verified_in_one_run(moonshine, speech, tokens, counted):
    assert moonshine.decode(speech, tokens).tokens == tokens
    assert counted.runs == 1


def test_the_beginning_as_draft_leaves_only_the_rest_to_do(moonshine, speech, tokens, counted):
    assert moonshine.decode(speech, tokens[:6]).tokens == tokens
    assert counted.runs == len(tokens) - 6 + 1


def test_a_wrong_word_in_the_draft_is_put_right_and_the_rest_of_it_used(
    moonshine, speech, tokens, counted
):
    draft = (*tokens[:2], 9999, *tokens[3:])

    assert moonshine.decode(speech, draft).tokens == tokens
    assert counted.runs < len(tokens) - 3


def test_a_draft_of_other_words_does_no_harm(moonshine, speech, tokens):
    assert moonshine.decode(speech, (500, 600, 700, 800, 900, 1000)).tokens == tokens


def test_a_draft_that_says_more_than_the_sound_is_cut(moonshine, speech, tokens):
    assert moonshine.decode(speech, tokens + tokens).tokens == tokens


def test_a_cancelled_pass_keeps_what_it_found_as_a_draft(moonshine, speech, tokens, counted):
    counted.reset(cancel_at=6)

    found = moonshine.decode(speech, (), Cancellation())

    assert (found.tokens, found.cancelled) == (tokens[:5], True)


def test_a_pass_cancelled_before_it_begins_keeps_its_draft(moonshine, speech, tokens):
    cancel = Cancellation()
    cancel.cancel()

    found = moonshine.decode(speech, tokens[:4], cancel)

    assert (found.tokens, found.cancelled) == (tokens[:4], True)


def test_a_pass_cancelled_after_a_mismatch_keeps_the_rest_of_the_draft(
    moonshine, speech, tokens, counted
):
    counted.reset(cancel_at=2)
    found = moonshine.decode(speech, (*tokens[:4], 9999, 9998), Cancellation())

    assert (found.tokens, found.cancelled) == ((*tokens[:5], 9999, 9998), True)


@pytest.mark.parametrize("samples", [0, 1, 800, 3200])
def test_any_length_can_be_decoded(moonshine, samples):
    assert not moonshine.decode(np.zeros(samples, np.float32)).cancelled


class Endless:
    """A decoder that says the same word for ever."""

    inputs = ()

    def run(self, outputs, feeds, cancel):
        logits = np.zeros((1, feeds["input_ids"].shape[1], 10))
        logits[..., 5] = 1
        return [logits]


def test_no_more_is_written_than_can_be_said_in_the_time():
    search = _Search(Endless(), limit=_limit(np.zeros(16000, np.float32)), draft=(), cancel=None)
    search.run({})

    assert search.found == [5] * 7


def test_what_was_found_is_the_same_after_the_memory_is_given_back(moonshine, speech, tokens):
    moonshine.shrink()

    assert moonshine.decode(speech).tokens == tokens
