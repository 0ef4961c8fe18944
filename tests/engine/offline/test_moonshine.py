from __future__ import annotations

import numpy as np
import pytest

from tests.engine.offline.counted import Counted
from tests.rigs.weights import MOONSHINE_BASE, MOONSHINE_BASE_ES
from tests.speech import SPANISH, recording, resampled, say, spanish
from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine import model_files
from tray_dictate.engine.offline.bias import Bias
from tray_dictate.engine.offline.moonshine import (
    ENGLISH_PACE,
    Moonshine,
    OfflineModels,
    _limit,
    _Search,
)
from tray_dictate.engine.offline.onnx import Cancellation, Model
from tray_dictate.engine.offline.tokens import TokenEncoder

SENTENCE = "The quick brown fox jumps over the lazy dog."
WITHOUT_WORDS = Bias((), TokenEncoder(()))
NAMES = "Zbigniew asked for Parmigiano in the canteen."
WORDS = ["Zbigniew", "Parmigiano", "Kubernetes", "Visual Studio"]


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

    inputs = {"input_ids": []}  # noqa: RUF012

    def run(self, outputs, feeds, cancel):
        logits = np.zeros((1, feeds["input_ids"].shape[1], 10))
        logits[..., 5] = 1
        return [logits]


def test_no_more_is_written_than_can_be_said_in_the_time():
    limit = _limit(np.zeros(16000, np.float32), ENGLISH_PACE)
    search = _Search(Endless(), WITHOUT_WORDS.walk(), limit, draft=(), cancel=None)
    search.run({})

    assert search.found == [5] * 7
    assert search.endless


def test_what_was_found_is_the_same_after_the_memory_is_given_back(moonshine, speech, tokens):
    moonshine.shrink()

    assert moonshine.decode(speech).tokens == tokens


class Ranked:
    """A decoder that likes token 10 + n best at place n, then 20 + n, 3 less; 30 + n, 5 less."""

    inputs = {"input_ids": []}  # noqa: RUF012

    def __init__(self, words):
        self._words = words

    def run(self, outputs, feeds, cancel):
        first = feeds["input_ids"].shape[1]
        logits = np.full((1, first, 40), -20.0)
        for at in range(first):
            if at < self._words:
                logits[0, at, [10 + at, 20 + at, 30 + at]] = 0, -3, -5
            else:
                logits[0, at, 2] = 0
        return [logits]


DRAFTS = [
    ("the model's own words remain", (10, 11, 12), 4, 3, [10, 11, 12]),
    ("a word that is nearly as good remains", (10, 21, 12), 4, 3, [10, 21, 12]),
    ("a worse word does not", (10, 31, 12), 4, 3, [10, 11]),
    ("without tolerance it does not", (10, 21, 12), 0, 3, [10, 11]),
    ("nor beyond what is trusted", (10, 21, 22), 4, 2, [10, 21, 12]),
    ("a word where this model ends does not", (10, 11, 12, 13), 4, 4, [10, 11, 12]),
    ("unless the end is hardly better", (10, 11, 12, 13), 25, 4, [10, 11, 12, 13]),
]


@pytest.mark.parametrize(
    ("draft", "tolerance", "trusted", "found"), [d[1:] for d in DRAFTS], ids=[d[0] for d in DRAFTS]
)
def test_of_a_better_models_draft(draft, tolerance, trusted, found):
    search = _Search(Ranked(3), WITHOUT_WORDS.walk(), 9, draft, None)
    search.trust(tolerance, trusted)
    token = search._verify({})

    assert search.found + ([token] if token != 2 else []) == found


def test_of_a_better_models_last_word_only_what_both_hear_remains(moonshine, speech, tokens):
    text = moonshine.decode(speech).text
    cut_off = (*tokens[:-2], 12, 13)

    assert moonshine.decode(speech, cut_off, None, tolerance=1000.0).text == text


class Wild(Model):
    """A decoder that repeats itself for ever in sound of more than some seconds, or is mute."""

    longest, token = 3.6, 450

    def run(self, outputs, feeds, cancel=None):
        logits, *present = super().run(outputs, feeds, cancel)
        if feeds["encoder_attention_mask"].shape[1] > self.longest * 16000:
            logits = np.zeros_like(logits)
            logits[..., self.token] = 1
        return [logits, *present]


@pytest.fixture(scope="module")
def wild():
    folder = model_files.find(model_files.MOONSHINE)
    model = Moonshine(folder, ENGLISH_PACE)
    model._decoder = Wild(folder / "decoder_model_merged.ort")
    return model


