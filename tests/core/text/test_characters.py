"""Which characters are text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.normalize import only_text

TEXT = [
    ("words, marks, digits and emoji are text", "Grüße, 今天 5 % 😀", "Grüße, 今天 5 % 😀"),
    ("controls are not", "a\x00b\x08c\x7fd\x85e\x9bf", "abcdef"),
    ("surrogates, private use and noncharacters are not", "a\ud800b\ue000c\ufdd0d\uffffe\U0001ffff", "abcde"),
    ("an unassigned character is not", "a\u0378b", "ab"),
    ("an emoji newer than this Python is text", "a\U0001fabe\U0001f8ff", "a\U0001fabe\U0001f8ff"),
    ("an ideograph newer than this Python is text", "\U000323b0", "\U000323b0"),
    ("bidirectional overrides, isolates and marks are not", "a\u202eb\u2066c\u2069d\u200ee\u061cf", "abcdef"),
    ("tags that hide an order to a machine are not", "a\U000e0041\U000e007fb", "ab"),
    ("fillers and other invisible letters are not", "a\u3164b\u115fc\u2063d\u00ade\ufefff\ufffcg", "abcdefg"),
    ("a family of emoji stays joined", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    ("a skin and a variation may stand before the joiner", "👩🏽\u200d💻 ❤\ufe0f\u200d🔥", "👩🏽\u200d💻 ❤\ufe0f\u200d🔥"),
    ("a joiner that joins nothing goes", "a\u200db 👩\u200d x \u200d💻", "ab 👩 x 💻"),
    ("a joiner at the very end goes", "👩\u200d", "👩"),
    ("a joiner after a lone variation selector goes", "a\ufe0f\u200d💻", "a💻"),
    ("a Persian word keeps its non-joiner", "می\u200cروم", "می\u200cروم"),
    ("a Hindi half letter keeps its joiner", "क्\u200dष", "क्\u200dष"),
    ("a second joiner goes", "می\u200c\u200c\u200dروم", "می\u200cروم"),
    ("an Arabic digit needs no joiner", "٣\u200cم", "٣م"),
    ("a non-joiner in a Latin word goes", "Auf\u200clage", "Auflage"),
    ("a zero width space stays between Khmer letters", "ក\u200bខ", "ក\u200bខ"),
    ("and goes in a Latin word or at the end of a Khmer one", "a\u200bb ក\u200b", "ab ក"),
    ("an emoji keeps one variation selector", "❤\ufe0f\ufe0f", "❤\ufe0f"),
    ("a keycap keeps it, too", "1\ufe0f\u20e3", "1\ufe0f\u20e3"),
    ("a letter that carries hidden selectors loses them", "a\ufe00\ufe0f\U000e0110b", "ab"),
    ("an ideograph keeps the variant that it is written in", "葛\U000e0100", "葛\U000e0100"),
    ("a Mongolian letter keeps its form", "ᠠ\u180b", "ᠠ\u180b"),
    ("no other letter has one", "a\u180bb\u180e", "ab"),
    ("at the very start nothing depends on anything", "\u200d\ufe0fa", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "want"), [r[1:] for r in TEXT], ids=[r[0] for r in TEXT])
def test_only_text_is_left(line, want):
    assert only_text(line) == want


def test_no_character_of_unicode_alone_is_text_without_being_seen():
    left = only_text("a".join(map(chr, range(0x110000))))
    hidden = re.compile(
        r"[\u00ad\u034f\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
        r"\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    )
    assert not hidden.search(left)
    categories = {unicodedata.category(c) for c in left}
    assert not categories & {"Cc", "Cs", "Co", "Zl", "Zp"}
    shown = {"Nd", "Lu", "Ll", "Lo", "Mn", "Mc", "So", "Po", "Zs", "Sc", "Sm"}
    assert shown <= categories


@given(st.text(st.characters(codec=None)))
def test_what_is_text_stays_text(line):
    assert only_text(only_text(line)) == only_text(line)


DEPENDENT = st.sampled_from(
    "\u200b\u200c\u200d\ufe0e\ufe0f\ufe00\u180b\u180e\U000e0100a1 👩❤🏽م٣क्กក葛ᠠ"
)


@given(st.text(DEPENDENT))
def test_no_two_invisible_characters_stand_together_but_a_selector_and_a_joiner(line):
    left = only_text(line)
    assert only_text(left) == left
    assert not re.search(
        "[\u200b-\u200d\u180b-\u180f\U000e0100][\u200b-\u200d\ufe0e\ufe0f\u180b-\u180f\U000e0100]",
        left,
    )
