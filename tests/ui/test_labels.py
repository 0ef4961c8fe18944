"""The menu's lists, as people read them."""

from __future__ import annotations

from typing import get_args

import pytest

from tray_dictate.app.menu import recent
from tray_dictate.config.engine_settings import EngineName, EngineSettings
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.history.entries import Entry
from tray_dictate.ui.labels import ENGINES, engines, hint, languages, methods, microphones

FOUND = [("Built-in", True), ("USB Headset", False), ("USB", False)]
AZURE = "https://mine.openai.azure.com"
OWN = "ws://127.0.0.1:8000"
CLOUDS = {"openai", "azure", "azure-preview"}


def usable(settings: EngineSettings) -> set[str]:
    """Return the engines that can be used with no address in the environment."""
    return set(ENGINES) if settings.endpoint else {"offline", "openai"}


def usable_with_azure(settings: EngineSettings) -> set[str]:
    """Return the engines that can be used with Azure's address in the environment."""
    return usable(settings) | {"azure", "azure-preview"}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("", ["Built-in (the system's default)"]),
        ("usb", ["USB"]),
        ("USB Headset", ["USB Headset"]),
        ("head", ["USB Headset"]),
        ("Bluetooth", ["Bluetooth (not connected)"]),
    ],
)
def test_the_default_is_first_and_the_chosen_one_is_ticked(wanted: str, chosen: list[str]) -> None:
    lines = microphones(FOUND, wanted)
    assert (lines[0].value, lines[0].label) == ("", "Built-in (the system's default)")
    assert [line.label for line in lines[1:4]] == ["Built-in", "USB Headset", "USB"]
    assert [line.label for line in lines if line.chosen] == chosen


def test_without_any_microphone_there_is_still_the_default() -> None:
    assert [line.label for line in microphones([], "")] == ["The system's default"]


def test_two_of_one_name_are_one_line() -> None:
    assert len(microphones([("USB", False), ("USB", True)], "")) == 2


def test_every_engine_has_a_name_for_people() -> None:
    assert set(ENGINES) == set(get_args(EngineName))


@pytest.mark.parametrize(
    ("settings", "usable", "ready"),
    [
        pytest.param({}, usable, {"offline", "openai"}, id="nothing is set up"),
        pytest.param({}, usable_with_azure, {"offline", *CLOUDS}, id="the environment's Azure"),
        pytest.param(
            {"endpoint": AZURE}, usable, {"offline", "azure", "azure-preview"},
            id="an Azure address: no other server gets its key",
        ),
        pytest.param(
            {"endpoint": OWN}, usable, set(ENGINES) - CLOUDS,
            id="a server of one's own is no cloud",
        ),
        pytest.param(
            {"endpoint": "api.openai.com"}, usable, {"offline", "openai"}, id="OpenAI's address",
        ),
        pytest.param(
            {"name": "azure", "key_command": ["x"]}, usable_with_azure,
            {"offline", "azure", "azure-preview"}, id="Azure's key is not for OpenAI",
        ),
        pytest.param(
            {"name": "openai", "model": "m"}, usable_with_azure, {"offline", "openai"},
            id="OpenAI's model is no deployment of Azure's",
        ),
        pytest.param(
            {"key_command": ["x"]}, usable, {"offline", "openai"},
            id="switched to offline: a key is OpenAI's where there is no Azure",
        ),
        pytest.param(
            {"key_command": ["x"]}, usable_with_azure, {"offline", "azure", "azure-preview"},
            id="switched to offline: a key is Azure's where there is one",
        ),
        pytest.param({"auth": "none"}, usable, {"offline"}, id="no cloud works without a key"),
        pytest.param(
            {"name": "vllm", "auth": "none"}, usable, {"offline", "vllm"},
            id="what is chosen stays so, set up or not",
        ),
    ],
)  # fmt: skip
def test_an_engine_whose_server_is_not_set_up_is_grey(settings, usable, ready) -> None:
    chosen = EngineSettings(**settings)
    lines = engines(chosen, usable(chosen))
    assert {line.value for line in lines if line.enabled} == ready
    assert all(line.enabled or line.label.endswith("(not set up)") for line in lines)
    assert [line.value for line in lines if line.chosen] == [settings.get("name", "offline")]


