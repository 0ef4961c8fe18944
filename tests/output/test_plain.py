"""The second lock: what never passes, whoever sent it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.output.base import sanitize


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        pytest.param("Grüße 你好 😀 👍🏽", "Grüße 你好 😀 👍🏽", id="text of any script passes"),
        pytest.param(" and so on", " and so on", id="a leading space joins segments"),
        pytest.param("a\nb\tc", "a\nb\tc", id="newline and tab pass"),
        pytest.param("a\r\nb", "a\nb", id="a Windows line end is a newline"),
        pytest.param("a\x1b[2Jb\x00\x07\x7f", "a[2Jb", id="no escape, no C0, no delete"),
        pytest.param("a\x85b\x9bc", "abc", id="no C1"),
        pytest.param("a\u202eb\u2066c", "abc", id="no bidirectional override"),
        pytest.param("a\ud800b", "ab", id="no half of a surrogate pair"),
        pytest.param("a\rb", "ab", id="no lone carriage return"),
    ],
)
def test_plain(text: str, passed: str) -> None:
    assert sanitize(text) == passed


@given(st.text())
def test_what_passes_passes_again(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)


@given(st.text())
def test_it_can_always_be_encoded(text: str) -> None:
    sanitize(text).encode()
