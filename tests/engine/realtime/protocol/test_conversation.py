"""One connection's side of the protocol: what is said when, and whose text is whose."""

from __future__ import annotations

import pytest

from tests.engine.talk import ITEM, Talk
from tests.servers.realtime.faults import GARBAGE
from tray_dictate.engine.realtime.protocol.errors import LostError, RefusedError

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


def test_sound_that_the_server_has_lost_is_said_again_and_never_taken_for_silence():
    take = Talk()
    for attempt in (1, 2):
        take.speak(attempt, attempt, pause=0.2)
        take.cut() if attempt == 1 else take.finish()
    take.said()
    with pytest.raises(LostError, match="lost the audio"):
        take.error(EMPTY)
    take.connect()
    assert take.said() == ["w1 w1", "commit", "w2 w2", "commit"]
    with pytest.raises(LostError, match="lost the audio"):
        take.error(EMPTY)
    lost = next(take.turns.unsettled())
    assert (lost.text, lost.failures) == (None, 2)  # now it is the offline engine's


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


def test_a_rate_limit_does_not_count_as_a_turn_that_cannot_be_transcribed():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.committed("a")
    why = {"code": "rate_limit_exceeded", "message": "Please retry after 20 seconds."}
    with pytest.raises(LostError) as lost:
        take.hear(f"{ITEM}failed", item_id="a", error=why)
    (turn,) = take.turns.unsettled()
    assert (turn.failures, lost.value.wait) == (0, 20)


@pytest.mark.parametrize(
    ("code", "told"), [("insufficient_quota", "no quota"), ("content_filter", "content filter")]
)
def test_what_no_other_try_mends_is_not_said_again(code, told):
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.committed("a")
    with pytest.raises(RefusedError, match=told):
        take.hear(f"{ITEM}failed", item_id="a", error={"code": code, "message": "m"})


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


def test_a_failure_under_a_strange_name_is_the_oldest_turns_when_every_turn_has_its_name():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.hear(f"{ITEM}delta", item_id="x", delta="o")
    take.hear(f"{ITEM}failed", item_id="x", error={"message": "why"})
    assert not take.talk.make_do()
    with pytest.raises(LostError, match="could not transcribe it: why"):
        take.committed("a")
    take.connect()
    assert take.said() == ["w1 w2", "commit"]


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
    assert take.texts == ["one two", "three four"]
    assert take.turns.done
    take.hear("response.text.done", text="And now?")
    assert take.texts == ["one two", "three four"]


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
