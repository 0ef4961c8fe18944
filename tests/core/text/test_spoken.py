"""The table of spoken commands."""

# ruff: noqa: RUF001 - the real characters

import pytest

from tray_dictate.core.text.spoken_commands import LANGUAGES, Role

WANTED = {"\n", "\n\n", ",", ".", "?", "!", ":", ";", "–", "-", "(", ")", ""}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_has_every_command(language):
    assert {command.text for command in language.phrases.values()} >= WANTED
    assert {command.role for command in language.phrases.values()} == set(Role)
    assert language.literal not in language.phrases


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_phrases_and_articles_are_in_small_letters(language):
    words = [*language.phrases, *language.articles, language.literal]
    assert [word for word in words if word != word.casefold()] == []
