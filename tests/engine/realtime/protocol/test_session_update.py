"""What we say, judged by the official SDK's own types [facts G]; the rest by exact comparison."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import realtime
from openai.types.beta.realtime import TranscriptionSessionUpdate
from pydantic import BaseModel

from tests.examples import examples
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.engine.realtime.protocol import events
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS, features, model

GA = [name for name, dialect in DIALECTS.items() if dialect.shape == "ga"]
SHAPES = {
    "input_audio_buffer.append": realtime.InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": realtime.InputAudioBufferCommitEvent,
    "input_audio_buffer.clear": realtime.InputAudioBufferClearEvent,
    "session.update": realtime.SessionUpdateEvent,
    "transcription_session.update": TranscriptionSessionUpdate,
}
MODELS = [
    "", "gpt-live-transcribe", "gpt-realtime-whisper", "gpt-transcribe", "gpt-4o-transcribe",
    "whisper-1", "my deployment", "org/Model",
]  # fmt: skip
FIELDS = [
    "language", "languages", "prompt", "keywords", "noise_reduction", "delay", "logprobs",
    "turn_detection", events.NULL_DETECTION,
]  # fmt: skip
few = settings(max_examples=examples(30))
words = st.text(st.characters(codec="utf-8"), max_size=12)
every_settings = st.builds(
    EngineSettings,
    name=st.just("openai"), model=st.sampled_from(MODELS), turns=st.sampled_from(
        ["pauses", "release", "server"]
    ),
    languages=st.lists(st.sampled_from(["en", "de", "pt-BR"]), max_size=3, unique=True),
    prompt=words, keywords=st.lists(words.filter(bool), max_size=3),
    noise_reduction=st.sampled_from(["near_field", "far_field", "off", "server"]),
    vad=st.sampled_from(["server_vad", "semantic_vad"]), vad_threshold=st.floats(0, 1),
    vad_prefix_ms=st.integers(0, 5000), vad_silence_ms=st.integers(50, 5000),
    vad_eagerness=st.sampled_from(["low", "medium", "high", "auto"]),
    delay=st.sampled_from(["", "minimal", "low", "medium", "high", "xhigh"]),
    logprobs=st.booleans(),
)  # fmt: skip
every_dropped = st.sets(st.sampled_from(FIELDS))


def extras(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of every field that the SDK does not know."""
    if isinstance(value, list):
        for at, part in enumerate(value):
            yield from extras(part, f"{path}[{at}]")
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from extras(getattr(value, name), f"{path}.{name}")


def judged(message: events.Message) -> BaseModel:
    """Return what the SDK makes of a message, having seen that nothing of it is unknown there."""
    parsed = SHAPES[message["type"]].model_validate(message)
    assert not list(extras(parsed))
    assert parsed.to_dict(mode="json") == message, "nothing was taken for something else"
    return parsed


def said(name: str, chosen: EngineSettings, dropped: set[str] | None = None) -> events.Message:
    """Return the update; `chosen` as if this engine had been named."""
    chosen = chosen.model_copy(update={"name": name})
    if DIALECTS[name].needs_model and not chosen.model:
        chosen = chosen.model_copy(update={"model": "m"})
    return events.update(DIALECTS[name], chosen, dropped or set(), "c1")


def sound(name: str, dropped: set[str] | None = None, **chosen: object) -> events.Message:
    """Return what the update says of the sound."""
    wanted = EngineSettings.model_validate({"name": name, **chosen})
    return said(name, wanted, dropped)["session"]["audio"]["input"]


def test_extras_finds_what_the_sdk_would_pass():
    message = events.update(DIALECTS["openai"], EngineSettings(name="openai"), set(), "c1")
    message["session"]["audio"]["input"]["noise_reductoin"] = None
    message["finall"] = True

    assert set(extras(SHAPES["session.update"].model_validate(message))) == {
        ".finall", ".session.audio.input.noise_reductoin"
    }  # fmt: skip


@pytest.mark.parametrize("name", GA)
@few
@given(chosen=every_settings, dropped=every_dropped)
def test_every_ga_session_is_one_that_the_sdk_knows(name, chosen, dropped):
    update = judged(said(name, chosen, dropped))

    assert isinstance(update, realtime.SessionUpdateEvent)
    assert isinstance(update.session, realtime.RealtimeTranscriptionSessionCreateRequest)
    assert update.session.audio.input.format.rate == 24000


@few
@given(chosen=every_settings, dropped=every_dropped)
def test_every_preview_session_is_one_that_the_sdk_knows(chosen, dropped):
    update = said("azure-preview", chosen, dropped)
    session = update["session"]
    session["input_audio_transcription"]["model"] = "whisper-1"  # the SDK knows no deployments

    parsed = judged(update)

    assert isinstance(parsed, TranscriptionSessionUpdate)
    assert session["input_audio_format"] == "pcm16"


