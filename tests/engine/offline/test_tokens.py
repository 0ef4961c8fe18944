"""Text in the tokens of a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speech import resampled, say
from tray_dictate.engine import model_files
from tray_dictate.engine.offline.moonshine import Moonshine, _vocabulary
from tray_dictate.engine.offline.tokens import TokenEncoder

BYTES = [b"<unk>", b"<s>", b"</s>", *(bytes([value]) for value in range(256))]
SPACE = "\u2581".encode()
FIRST = len(BYTES)


@pytest.fixture(scope="module")
def spellings() -> list[bytes]:
    path = model_files.find(model_files.MOONSHINE) / "tokenizer.bin"
    return _vocabulary(path.read_bytes())


def test_what_makes_the_lowest_token_is_joined_first():
    encoder = TokenEncoder([*BYTES, b"bc", b"ab", SPACE, b"a", b"b", b"c", SPACE + b"a"])
    assert encoder.encode("abc") == (FIRST + 6, FIRST)


def test_a_character_without_a_token_is_its_bytes():
    encoder = TokenEncoder([*BYTES, SPACE, b"a"])
    assert encoder.encode("a\u0142") == (FIRST, FIRST + 1, 3 + 0xC5, 3 + 0x82)


@pytest.mark.parametrize(
    "text", ["Good morning.", "The quick brown fox jumps over the lazy dog.", "Ask Anna to wait."]
)
def test_the_model_writes_the_same_tokens(text, spellings):
    found = Moonshine(model_files.find(model_files.MOONSHINE)).decode(resampled(*say(text), 16000))
    assert TokenEncoder(spellings).encode(found.text) == found.tokens


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_comes_back_from_its_tokens(spellings, text):
    tokens = TokenEncoder(spellings).encode(text)
    spelt = b"".join(spellings[token] for token in tokens)
    assert spelt.decode().replace("\u2581", " ") == f" {text}".replace("\u2581", " ")
