from __future__ import annotations

import pytest

from tray_dictate.core.dictation import Status
from tray_dictate.ui.labels import LONGEST, markup, plain, tooltip

PLAIN = [
    ("ordinary text stays", "Größe 你好 😀: 5 €", "Größe 你好 😀: 5 €"),
    ("a NUL would end the D-Bus connection", "a\0b", "ab"),
    ("escape sequences lose their escape", "\x1b[31mred", "[31mred"),
    ("a lone surrogate cannot be encoded", "a\udce9b", "ab"),
    ("a bidirectional override goes", "a\u202eb", "ab"),
    ("tabs and odd spaces become spaces", "a\tb\u00a0c", "a b c"),
    ("lines stay lines", "one\r\ntwo\rthree\n", "one\ntwo\nthree"),
]


@pytest.mark.parametrize(("text", "shown"), [row[1:] for row in PLAIN], ids=[r[0] for r in PLAIN])
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_very_long_text_is_cut_with_a_sign_of_it() -> None:
    assert len(plain("word " * 1000)) <= LONGEST
    assert plain("word " * 1000).endswith("word…")
    assert plain("x" * LONGEST) == "x" * LONGEST


def test_markup_is_shown_literally() -> None:
    assert markup("<b>a</b> & 'b'") == "&lt;b&gt;a&lt;/b&gt; &amp; 'b'"


def test_the_tooltip_is_one_line_of_words_for_every_status() -> None:
    said = {status: tooltip(status) for status in Status}
    assert len(set(said.values())) == len(Status)
    assert said[Status.IDLE] == "Dictation ready"
    assert said[Status.OFF] == "Dictation is off"
    assert tooltip(Status.ERROR, "no\nmicrophone\0") == "Problem: no microphone"
