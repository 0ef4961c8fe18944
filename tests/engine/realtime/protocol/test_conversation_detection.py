"""Turns that the server finds, connections that are lost, and those that are used again."""

from __future__ import annotations

import pytest

from tests.engine.talk import BUFFER, Talk

EMPTY = "input_audio_buffer_commit_empty"
SERVER = {"turns": "server", "vad_silence_ms": 200}


def speaking(name: str = "openai", *words: int, pause: float = 0.5) -> Talk:
    take = Talk(name, **SERVER)
    take.speak(*words, pause=pause)
    take.said()
    take.hear(f"{BUFFER}speech_started", item_id="a", audio_start_ms=0)
    return take


def test_the_server_ends_a_turn_where_it_says_that_the_speech_stopped():
    take = speaking("openai", 1, 2)
    assert take.talk.speaking
    take.stopped("a", 0.4)
    assert not take.talk.speaking
    take.committed("a")
    take.completed("a", "one two")

    assert take.texts == ["one two"]
    assert take.turns.covered == take.seconds(0.4)


def test_a_server_that_does_not_say_when_is_taken_to_have_waited_for_its_silence():
    take = speaking("openai", 1, 2)
    take.committed("a")
    take.completed("a", "one two")

    assert take.texts == ["one two"]
    assert take.turns.covered == take.seconds(0.62 - 0.2)


def test_a_stop_beyond_what_was_sent_is_where_that_ends():
    take = speaking("openai", 1, 2)
    take.speak(3)
    take.stopped("a", 1e6)
    take.committed("a")
    take.completed("a", "one two")
    assert take.turns.covered == take.seconds(0.62)
    assert take.said() == ["w3"]


def test_a_text_may_come_before_its_announcement():
    take = speaking("openai", 1, 2)
    take.completed("a", "one two")
    take.completed("a", "one two, or so")
    assert take.texts == []
    take.committed("a")
    assert take.texts == ["one two"], "the first counts"


def test_the_release_commits_what_the_server_has_not():
    take = speaking("openai", 1, 2)
    take.stopped("a", 0.4)
    take.committed("a")
    take.speak(3, 4)
    take.finish()

    assert take.said() == ["w3 w4", "commit"]
    take.committed("b", "a")
    take.completed("b", "three four")
    take.completed("a", "one two")
    assert take.texts == ["one two", "three four"]
    assert take.turns.done


def test_the_servers_own_end_of_a_turn_may_be_told_after_our_commit():
    take = speaking("openai", 1, 2, pause=0.4)
    take.speak(3, 4, pause=0.1)
    take.finish()
    assert take.said() == ["w3 w4", "commit"]
    take.stopped("a", 0.4)
    take.committed("a")
    take.committed("b", "a")
    take.completed("b", "three four")
    take.completed("a", "one two")

    assert take.texts == ["one two", "three four"]
    assert take.turns.done


def test_silence_behind_the_servers_last_turn_owes_no_text():
    take = speaking("openai", 1, 2)
    take.finish(take.seconds(0.12))
    assert take.said() == ["commit"]
    take.stopped("a", 0.4)
    take.committed("a")
    take.completed("a", "one two")

    assert take.texts == ["one two"]
    assert take.turns.done


def test_nothing_to_commit_is_an_answer_where_the_server_finds_the_turns():
    take = speaking("openai", 1, 2)
    take.finish()
    assert take.said() == ["commit"]
    take.stopped("a", 0.62)
    take.error(EMPTY)
    take.committed("a")
    take.completed("a", "one two")

    assert take.texts == ["one two"]
    assert take.turns.done
    assert take.talk.clean


def test_a_server_that_finds_turns_though_it_is_not_to_loses_nothing():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.stopped("a", 0.12)
    take.error(EMPTY)
    take.committed("a")
    take.completed("a", "one two")
    assert take.texts == ["one two"]


def test_nothing_to_commit_behind_the_servers_last_turn_is_silence():
    take = speaking("openai", 1, 2)
    take.stopped("a", 0.4)
    take.finish()
    take.said()
    take.error(EMPTY)
    take.committed("a")
    take.completed("a", "one two")
    assert take.turns.done


def test_what_is_left_behind_the_servers_turn_is_silence():
    take = speaking("openai", 1, 2)
    take.finish()
    take.said()
    take.stopped("a", 0.62)
    take.committed("a")
    take.committed("b", "a")
    take.completed("b", "")
    assert take.texts == []
    take.completed("a", "one two")
    assert take.texts == ["one two"]


def test_an_item_of_sound_that_has_its_text_is_passed_over():
    take = speaking("openai", 1, 2)
    take.stopped("a", 0.4)
    take.committed("a")
    take.completed("a", "one two")
    take.stopped("b", 0.3)
    take.committed("b", "a")
    take.completed("b", "one again")

    assert take.texts == ["one two"]


@pytest.mark.parametrize("name", ["speaches", "localai"])
def test_a_server_that_dies_of_a_commit_is_made_to_end_the_turn_by_silence(name):
    take = speaking(name, 1, 2, pause=0.1)
    take.finish()

    messages = take.messages()
    assert [message["type"] for message in messages] == [f"{BUFFER}append"]
    assert len(messages[0]["audio"]) == round(3.2 * take.rate) * 2 * 4 // 3, "in one message"
    assert take.talk.owed
    take.stopped("a", 3.4)
    take.committed("a")
    take.completed("a", "one two")
    assert take.texts == ["one two"]
    assert take.turns.done


def test_speaches_says_all_of_it_twice():
    take = speaking("speaches", 1, 2)
    for _ in range(2):
        take.stopped("a", 0.4)
        take.committed("a")
        take.completed("a", "one two")
    take.error("", "Item a already exists.")
    take.speak(3, 4)
    take.finish()
    take.said()
    for _ in range(2):
        take.stopped("b", 0.8)
        take.committed("b", "x")
        take.completed("b", "three four")

    assert take.texts == ["one two", "three four"]
    assert take.turns.done


def test_a_turn_that_is_ended_again_elsewhere_before_its_text_keeps_it():
    take = speaking("speaches", 1, 2)
    take.stopped("a", 0.4)
    take.committed("a")
    take.stopped("a", 0)
    take.committed("a")
    take.completed("a", "one two")

    assert take.texts == ["one two"]


def test_a_server_that_loses_its_voice_detection_leaves_the_turns_to_us():
    take = speaking("openai", 1, 2)
    take.error("invalid_value", "x", param="session.audio.input.turn_detection")
    take.cut()

    assert take.said() == ["update", "commit"]
    take.committed("a")
    take.completed("a", "one two")
    assert take.texts == ["one two"]


@pytest.mark.parametrize(("name", "known"), [("openai", True), ("speaches", False)])
def test_a_server_that_no_commit_can_stop_is_not_believed_that_somebody_speaks(name, known):
    take = speaking(name, 1, 2)
    take.hear("input_audio_buffer.speech_started", item_id="a", audio_start_ms=0)
    assert take.talk.speaking is known
