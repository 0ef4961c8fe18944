"""One connection's side of the protocol: what is said when, and whose text is whose."""

from __future__ import annotations

import pytest

from tests.engine.talk import ITEM, Talk
from tests.realtime.faults import GARBAGE
from tray_dictate.engine.dialect_errors import LostError, RefusedError

# The session's settings


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
        f"OpenAI does not take {note} with this model; the dictation goes on without it."
    ]
    take.hear("session.updated")
    take.speak(1)
    assert take.said() == ["w1"]
    take.connect()
    assert take.updates[-1]["session"] == after["session"], "nor is it said on the next connection"


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


def test_an_error_in_mid_take_is_raised():
    take = Talk()
    with pytest.raises(LostError, match="OpenAI reports an error: Oh"):
        take.error("odd", "Oh.")
    with pytest.raises(RefusedError, match="OPENAI_API_KEY"):
        take.error("invalid_api_key")


# Sound and commits


def test_sound_goes_in_pieces_of_20_to_100_ms():
    take = Talk()
    take.speak(pause=0.019)
    assert take.messages() == []
    take.speak(pause=0.231)
    sizes = [len(m["audio"]) * 3 // 4 / 2 / take.rate for m in take.messages()]
    assert sizes == pytest.approx([0.1, 0.1, 0.05], abs=0.001)


def test_a_turn_ends_with_a_commit_and_the_next_goes_on():
    take = Talk()
    take.speak(1, 2, pause=0.3)
    take.cut()
    take.speak(3)

    assert take.said() == ["w1 w2", "commit", "w3"]
    assert len(take.talk.owed) == 1
    assert not take.talk.clean
    take.speak(4)
    take.finish()
    assert take.said() == ["w4", "commit"]
    take.committed("a")
    take.committed("b", "a")
    take.completed("b", "three four")
    assert take.texts == []
    take.completed("a", "one two")
    assert take.texts == ["one two", "three four"]
    assert take.turns.done
    assert take.talk.clean


def test_a_turn_of_less_than_100_ms_is_made_120():
    take = Talk()
    take.speak(1)
    take.cut()
    sizes = [len(m.get("audio", "")) for m in take.messages()]

    assert sizes == [60 * 64, 60 * 64, 0], "60 ms of the word, 60 of silence, the commit"


@pytest.mark.parametrize("name", ["localai", "sglang", "mlx-audio", "vllm"])
def test_a_server_without_a_least_length_is_told_the_word_alone(name):
    take = Talk(name)
    take.speak(1)
    take.cut()
    said = [line for line in take.said() if line != "commit begin"]
    assert said[0] == "w1"
    assert said[1].startswith("commit")
    assert len(said) == 2


def test_silence_at_the_end_is_cleared_and_not_committed():
    take = Talk()
    take.speak(1, 2)
    take.cut()
    take.speak(pause=0.5)
    assert take.said() == ["w1 w2", "commit", "0.50 s"]
    take.speak(pause=0.2)
    take.finish(take.seconds(0.12))

    assert take.said() == ["clear"], "nor is the rest sent"
    take.committed("a")
    take.completed("a", "one two")
    assert take.turns.done
    assert take.talk.clean


def test_a_server_that_knows_no_clear_is_told_none():
    take = Talk("mlx-audio")
    take.speak(pause=0.5)
    take.said()
    take.finish(0)
    assert take.said() == []


def test_what_a_server_that_knows_no_clear_still_holds_is_no_part_of_the_next_take():
    take = Talk("mlx-audio")
    take.speak(1, pause=0.5)
    take.said()
    take.finish(0)
    take.said()
    assert not take.talk.clean, "so another connection is used"


def test_an_empty_take_says_nothing():
    take = Talk()
    take.finish()
    assert take.said() == []
    assert take.talk.clean


def test_a_retiring_connection_begins_no_turn_but_ends_the_one_that_it_began():
    take = Talk()
    take.speak(1)
    assert take.said() == ["w1"]
    take.talk.retiring = True
    take.speak(2)
    take.cut()
    take.speak(3)

    assert take.said() == ["w2", "commit"]


def test_a_server_that_loses_sound_while_it_transcribes_is_given_one_turn_at_a_time():
    take = Talk("vllm")
    take.speak(1, 2)
    take.cut()
    take.speak(3, 3)

    assert take.said() == ["commit begin", "w1 w2", "commit final"]
    take.hear("transcription.delta", delta=" one")
    take.hear("transcription.done", text="one two")
    assert take.texts == ["one two"]
    take.finish()
    assert take.said() == ["commit begin", "w3 w3", "commit final"]
    take.hear("transcription.done", text="three")
    assert take.texts == ["one two", "three"]
    assert take.turns.done


def test_a_text_that_nobody_waits_for_is_not_the_next_turns():
    take = Talk("vllm")
    take.speak(1, 2)
    take.cut()
    take.said()
    take.hear("transcription.done", text="one two")
    take.hear("transcription.done", text="one two")
    take.speak(3, 4)
    take.finish()
    take.said()
    take.hear("session.created")
    assert take.texts == ["one two"]
    take.hear("transcription.done", text="three four")
    assert take.texts == ["one two", "three four"]


# An empty buffer

EMPTY = "input_audio_buffer_commit_empty"


def test_sound_that_the_server_has_lost_is_said_again_once_and_then_holds_no_words():
    take = Talk()
    for attempt in (1, 2):
        take.speak(attempt, attempt, pause=0.2)
        take.cut() if attempt == 1 else take.finish()
    take.said()
    with pytest.raises(LostError, match="lost the sound"):
        take.error(EMPTY)
    take.connect()
    assert take.said() == ["w1 w1", "commit", "w2 w2", "commit"]
    take.error(EMPTY)
    take.committed("b")
    take.completed("b", "two")
    assert take.texts == ["two"]
    assert take.turns.done


def test_a_complaint_about_nothing_that_was_committed_is_passed_over():
    take = Talk()
    take.error(EMPTY)
    assert take.talk.clean


def test_garbage_changes_nothing():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    for noise in GARBAGE:
        take.talk.receive(noise)
    take.committed("a")
    take.completed("a", "one two")
    assert take.texts == ["one two"]


# A text that does not come


def test_a_failed_item_is_said_again_on_another_connection():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.committed("a")
    with pytest.raises(LostError, match=r"could not transcribe it: it is bad\. If it never"):
        take.hear(f"{ITEM}failed", item_id="a", error={"message": "it is\x1b[31m \nbad."})
    (turn,) = take.turns.unsettled()
    assert turn.failures == 1
    take.connect()
    assert take.said() == ["w1 w2", "commit"]


def test_when_nothing_more_comes_a_text_under_a_strange_name_is_the_oldest_turns():
    take = Talk()
    for number in (1, 2):
        take.speak(number, number)
        take.cut()
    take.finish()
    take.said()
    take.completed("x", "one")
    take.completed("y", "two")
    assert take.texts == [], "their announcements may be on their way"
    assert take.talk.make_do()
    take.hear("noise")
    assert not take.talk.make_do()
    assert take.turns.done


def test_an_answer_in_place_of_a_text_is_the_last_resort():
    take = Talk("azure-preview")
    take.speak(1, 2)
    take.cut()
    take.said()
    take.hear("response.text.done", text="one two")
    assert take.texts == [], "a transcription may follow"
    assert take.talk.make_do()
    take.hear("noise")
    take.speak(3, 4)
    take.finish()
    take.said()
    take.hear("response.text.done", text="three four")
    assert take.texts == ["three four"] or take.turns.done


def test_where_there_are_transcriptions_an_answer_is_none():
    take = Talk("azure-preview")
    take.speak(1, 2)
    take.finish()
    take.said()
    take.committed("a")
    take.completed("a", "one two")
    take.hear("response.text.done", text="You said one two.")
    assert take.texts == ["one two"]
    assert not take.talk.make_do()