OFFLINE = [
    ("no language is English, which is built in", {}, {"en"}, ["English"], "English"),
    ("those of the models", {}, {"en", "es", "zu"}, ["English", "Spanish"], "English"),
    (
        "one that no model knows", {"languages": ["de"]}, {"en", "es"},
        ["German (no model)", "English", "Spanish"], "German (no model)",
    ),
    (
        "several at once", {"languages": ["de-AT", "en"]}, {"en", "de"},
        ["German and English", "English", "German"], "German and English",
    ),
    (
        "a chosen model finds out by itself", {"local_model": "x"}, {"en", "es"},
        ["Automatic", "English", "Spanish"], "Automatic",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "known", "offered", "chosen"), [row[1:] for row in OFFLINE],
    ids=[row[0] for row in OFFLINE],
)  # fmt: skip
def test_the_offline_engine_offers_the_languages_of_its_models(settings, known, offered, chosen):
    lines = languages(EngineSettings(**settings), ((), ("es", "it")), known)
    assert [line.label for line in lines] == offered
    assert [line.label for line in lines if line.chosen] == [chosen]


def test_a_model_of_ones_own_may_know_any_language() -> None:
    lines = languages(EngineSettings(local_model="/x"), (), None)
    assert {"Automatic", "Korean"} < {line.label for line in lines}


def test_combinations_that_were_spoken_can_be_chosen_again() -> None:
    settings = EngineSettings(name="openai", languages=["fr"])
    lines = languages(settings, (("de", "en"), ("fr",)))
    assert [line.label for line in lines[:4]] == [
        "Automatic", "German and English", "French", "English",
    ]  # fmt: skip
    assert [line.value for line in lines if line.chosen] == [("fr",)]
    assert len({line.value for line in lines}) == len(lines)


def test_a_language_without_a_name_is_its_code() -> None:
    lines = languages(EngineSettings(name="openai", languages=["gsw", "pt-BR"]), ())
    assert [line.label for line in lines if line.chosen] == ["gsw and Portuguese"]


def test_the_ways_into_the_window() -> None:
    assert [line.value for line in methods("type")] == ["auto", "paste", "type", "clipboard"]
    assert [line.value for line in methods("type") if line.chosen] == ["type"]


@pytest.mark.parametrize(
    ("text", "raw", "state", "label"),
    [
        ("Hello world.", "hello", "delivered", "✓ Hello world."),
        ("One\ntwo  three", "", "unconfirmed", "? One two three (not confirmed)"),
        ("x" * 41, "", "partly", f"✗ {'x' * 40}… (partly inserted)"),
        ("", "what was said", "kept", "✗ what was said (not inserted)"),
        ("Oh no", "", "dropped", "✗ Oh no (cancelled)"),
        ("", "", "failed", "✗ No text (not transcribed)"),
    ],
)
def test_a_recent_dictation_is_short_and_says_what_became_of_it(text, raw, state, label) -> None:
    [line] = recent([Entry(5, 7.5, text, raw, state, "")])
    assert (line.value, line.label) == (7.5, label)
    assert line.enabled is bool(text or raw), "nothing cannot be copied"


def test_the_hint_says_how_to_begin() -> None:
    assert hint("ctrl_r", "hold") == "hold right Ctrl and speak"
    assert hint("ctrl+alt+space", "toggle") == "press Ctrl+Alt+Space and speak"


def test_the_hint_names_no_key_that_the_desktop_has_not_given():
    assert hint("ctrl_r", "hold", Trigger("Meta+D", source="portal")) == "hold Meta+D and speak"
    unheard, none = Trigger(source="portal"), Trigger(advice="Choose one.", source="portal")
    hints = [hint("ctrl_r", "hold", it) for it in (unheard, none, Trigger(source="commands"))]
    assert not [words for words in hints if "Ctrl" in words]
    assert "it may ask you" in hints[0]
    assert "has no key yet" in hints[1]
    assert "bound to tray-dictate start" in hints[2]
