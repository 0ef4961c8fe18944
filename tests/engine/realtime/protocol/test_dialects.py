"""The table of servers and models."""

from __future__ import annotations

from typing import get_args

import pytest

from tray_dictate.config.engine_settings import EngineName, EngineSettings
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, features, problems


def test_every_engine_that_can_be_named_has_a_dialect_but_the_offline_one():
    assert {"offline", *DIALECTS} == set(get_args(EngineName))


#    dialect           model or deployment         fields that both take                  detects
TABLE = [
    ("openai",         "gpt-live-transcribe",      "languages prompt keywords delay",     False),
    ("openai",         "gpt-realtime-whisper",     "language delay",                      False),
    ("openai",         "gpt-transcribe",           "languages prompt keywords",           True),
    ("openai",         "gpt-4o-transcribe",        "language prompt",                     True),
    ("openai",         "whisper-1",                "language prompt",                     True),
    ("openai",         "a model of next year",     "language prompt",                     True),
    ("azure",          "our-gpt-live-transcribe",  "languages prompt keywords delay",     False),
    ("azure",          "Our-GPT-Live-Transcribe",  "languages prompt keywords delay",     False),
    ("azure",          "dictation",                "language prompt",                     True),
    ("azure-preview",  "gpt-4o-mini-transcribe",   "language prompt",                     True),
    ("speaches",       "local/tiny.en",            "language",                            True),
    ("localai",        "whisper",                  "language prompt",                     True),
    ("sglang",         "",                         "language",                            False),
    ("mlx-audio",      "",                         "language prompt",                     True),
    ("vllm",           "mistralai/Voxtral",        "",                                    False),
    ("litellm",        "gpt-live-transcribe",      "languages prompt keywords delay",     False),
    ("litellm",        "dictation",                "language prompt",                     True),
]  # fmt: skip
_SOUND = {
    "openai": {"noise_reduction", "logprobs"},
    "azure": {"noise_reduction", "logprobs"},
    "azure-preview": {"noise_reduction", "logprobs"},
    "litellm": {"noise_reduction", "logprobs"},
}


@pytest.mark.parametrize(
    ("name", "model", "fields", "detects"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE]
)
def test_a_session_has_the_fields_that_both_server_and_model_take(name, model, fields, detects):
    known = features(DIALECTS[name], model)

    assert set(known.fields) == set(fields.split()) | _SOUND.get(name, set())
    assert known.detects is detects


def test_every_reason_why_settings_lead_to_no_server_is_found_once():
    litellm, settings = DIALECTS["litellm"], EngineSettings(name="litellm")
    both = problems(litellm, settings, "")
    assert [problem.partition(":")[0] for problem in both] == ["engine.endpoint", "engine.model"]
    named = EngineSettings(name="litellm", model="whisper")
    assert problems(litellm, named, "ws://127.0.0.1:4000") == []