@few
@given(every_settings, every_dropped)
def test_every_speaches_session_has_all_that_it_would_ignore_the_whole_without(chosen, dropped):
    update = said("speaches", chosen, dropped)

    detection = update["session"]["turn_detection"]
    assert update.keys() == {"type", "event_id", "session"}
    assert update["session"].keys() == {"input_audio_transcription", "turn_detection"}
    assert update["session"]["input_audio_transcription"].keys() <= {"model", "language"}
    assert detection.keys() == {
        "type", "threshold", "prefix_padding_ms", "silence_duration_ms", "create_response"
    }  # fmt: skip
    assert detection["type"] == "server_vad"
    assert detection["create_response"] is False
    assert (detection["threshold"] == 1.0) >= (chosen.turns != "server")


@few
@given(every_settings, every_dropped)
def test_vllm_is_told_its_model_and_nothing_else(chosen, dropped):
    named = chosen.model or "m"
    assert said("vllm", chosen, dropped) == {"type": "session.update", "model": named}


@pytest.mark.parametrize("name", DIALECTS)
@few
@given(chosen=every_settings, dropped=every_dropped)
def test_what_was_refused_is_not_said_again(name, chosen, dropped):
    update = said(name, chosen, dropped)
    text = repr(_names(update))

    heard = {"logprobs": "'include'", events.NULL_DETECTION: "'turn_detection'"}
    for field in dropped - {"turn_detection"}:
        if field == events.NULL_DETECTION and name == "speaches":
            continue  # it has no null
        assert heard.get(field, f"'{field}'") not in text
    if "turn_detection" in dropped:
        assert not events.detects(DIALECTS[name], chosen.model_copy(update={"model": "m"}), dropped)


@pytest.mark.parametrize("name", DIALECTS)
@few
@given(chosen=every_settings)
def test_a_session_has_no_field_that_server_or_model_does_not_take(name, chosen):
    chosen = chosen.model_copy(update={"model": chosen.model or "m"})
    known = set(features(DIALECTS[name], model(DIALECTS[name], chosen)).fields)
    renamed = {"include": "logprobs", "input_audio_noise_reduction": "noise_reduction"}

    used = {renamed.get(name, name) for name in _names(said(name, chosen))} & set(FIELDS)

    assert used - {"turn_detection"} <= known


def _names(tree: object) -> list[str]:
    if not isinstance(tree, dict):
        return []
    return [*tree, *(name for value in tree.values() for name in _names(value))]


def test_all_that_a_live_model_takes():
    assert said(
        "openai",
        EngineSettings(
            name="openai", languages=["en", "de"], prompt="A memo.", keywords=["Foo", "Bar"],
            delay="low", logprobs=True,
        ),
    ) == {
        "type": "session.update", "event_id": "c1",
        "session": {
            "type": "transcription",
            "audio": {"input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "noise_reduction": {"type": "near_field"},
                "transcription": {
                    "model": "gpt-live-transcribe", "languages": ["en", "de"],
                    "prompt": "A memo.", "keywords": ["Foo", "Bar"], "delay": "low",
                },
                "turn_detection": None,
            }},
            "include": ["item.input_audio_transcription.logprobs"],
        },
    }  # fmt: skip


def test_all_that_the_preview_takes():
    assert said(
        "azure-preview",
        EngineSettings(
            name="azure-preview", languages=["en"], prompt="A memo.", logprobs=True,
            turns="server", vad_silence_ms=200, vad="semantic_vad",
        ),
    ) == {
        "type": "transcription_session.update", "event_id": "c1",
        "session": {
            "input_audio_format": "pcm16",
            "input_audio_transcription": {
                "model": "gpt-4o-mini-transcribe", "prompt": "A memo.", "language": "en",
            },
            "input_audio_noise_reduction": {"type": "near_field"},
            "turn_detection": {
                "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
                "silence_duration_ms": 200,
            },
            "include": ["item.input_audio_transcription.logprobs"],
        },
    }  # fmt: skip


MEMO, BOTH = {"prompt": "A memo."}, {"languages": ["en", "de"]}
TERMS, TERM = {"keywords": ["Foo", "Bar"]}, {"keywords": ["Foo"]}
#    what the user set      the model           what is said of it
HINTS = [
    (TERMS,                 "gpt-transcribe",   TERMS),
    (TERMS,                 "whisper-1",        {"prompt": "Foo, Bar"}),
    (MEMO | TERM,           "whisper-1",        {"prompt": "A memo. Foo"}),
    (MEMO | TERM,           "gpt-transcribe",   MEMO | TERM),
    (MEMO | TERM,           "realtime-whisper", {}),
    ({"languages": ["en"]}, "whisper-1",        {"language": "en"}),
    (BOTH,                  "whisper-1",        {}),
    ({"languages": ["en"]}, "gpt-transcribe",   {"languages": ["en"]}),
    (BOTH,                  "gpt-transcribe",   BOTH),
    ({"delay": "low"},      "realtime-whisper", {"delay": "low"}),
    ({"delay": "low"},      "whisper-1",        {}),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "name", "hints"), HINTS)
