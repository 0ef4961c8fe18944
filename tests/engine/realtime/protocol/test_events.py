"""What we are told: every event of facts B, its variants, and garbage."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import realtime

from tests.examples import examples
from tests.servers.realtime.faults import GARBAGE
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine.realtime.protocol.events import (
    Answered,
    Created,
    Failed,
    Refused,
    SpeechStarted,
    SpeechStopped,
    Updated,
    decode,
)

ITEM = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."
#    type, fields, meaning
TABLE = [
    ("session.created", {"session": {"type": "transcription"}}, Created()),
    ("session.created", {"id": "s", "created": 1}, Created()),  # vLLM
    ("transcription_session.created", {"session": {}}, Created()),
    ("session.updated", {"session": {}}, Updated()),
    ("transcription_session.updated", {"session": {}}, Updated()),
    (f"{BUFFER}speech_started", {"item_id": "a", "audio_start_ms": 3}, SpeechStarted("a")),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": 900}, SpeechStopped("a", 900)),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": 9.5}, SpeechStopped("a", 9.5)),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": -9}, SpeechStopped("a", 0)),
    (f"{BUFFER}speech_stopped", {"item_id": "a"}, None),
    (f"{BUFFER}speech_stopped", {"audio_end_ms": 900}, None),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": True}, None),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": "900"}, None),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": float("nan")}, None),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": float("inf")}, None),
    (f"{BUFFER}speech_stopped", {"item_id": "a", "audio_end_ms": 10**400}, None),
    (f"{BUFFER}committed", {"item_id": "b", "previous_item_id": "a"}, Committed("b", "a")),
    (f"{BUFFER}committed", {"item_id": "b", "previous_item_id": None}, Committed("b")),
    (f"{BUFFER}committed", {"item_id": "b"}, Committed("b")),
    (f"{BUFFER}committed", {"item_id": "b", "previous_item_id": ""}, Committed("b")),
    (f"{BUFFER}committed", {"item_id": ""}, None),
    (f"{BUFFER}committed", {}, None),
    (f"{ITEM}delta", {"item_id": "a", "content_index": 0, "delta": " so"}, Delta("a", " so")),
    (f"{ITEM}delta", {"item_id": "a"}, Delta("a", "")),
    (f"{ITEM}completed", {"item_id": "a", "transcript": "So.", "usage": {"type": "tokens"}},
     Completed("a", "So.")),
    (f"{ITEM}completed", {"item_id": "a", "transcript": "So."}, Completed("a", "So.")),
    (f"{ITEM}completed", {"item_id": "a", "transcript": ""}, Completed("a", "")),
    (f"{ITEM}completed", {"transcript": "So."}, Completed("", "So.")),
    (f"{ITEM}completed", {"item_id": "a", "transcript": None}, None),
    (f"{ITEM}completed", {"item_id": "a"}, None),
    (f"{ITEM}failed", {"item_id": "a", "error": {"message": "why", "code": "c"}},
     Failed("a", Refused("c", "why"))),
    (f"{ITEM}failed", {"item_id": "a", "error": {"code": "c"}}, Failed("a", Refused("c", ""))),
    (f"{ITEM}failed", {"item_id": "a", "error": {"type": "server_error", "code": None}},
     Failed("a", Refused("server_error", ""))),
    (f"{ITEM}failed", {"item_id": "a"}, Failed("a", Refused("", ""))),
    ("transcription.delta", {"delta": " so"}, Delta("", " so")),  # vLLM
    ("transcription.done", {"text": "So.", "usage": {"total_tokens": 3}}, Completed("", "So.")),
    ("transcription.done", {"usage": {}}, None),
    ("response.text.done", {"item_id": "x", "text": "So."}, Answered("So.")),  # Azure preview
    ("response.output_text.done", {"text": "So."}, Answered("So.")),
    ("response.text.delta", {"delta": "So"}, None),
    ("conversation.item.created", {"item": {"id": "a"}}, None),
    ("conversation.item.added", {"item": {"id": "a"}}, None),
    ("conversation.item.done", {"item": {"id": "a"}}, None),
    (f"{ITEM}segment", {"item_id": "a", "text": "So"}, None),
    (f"{BUFFER}cleared", {}, None),
    (f"{BUFFER}timeout_triggered", {"item_id": "a"}, None),
    ("rate_limits.updated", {"rate_limits": []}, None),
    ("error", {"error": {"type": "t", "code": "c", "message": "m", "param": "p", "event_id": "e"}},
     Refused("c", "m", "p", "e")),
    ("error", {"error": {"type": "t", "code": None, "message": "m"}}, Refused("t", "m")),
    ("error", {"error": {"message": "m"}}, Refused("", "m")),  # mlx-audio
    ("error", {"error": "m", "code": "c"}, Refused("c", "m")),  # vLLM
    ("error", {"error": "m"}, Refused("", "m")),
    ("error", {"error": [1]}, Refused("", "")),
    ("error", {}, Refused("", "")),
    ("error", {"error": {"code": "unknown_parameter", "message": "Unknown parameter: 'a.b[0].c'."}},
     Refused("unknown_parameter", "Unknown parameter: 'a.b[0].c'.", "a.b[0].c")),
    ("error", {"error": {"message": 'Unsupported parameter "prompt".'}},
     Refused("", 'Unsupported parameter "prompt".', "prompt")),
    ("error", {"error": {"message": "parameters are 'wrong'"}},
     Refused("", "parameters are 'wrong'")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "meaning"), TABLE)
def test_a_message_means(kind, fields, meaning):
    assert decode(json.dumps({"type": kind, "event_id": "e1", **fields})) == meaning


@pytest.mark.parametrize(
    ("logprobs", "confidence"),
    [
        ([], None), (None, None), ("x", None), ([{}], None), ([{"logprob": None}], None),
        ([{"logprob": 0.0}], 1.0), ([{"logprob": -0.5}, {"logprob": -1.5}], 0.3679),
        ([{"logprob": 3}, 5, {"token": "a"}], 1.0), ([{"logprob": True}], None),
        ([{"logprob": float("-inf")}], 0.0), ([{"logprob": float("nan")}], None),
        ([{"logprob": 10**400}], None), ([{"logprob": -1e308}, {"logprob": -1e308}], 0.0),
    ],
)  # fmt: skip
def test_confidence_is_the_mean_of_what_the_server_tells(logprobs, confidence):
    said = {"type": f"{ITEM}completed", "item_id": "a", "transcript": "x", "logprobs": logprobs}
    event = decode(json.dumps(said))

    assert isinstance(event, Completed)
    assert event.confidence == (confidence and pytest.approx(confidence, abs=1e-4))


DEEP = "[" * 100_000


@pytest.mark.parametrize("text", [*GARBAGE, DEEP, b"\xff\xfe", "9" * 5000, "NaN"])
def test_garbage_means_nothing_and_raises_nothing(text):
    meaning = decode(text)
    assert meaning is None or meaning == Delta("", ""), "a piece of no text of no item"


names = st.sampled_from([
    "type", "item_id", "previous_item_id", "delta", "transcript", "logprobs", "logprob", "error",
    "message", "code", "param", "audio_end_ms", "text", "event_id",
])  # fmt: skip
KINDS = sorted({row[0] for row in TABLE})
odd = st.sampled_from([None, True, "", float("nan"), 10**400, -(10**400)])
leaves = odd | st.integers() | st.floats() | st.text(max_size=4)
flat = leaves | st.lists(leaves, max_size=2) | st.dictionaries(names, leaves, max_size=2)
trees = flat | st.lists(flat, max_size=2) | st.dictionaries(names, flat, max_size=2)


@st.composite
def bent(draw):
    """Return an event as some server sends it, two of its fields changed."""
    kind = draw(st.sampled_from(KINDS))
    event = {"type": kind, **draw(st.sampled_from([row[1] for row in TABLE if row[0] == kind]))}
    known = st.sampled_from([*event, "logprobs"])
    return event | draw(st.dictionaries(known, trees, min_size=1, max_size=2))


@settings(max_examples=examples(600))
@given(trees | bent())
def test_whatever_a_server_sends_nothing_is_raised(tree):
    decode(json.dumps(tree))


@given(st.binary() | st.text())
def test_whatever_bytes_come_nothing_is_raised(noise):
    decode(noise)


# What the SDK's own classes write down, we read.

few = settings(max_examples=examples(40))
ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
texts = st.text(st.characters(codec="utf-8"))
optional = st.none() | ids
TOKENS = {
    "type": "tokens", "input_tokens": 1, "output_tokens": 2, "total_tokens": 3,
    "input_token_details": {"audio_tokens": 1, "text_tokens": 0},
}  # fmt: skip
usages = st.sampled_from([TOKENS, {"type": "duration", "seconds": 1.5}])


def read(shape, kind, **fields):
    """Return what we make of the event that the SDK would make of these fields."""
    said = shape.model_validate({"type": kind, "event_id": "e1", **fields}, strict=True)
    return decode(said.to_json())


@few
@given(ids, optional)
def test_committed_is_read_as_the_sdk_writes_it(item, before):
    event = read(realtime.InputAudioBufferCommittedEvent, f"{BUFFER}committed",
                 item_id=item, previous_item_id=before)  # fmt: skip
    assert event == Committed(item, before)


@few
@given(ids, texts)
def test_a_delta_is_read_as_the_sdk_writes_it(item, text):
    event = read(realtime.ConversationItemInputAudioTranscriptionDeltaEvent, f"{ITEM}delta",
                 item_id=item, content_index=0, delta=text)  # fmt: skip
    assert event == Delta(item, text)


@few
@given(ids, texts, usages, st.none() | st.lists(st.floats(-20, 0), min_size=1))
def test_completed_is_read_as_the_sdk_writes_it(item, text, usage, logprobs):
    known = logprobs and [{"token": "t", "bytes": [116], "logprob": value} for value in logprobs]
    event = read(realtime.ConversationItemInputAudioTranscriptionCompletedEvent, f"{ITEM}completed",
                 item_id=item, content_index=0, transcript=text, usage=usage, logprobs=known,
                 )  # fmt: skip

    assert isinstance(event, Completed)
    assert (event.item, event.text) == (item, text)
    assert (event.confidence is None) == (logprobs is None)
    assert event.confidence is None or 0 <= event.confidence <= 1


@few
@given(ids, texts)
def test_failed_is_read_as_the_sdk_writes_it(item, message):
    event = read(realtime.ConversationItemInputAudioTranscriptionFailedEvent, f"{ITEM}failed",
                 item_id=item, content_index=0, error={"message": message, "code": "c"},
                 )  # fmt: skip
    assert event == Failed(item, Refused("c", message))


@few
@given(ids, st.integers(0, 10**9))
def test_voice_detection_is_read_as_the_sdk_writes_it(item, ms):
    started = read(realtime.InputAudioBufferSpeechStartedEvent, f"{BUFFER}speech_started",
                   item_id=item, audio_start_ms=ms)  # fmt: skip
    stopped = read(realtime.InputAudioBufferSpeechStoppedEvent, f"{BUFFER}speech_stopped",
                   item_id=item, audio_end_ms=ms)  # fmt: skip
    assert (started, stopped) == (SpeechStarted(item), SpeechStopped(item, ms))


@few
@given(ids, texts, optional, optional, optional)
def test_an_error_is_read_as_the_sdk_writes_it(kind, message, code, param, about):
    event = read(
        realtime.RealtimeErrorEvent, "error",
        error={"type": kind, "message": message, "code": code, "param": param, "event_id": about},
    )  # fmt: skip

    assert isinstance(event, Refused)
    assert (event.code, event.message) == (code or kind, message)
    assert event.event_id == (about or "")
    assert not param or event.param == param
