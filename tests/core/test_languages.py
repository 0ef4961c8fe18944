"""The codes of languages, and what people write in their place."""

from __future__ import annotations

import pytest

from tray_dictate.config import load
from tray_dictate.core.errors import ConfigError
from tray_dictate.core.languages import (
    language_name,
    language_names,
    language_of,
    language_problem,
)


@pytest.mark.parametrize("code", ["de", "en", "pt-BR", "zh-Hant-TW", "yue", "gsw", "jw", "he"])
def test_a_code_is_one(code):
    assert language_problem(code) == ""


MEANT = [
    ("german", "de"), ("Deutsch", "de"), ("ger", "de"), ("DE", "de"), ("de_AT", "de"),
    ("germn", "de"), ("eng", "en"), ("English (US)", "en"), ("us", "en"), ("en,de", "en"),
    ("français", "fr"), ("cz", "cs"), ("jp", "ja"), ("русский", "ru"), (" de ", "de"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code"), MEANT)
def test_what_people_write_is_understood(said, code):
    assert language_problem(said) == f"{said!r} is not a language code; did you mean {code!r}?"


@pytest.mark.parametrize("said", ["", "xx", "klingon", "de-", "de-CH-", "1", "x" * 5000])
def test_what_is_no_language_is_told(said):
    assert "is not a language code" in language_problem(said)


def test_the_settings_name_the_place():
    with pytest.raises(ConfigError) as refused:
        load.load(None, ["engine.languages=['de', 'german']"], {})
    (problem,) = refused.value.problems
    assert problem.startswith("engine.languages[1]: ")
    assert "did you mean 'de'?" in problem


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("de-AT", "de", "German"), ("zh-Hant-TW", "zh", "Chinese"), ("nb", "no", "Norwegian"),
        ("jw", "jv", "Javanese"), ("gsw", "gsw", "gsw"),
    ],
)  # fmt: skip
def test_a_code_has_a_language_and_a_name(code, language, name):
    assert (language_of(code), language_name(code)) == (language, name)


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        ((), ""), (("de",), "German"), (("de", "fr"), "German or French"),
        (("de", "fr", "nl-BE"), "German, French or Dutch"),
    ],
)  # fmt: skip
def test_languages_are_named_in_a_sentence(codes, names):
    assert language_names(codes, "or") == names