def test_a_hint_is_said_in_the_way_that_the_model_takes(chosen, name, hints):
    assert sound("azure", model=name, **chosen)["transcription"] == {"model": name, **hints}


@pytest.mark.parametrize(
    ("chosen", "noise"),
    [
        ("near_field", {"noise_reduction": {"type": "near_field"}}),
        ("far_field", {"noise_reduction": {"type": "far_field"}}),
        ("off", {"noise_reduction": None}), ("server", {}),
    ],
)  # fmt: skip
def test_noise_reduction_is_a_kind_or_off_or_as_the_server_likes(chosen, noise):
    said_of_it = sound("openai", noise_reduction=chosen)
    assert {name: said_of_it[name] for name in said_of_it if name == "noise_reduction"} == noise


def test_the_preview_knows_noise_reduction_by_another_name():
    off = EngineSettings(name="azure-preview", noise_reduction="off")
    assert said("azure-preview", off)["session"]["input_audio_noise_reduction"] is None


SERVER_VAD = {
    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
}  # fmt: skip
SEMANTIC = {"type": "semantic_vad", "eagerness": "low"}
#    server       model                  turns      vad             what is said
DETECTION = [
    ("openai",    "whisper-1",           "pauses",  "server_vad",   None),
    ("openai",    "whisper-1",           "release", "semantic_vad", None),
    ("openai",    "whisper-1",           "server",  "server_vad",   SERVER_VAD),
    ("openai",    "whisper-1",           "server",  "semantic_vad", SEMANTIC),
    ("openai",    "gpt-live-transcribe", "server",  "server_vad",   None),
    ("azure",     "realtime-whisper",    "server",  "semantic_vad", None),
    ("localai",   "m",                   "server",  "semantic_vad", SEMANTIC),
    ("mlx-audio", "",                    "server",  "semantic_vad", SERVER_VAD),
    ("sglang",    "",                    "server",  "server_vad",   None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "named", "turns", "vad", "detection"), DETECTION)
def test_voice_detection_is_explicit_and_of_a_kind_that_the_server_offers(
    name, named, turns, vad, detection
):
    chosen = {"model": named, "turns": turns, "vad": vad, "vad_eagerness": "low"}

    assert sound(name, **chosen)["turn_detection"] == detection
    wanted = EngineSettings(name=name, **chosen)
    assert events.detects(DIALECTS[name], wanted) is (detection is not None)
    if detection:
        assert sound(name, {"turn_detection"}, **chosen)["turn_detection"] is None
        assert not events.detects(DIALECTS[name], wanted, {"turn_detection"})
    assert "turn_detection" not in sound(name, {events.NULL_DETECTION}, **chosen)


def test_speaches_finds_the_turns_only_when_it_is_to():
    of_it = {"name": "speaches", "model": "m", "languages": ["en"]}
    ours = said("speaches", EngineSettings(**of_it))["session"]
    its = said("speaches", EngineSettings(**of_it, turns="server"))["session"]

    assert ours == {
        "input_audio_transcription": {"model": "m", "language": "en"},
        "turn_detection": {
            "type": "server_vad", "threshold": 1.0, "prefix_padding_ms": 0,
            "silence_duration_ms": 500, "create_response": False,
        },
    }  # fmt: skip
    assert its["turn_detection"] == {**SERVER_VAD, "create_response": False}


def test_a_server_with_a_model_of_its_own_is_told_none():
    assert sound("mlx-audio")["transcription"] == {}


@few
@given(st.binary(max_size=100))
def test_sound_is_base64_in_an_event_that_the_sdk_knows(chunk):
    message = judged(events.append(chunk))

    assert base64.b64decode(message.audio, validate=True) == chunk


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "vllm"])
def test_a_turn_ends_with_a_commit_that_the_sdk_knows(name):
    assert events.begin(DIALECTS[name]) is None
    assert judged(events.commit(DIALECTS[name], "c7")).event_id == "c7"
    assert judged(events.clear("c8")).event_id == "c8"


def test_vllm_is_told_where_a_turn_begins_and_where_it_ends():
    kind = "input_audio_buffer.commit"
    assert events.begin(DIALECTS["vllm"]) == {"type": kind, "final": False}
    assert events.commit(DIALECTS["vllm"], "c7") == {"type": kind, "final": True}
