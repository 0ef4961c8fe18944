"""What reaches a window, and how segments join."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text import clean, join

CLEAN = [
    ("text stays", "Grüße, ça va? 今天 😀 5%", "Grüße, ça va? 今天 😀 5%"),
    ("blanks at the ends and doubled blanks go", "  a \t b\n", "a b"),
    ("a line break becomes a blank", "a\r\nb\u2028c", "a b c"),
    ("a terminal's colour sequence goes whole", "a\x1b[31mred\x1b[0m", "ared"),
    ("a terminal's title sequence goes whole", "a\x1b]0;rm -rf\x07b", "ab"),
    ("an unfinished title sequence goes", "a\x1b]0;x", "a"),
    ("a lone escape goes", "a\x1b", "a"),
    ("a NUL, a backspace and a C1 control go", "a\x00b\x08c\x9bd", "abcd"),
    ("bidirectional overrides go", "a\u202eb\u2066c\u200fd", "abcd"),
    ("a joined emoji stays joined", "👩\u200d💻", "👩\u200d💻"),
    ("a byte order mark and a lone surrogate go", "\ufeffa\ud800b", "ab"),
    ("nothing stays nothing", "", ""),
]


@pytest.mark.parametrize(("text", "want"), [r[1:] for r in CLEAN], ids=[r[0] for r in CLEAN])
def test_only_text_is_left(text, want):
    assert clean(text) == want


@given(st.text())
def test_no_control_character_is_ever_left(text):
    assert not {unicodedata.category(c) for c in clean(text)} & {"Cc", "Cs", "Cn"}
    assert clean(clean(text)) == clean(text)


JOIN = [
    ("the first segment is as it is", "", "Hello there.", "Hello there."),
    ("a space between sentences", "Hello.", "How are you?", " How are you?"),
    ("a sentence after a full stop gets its capital", "Hello.", "how are you?", " How are you?"),
    ("after a closing quote, too", 'He said "go."', "then he went.", " Then he went."),
    ("a small word goes on in mid-sentence", "I went home,", "And then slept.", " and then slept."),
    ("a name keeps its capital in mid-sentence", "I met", "Margaret there.", " Margaret there."),
    ("I keeps its capital", "so", "I think", " I think"),
    ("capitals all through stay", "so", "AND THEN", " AND THEN"),
    ("no second space", "Hello ", "there", "there"),
    ("no space before a full stop", "Hello", ". And", ". And"),
    ("no space after an opening bracket", "see (", "below", "below"),
    ("no space between Chinese segments", "今天天气", "很好", "很好"),
    ("no space after an ideographic full stop", "今天。", "很好", "很好"),
    ("a space between Korean segments", "안녕", "하세요", " 하세요"),
    ("nothing is nothing", "Hello.", " \x00 ", ""),
    ("a symbol first is left alone", "Hello", "5 apples", " 5 apples"),
    ("no word first is left alone", "Hello", "😀 fun", " 😀 fun"),
]


@pytest.mark.parametrize(
    ("before", "segment", "want"), [r[1:] for r in JOIN], ids=[r[0] for r in JOIN]
)
def test_segments_join(before, segment, want):
    assert join(before, segment) == want
