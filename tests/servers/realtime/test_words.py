import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.servers.realtime.words import MOST, heard, silence, spans, word

RATES = (16000, 24000, 48000)
NUMBERS = st.lists(st.integers(0, MOST), min_size=1, max_size=6)


@given(NUMBERS, st.sampled_from(RATES), st.lists(st.integers(0, 3000), min_size=7, max_size=7))
def test_every_word_is_heard_once_in_order_whatever_silence_lies_between(numbers, rate, gaps):
    pcm = bytes(2 * gaps[0])
    for number, gap in zip(numbers, gaps[1:], strict=False):
        pcm += word(number, rate) + bytes(2 * gap)
    assert heard(pcm, rate) == [f"w{number}" for number in numbers]


@given(NUMBERS, st.sampled_from(RATES), st.data())
def test_a_cut_anywhere_tears_the_word_that_it_goes_through(numbers, rate, data):
    pcm = b"".join(word(number, rate) for number in numbers)
    block = len(word(0, rate))
    cut = 2 * data.draw(st.integers(0, len(pcm) // 2))
    before, inside = divmod(cut, block)
    named = [f"w{number}" for number in numbers]
    torn = ["torn"] if inside else []
    assert heard(pcm[:cut], rate) == named[:before] + torn
    assert heard(pcm[cut:], rate) == torn + named[before + bool(inside) :]


@given(NUMBERS, st.data())
def test_what_was_lost_or_doubled_inside_a_word_is_noticed(numbers, data):
    block = len(word(0, 24000)) // 2
    pcm = b"".join(word(number, 24000) for number in numbers)
    which = data.draw(st.integers(0, len(numbers) - 1))
    begin = which * block + data.draw(st.integers(1, block - 2))
    end = data.draw(st.integers(begin + 1, (which + 1) * block - 1))
    named = [f"w{number}" for number in numbers]
    lost = heard(pcm[: 2 * begin] + pcm[2 * end :], 24000)
    doubled = heard(pcm[: 2 * end] + pcm[2 * begin :], 24000)
    for found in lost, doubled:
        assert "torn" in found
        words = [name for name in found if name != "torn"]
        others = named[:which] + named[which + 1 :]
        assert words in (others, named)  # its last level may merely have become longer


@settings(max_examples=examples(30))
@given(st.integers(0, 2**32 - 1))
def test_noise_says_nothing(seed):
    noise = np.random.default_rng(seed).integers(-32768, 32768, 5000).astype("<i2").tobytes()
    assert set(heard(noise, 24000)) <= {"torn"}
    assert heard(silence(0.5, 24000), 24000) == []
    assert heard(b"", 24000) == []


def test_it_is_known_where_a_word_ends():
    pcm = silence(0.01, 24000) + word(5, 24000) + word(6, 24000)
    assert [(found.word, found.end) for found in spans(pcm, 24000)] == [("w5", 1680), ("w6", 3120)]


def test_a_take_of_half_an_hour_is_heard():
    pcm = b"".join(word(number, 24000) + silence(0.24, 24000) for number in range(6000))
    assert heard(pcm, 24000) == [f"w{number}" for number in range(6000)]
