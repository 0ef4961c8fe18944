"""A session's settings: said once, acknowledged, or said again without what was refused."""

from __future__ import annotations

import pytest

from tests.engine.talk import Talk
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError


def test_nothing_is_said_before_the_settings_are_acknowledged():
    take = Talk(acknowledged=False)
    take.speak(1, 2, pause=0.5)

    assert take.said() == ["update"]
    take.hear("session.created")
    assert take.said() == []
    take.hear("session.updated")
    assert take.said() == ["w1 w2"]


def test_a_server_that_acknowledges_nothing_is_ready_when_the_session_exists():
    take = Talk("vllm", acknowledged=False)
    assert not take.talk.ready
    take.hear("session.created")
    assert take.talk.ready
    take.hear("session.created")
    assert take.talk.ready


@pytest.mark.parametrize(
    ("param", "note"),
    [
        ("session.audio.input.noise_reduction", "engine.noise_reduction"),
        ("session.audio.input.transcription.language", "engine.languages"),
        ("session.audio.input.transcription.prompt", "engine.prompt"),
        ("session.audio.input.turn_detection", "engine.turns"),
        ("session.include", "engine.logprobs"),
    ],
)
def test_a_setting_that_the_server_refuses_is_dropped_and_the_settings_are_said_again(param, note):
    take = Talk(
        acknowledged=False, languages=["en"], prompt="Hi.", logprobs=True, turns="server"
    )  # fmt: skip
    take.said()
    about = take.updates[-1]["event_id"]
    for _ in range(2):  # a server may say it twice
        take.error("unknown_parameter", "No.", param=param, event_id=about)

    assert take.said() == ["update"], "once"
    before, after = take.updates
    assert before != after
    assert take.talk.notes == [
        f"OpenAI does not accept {note} with this model; the dictation goes on without it."
    ]
    take.hear("session.updated")
    take.speak(1)
    assert take.said() == ["w1"]
    take.connect()
    assert take.updates[-1]["session"] == after["session"], "nor is it said on the next connection"


def test_a_refusal_that_does_not_say_what_it_is_about_drops_a_setting_once():
    take = Talk(acknowledged=False)
    take.said()
    for _ in range(3):
        take.error("unknown_parameter", "Unknown parameter: 'session.audio.input.noise_reduction'.")
    assert take.said() == ["update"]
    assert len(take.talk.notes) == 1


def test_even_the_null_of_voice_detection_may_be_refused_and_nobody_need_know():
    take = Talk("sglang", acknowledged=False)
    take.said()
    take.error("not_supported", "x", param="session.audio.input.turn_detection")

    assert take.said() == ["update"]
    assert "turn_detection" not in take.updates[-1]["session"]["audio"]["input"]
    assert take.talk.notes == []


def test_a_refused_voice_detection_is_dropped_first_and_then_its_null():
    take = Talk(turns="server", acknowledged=False)
    assert take.talk.detects
    for expected in ({"null": True}, {}):
        take.error("invalid_value", "Turn detection is not supported for this transcription model")
        take.said()
        heard = take.updates[-1]["session"]["audio"]["input"]
        assert ({"null": heard["turn_detection"] is None} if expected else {}) == expected
    assert not take.talk.detects
    assert "turn_detection" not in heard
    assert len(take.talk.notes) == 1


def test_an_error_instead_of_the_acknowledgement_is_raised():
    take = Talk(acknowledged=False)
    with pytest.raises(RefusedError, match="no such model"):
        take.error("invalid_model")
    with pytest.raises(LostError, match="reports an error"):
        take.error("server_error")


def test_a_server_may_complain_about_settings_that_it_takes():
    take = Talk("speaches", acknowledged=False)
    take.error("", "prefix_padding_ms")

    assert "prefix_padding_ms" in take.talk.complaint
    take.hear("session.updated")
    assert take.talk.ready


def test_a_setting_that_is_refused_in_words_alone_is_dropped_and_told():
    take = Talk(acknowledged=False)
    take.said()
    about = take.updates[-1]["event_id"]
    take.error("unsupported_value", "Noise reduction is not supported.", event_id=about)

    assert take.said() == ["update"]
    assert take.dropped == {"noise_reduction"}
    assert len(take.talk.notes) == 1


def test_an_error_that_says_that_no_answer_comes_is_raised_in_mid_take():
    take = Talk()
    with pytest.raises(RefusedError, match="OPENAI_API_KEY"):
        take.error("invalid_api_key")
    with pytest.raises(LostError, match="try again in 20s") as lost:
        take.error("rate_limit_exceeded", "Please try again in 20s.")
    assert lost.value.wait == 20


def test_an_error_about_none_of_our_messages_ends_nothing(caplog):
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.error("response_cancel_not_active", "Cancellation failed: no active response found")
    take.error("odd", "Strange.", event_id="somebody's")
    take.error("server_error", "The server had an error.")
    assert "no active response" in caplog.text
    assert take.talk.complaint == "OpenAI reports an error: The server had an error."
    take.committed("a")
    take.completed("a", "one two")
    assert take.texts == ["one two"]
    take.attach()
    assert take.talk.complaint == ""


def test_an_error_about_our_commit_is_raised():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    about = take.messages()[-1]["event_id"]
    with pytest.raises(LostError, match="OpenAI reports an error: Oh"):
        take.error("odd", "Oh.", event_id=about)