def test_where_the_model_loops_the_sound_is_decoded_in_halves_divided_in_the_pause(wild, speech):
    pause = np.zeros(4000, np.float32)
    other = resampled(*say("The garden gate was open again."), 16000)

    found = wild.decode(np.concatenate([speech, pause, other]))

    assert found.text == f"{SENTENCE} The garden gate was open again."


def test_where_the_model_is_mute_it_gets_halves_too(wild, speech):
    wild._decoder.token = 2  # the end
    try:
        found = wild.decode(np.concatenate([speech, np.zeros(4000, np.float32), speech]))
    finally:
        wild._decoder.token = Wild.token

    assert found.text == f"{SENTENCE} {SENTENCE}"


def test_a_half_that_loops_too_is_divided_again(wild, speech):
    pause = np.zeros(4000, np.float32)

    found = wild.decode(np.concatenate([speech, pause, speech, pause, speech, pause, speech]))

    assert found.text == " ".join([SENTENCE] * 4)


def test_what_loops_in_a_moment_of_sound_is_left_alone(wild):
    wild._decoder.longest, longest = 0, Wild.longest
    try:
        assert set(wild.decode(np.zeros(16000, np.float32)).tokens) == {450}
    finally:
        wild._decoder.longest = longest


def test_a_pass_cancelled_in_its_second_half_says_so(wild, speech):
    class Second(Wild):
        heard = frozenset()

        def run(self, outputs, feeds, cancel=None):
            self.heard |= {feeds["encoder_attention_mask"].shape[1]}
            if len(self.heard) == 3:  # the whole, a half, and now the other
                cancel.cancel()
            return super().run(outputs, feeds, cancel)

    folder = model_files.find(model_files.MOONSHINE)
    model = Moonshine(folder)
    model._decoder = Second(folder / "decoder_model_merged.ort")
    long = np.concatenate([speech, np.zeros(12000, np.float32)])
    found = model.decode(long, (), Cancellation())

    assert found.cancelled
    assert found.text.startswith("The quick")


def test_a_folder_without_its_parts_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(UnavailableError, match=r"neither encoder_model\.ort nor .*local_model"):
        Moonshine(tmp_path)
    (tmp_path / "encoder_model.onnx").write_bytes(b"no model")
    with pytest.raises(UnavailableError, match=r"cannot load encoder_model\.onnx"):
        Moonshine(tmp_path)


@pytest.mark.weights
def test_the_larger_english_model_is_read_from_its_folder(speech):
    larger = Moonshine(MOONSHINE_BASE)
    found = larger.decode(speech)

    assert found.text == SENTENCE
    assert larger.decode(speech, found.tokens) == found
    larger.shrink()


@pytest.mark.weights
def test_spanish_is_read_from_its_folder():
    models = OfflineModels(MOONSHINE_BASE_ES)
    found = models.decode(resampled(*spanish(), 16000), (), models.cancellation(), urgent=False)

    assert found.text == SPANISH


@pytest.fixture(scope="module")
def informed():
    folder = model_files.find(model_files.MOONSHINE)
    model = Moonshine(folder, words=WORDS)
    model._decoder = Counted(folder / "decoder_model_merged.ort")
    return model


@pytest.fixture(scope="module")
def names():
    return resampled(*say(NAMES), 16000)


def test_the_users_words_are_written_as_they_are(moonshine, informed, names):
    assert "Zbigniew" not in moonshine.decode(names).text
    assert informed.decode(names).text == NAMES


def test_the_users_words_change_nothing_where_they_are_not_said(informed, speech, tokens):
    assert informed.decode(speech).tokens == tokens


def test_a_draft_with_the_users_words_is_verified_in_one_run(informed, names):
    found = informed.decode(names).tokens
    informed._decoder.reset()

    assert informed.decode(names, found).tokens == found
    assert informed._decoder.runs == 1


def test_a_draft_leads_to_what_is_found_without_one(moonshine, informed, names):
    """Also if it was made without the words, or ends within one of them."""
    found = informed.decode(names).tokens

    assert informed.decode(names, moonshine.decode(names).tokens).tokens == found
    for end in range(1, len(found)):
        assert informed.decode(names, found[:end]).tokens == found


@pytest.mark.weights
def test_the_larger_model_writes_the_users_words_too(names):
    found = Moonshine(MOONSHINE_BASE, words=WORDS).decode(names)

    assert found.text == NAMES
    assert Moonshine(MOONSHINE_BASE).decode(names).text != NAMES
