"""Connections that are lost, and those that are used again."""

from __future__ import annotations

from tests.engine.talk import BUFFER, Talk

SERVER = {"turns": "server", "vad_silence_ms": 200}


def speaking(*words: int) -> Talk:
    take = Talk(**SERVER)
    take.speak(*words, pause=0.5)
    take.said()
    take.hear(f"{BUFFER}speech_started", item_id="a", audio_start_ms=0)
    return take


# Connections that are lost


def test_only_what_is_owed_is_said_again_and_turns_keep_their_ends():
    take = Talk()
    for words in [(1, 2), (3, 4), (5, 6)]:
        take.speak(*words)
        take.cut()
    take.speak(7, 8)
    assert take.said() == ["w1 w2", "commit", "w3 w4", "commit", "w5 w6", "commit", "w7 w8"]
    for item, after in [("a", None), ("b", "a")]:
        take.committed(item, after)
        take.completed(item, f"of {item}")
    take.connect()

    assert take.said() == ["w5 w6", "commit", "w7 w8"]
    take.finish()
    assert take.said() == ["commit"]
    take.committed("x")
    take.committed("y", "x")
    take.completed("y", "seven eight")
    take.completed("x", "five six")
    assert take.texts == ["of a", "of b", "five six", "seven eight"]
    assert take.turns.done


def test_a_turn_whose_text_is_known_is_not_said_again_though_it_waits():
    take = Talk()
    for words in [(1, 2), (3, 4), (5, 6)]:
        take.speak(*words)
        take.cut()
    take.said()
    take.committed("a")
    take.committed("b", "a")
    take.completed("b", "three four")
    take.connect()

    assert take.said() == ["w1 w2", "commit", "w5 w6", "commit"]
    take.committed("x")
    take.completed("x", "one two")
    assert take.texts == ["one two", "three four"]


def test_the_servers_clock_counts_what_this_connection_was_sent():
    take = speaking(1, 2)
    take.stopped("a", 0.4)
    take.committed("a")
    take.completed("a", "one two")
    take.speak(3, 4, pause=0.5)
    take.connect()
    take.turns.reopen()
    assert take.said() == ["w3 w4"]
    take.stopped("x", 0.22 + 0.12 + 0.2)
    take.committed("x")
    take.completed("x", "three four")

    assert take.texts == ["one two", "three four"]
    assert take.turns.covered == take.seconds(0.4 + 0.54)


# Connections that are used again


def test_another_take_follows_without_settings_and_late_duplicates_are_of_the_one_before():
    take = Talk()
    take.speak(1, 2)
    take.finish()
    take.said()
    take.committed("a")
    take.completed("a", "one two")
    assert take.talk.clean
    take.take()
    take.attach()
    take.speak(3, 4)
    assert take.said() == ["w3 w4"]
    take.committed("a")
    take.completed("a", "one two")
    take.finish()
    assert take.said() == ["commit"]
    take.completed("a", "one two")
    take.committed("b", "a")
    take.completed("b", "three four")

    assert take.texts == ["three four"]
    assert take.turns.done


def test_the_servers_clock_goes_on_in_the_next_take():
    take = speaking(1, 2)
    take.stopped("a", 0.62)
    take.committed("a")
    take.completed("a", "one two")
    take.finish(take.seconds(0.12))
    take.said()
    assert take.talk.clean
    take.take()
    take.attach()
    take.speak(3, 4, pause=0.5)
    take.said()
    take.stopped("b", 0.62 + 0.4)
    take.committed("b", "a")
    take.completed("b", "three four")

    assert take.texts == ["three four"]
    assert take.turns.covered == take.seconds(0.4)


def test_an_answer_of_the_take_before_is_not_the_next_ones():
    take = Talk("azure-preview")
    take.hear("response.text.done", text="stale")
    take.take()
    take.attach()
    take.speak(1, 2)
    take.finish()
    take.said()
    assert not take.talk.make_do()


def test_a_connection_that_retires_is_left_though_it_has_heard_more_than_the_servers_turn():
    take = speaking(1, 2)
    take.stopped("a", 0.4)
    take.talk.retiring = True
    take.speak(3)
    assert take.said() == []
    assert not take.talk.clean
    take.committed("a")
    take.completed("a", "one two")
    assert take.talk.clean
    take.connect()
    assert take.said() == ["w3"]
