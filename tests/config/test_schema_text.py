"""The settings of the text pipeline."""

from dataclasses import fields

import pytest
from pydantic import ValidationError

from tests.fakes import TemporaryStore
from tray_dictate.app.components import ComponentFactory
from tray_dictate.app.delivery import build_pipeline
from tray_dictate.config import load
from tray_dictate.config.schema import TextSettings
from tray_dictate.core.text.filters import FILLERS
from tray_dictate.core.text.pipeline import Insert, TextPipeline, TextRules
from tray_dictate.core.text.spoken_commands import LANGUAGES


def test_the_settings_are_the_rules_and_their_defaults_agree():
    others = {"submit", "newline_in_terminals", "space", "read_caret", "vocabulary"}
    values = TextSettings().model_dump(exclude=others)
    rules = TextRules(**values)
    assert {name: getattr(TextRules(), name) or None for name in values} == {
        name: value or None for name, value in values.items()
    }
    TextPipeline(rules)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_with_commands_can_be_set(language):
    assert TextSettings.model_validate({"commands": [language]}).commands == [language]


@pytest.mark.parametrize("language", FILLERS)
def test_every_language_with_fillers_can_be_set(language):
    assert TextSettings.model_validate({"fillers": [language]}).fillers == [language]


@pytest.mark.parametrize("unsaid", ["off", "sure", "likely"])
def test_every_level_can_be_set(unsaid):
    TextPipeline(TextRules(unsaid=TextSettings.model_validate({"unsaid": unsaid}).unsaid))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"patterns": {"(": "x"}}, r"the regular expression '\(' is wrong"),
        ({"patterns": {"a{99999999999}": ""}}, "the repetition number is too large"),
        ({"replacements": {" ": "x"}}, "a phrase to replace is empty"),
        ({"words": ["?"]}, "has no letter"),
        ({"vocabulary": ["?"]}, "has no letter"),
        ({"commands": ["tlh"]}, "'en' or 'de'"),
    ],
    ids=[
        "a wrong expression",
        "a number that is too large",
        "an empty phrase",
        "a term without letters",
        "one under the older name",
        "another language",
    ],
)
def test_a_mistake_is_named(settings, reason):
    with pytest.raises(ValidationError, match=reason):
        TextSettings.model_validate(settings)


TERMS = [
    "text.words=['Wojciech', 'Kubernetes']",
    "text.vocabulary=['Kubernetes', 'Café']",
    "engine.keywords=['Postgres', '?', 'Cafe\u0301']",
]


def test_the_terms_of_all_lists_are_spelled():
    said = build_pipeline(load.load(None, TERMS, {})).polish("post gres, kubernetes, wojcieh").said
    assert said == [Insert("Postgres, Kubernetes, Wojciech")]


def test_the_engine_is_told_the_terms_of_all_lists():
    told = []
    names = [
        field.name for field in fields(ComponentFactory) if field.init and field.name[0] != "_"
    ]
    builder = ComponentFactory(**{
        **dict.fromkeys(names),  # what it would need for other parts
        "store": TemporaryStore(),
        "make_engine": lambda settings, *_: told.append(settings),
    })  # fmt: skip
    builder.engine(load.load(None, ["engine.name=openai", *TERMS], {}))
    assert told[0].keywords == ["Wojciech", "Kubernetes", "Café", "Postgres", "?"]


def test_an_echo_of_all_terms_is_no_speech():
    assert (
        build_pipeline(load.load(None, TERMS, {}))
        .polish("Wojciech, Kubernetes, Café, Postgres")
        .said
        == []
    )


def test_an_older_name_works_and_is_warned_of():
    config = load.load(None, TERMS, {})
    assert [warning.split(" ")[0] for warning in config.warnings] == [
        "text.vocabulary",
        "engine.keywords",
    ]
    assert load.load(None, TERMS[:1], {}).warnings == []


WRITTEN = [
    ("the built-in model writes English", [], ["en"]),
    ("an installed one writes what is set", ["engine.languages=['de']"], ["de"]),
    ("one of the user's own may write anything", ["engine.local_model=/models/x.gguf"], []),
    ("a server, too", ["engine.name=openai"], []),
    ("or what is set", ["engine.name=openai", "engine.languages=['de', 'en']"], ["de", "en"]),
]


@pytest.mark.parametrize(
    ("settings", "languages"), [r[1:] for r in WRITTEN], ids=[r[0] for r in WRITTEN]
)
def test_the_languages_of_the_text(settings, languages):
    assert load.load(None, settings, {}).written_languages == languages


def test_what_a_german_model_writes_is_not_taken_for_english():
    german = ["text.words=['Wojciech']", "engine.languages=['de']"]
    said = build_pipeline(load.load(None, german, {})).polish("Das ist Wojciek").said
    assert said == [Insert("Das ist Wojciek")]
