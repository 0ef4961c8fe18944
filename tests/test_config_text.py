"""The settings of the text pipeline."""

import pytest
from pydantic import ValidationError

from tray_dictate.config_text import TextSettings
from tray_dictate.core.fillers import FILLERS
from tray_dictate.core.polish import Polisher, TextRules
from tray_dictate.core.spoken import LANGUAGES


def test_the_settings_are_the_rules_and_their_defaults_agree():
    values = TextSettings().model_dump(exclude={"submit", "space", "read_caret"})
    rules = TextRules(**values)
    assert {name: getattr(TextRules(), name) or None for name in values} == {
        name: value or None for name, value in values.items()
    }
    Polisher(rules)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_with_commands_can_be_set(language):
    assert TextSettings.model_validate({"commands": [language]}).commands == [language]


@pytest.mark.parametrize("language", FILLERS)
def test_every_language_with_fillers_can_be_set(language):
    assert TextSettings.model_validate({"fillers": [language]}).fillers == [language]


@pytest.mark.parametrize("unsaid", ["off", "sure", "likely"])
def test_every_level_can_be_set(unsaid):
    Polisher(TextRules(unsaid=TextSettings.model_validate({"unsaid": unsaid}).unsaid))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"patterns": {"(": "x"}}, r"the regular expression '\(' is wrong"),
        ({"patterns": {"a{99999999999}": ""}}, "the repetition number is too large"),
        ({"replacements": {" ": "x"}}, "a phrase to replace is empty"),
        ({"vocabulary": ["?"]}, "has no letter"),
        ({"commands": ["tlh"]}, "'en' or 'de'"),
    ],
    ids=[
        "a wrong expression",
        "a number that is too large",
        "an empty phrase",
        "a term without letters",
        "another language",
    ],
)
def test_a_mistake_is_named(settings, reason):
    with pytest.raises(ValidationError, match=reason):
        TextSettings.model_validate(settings)
