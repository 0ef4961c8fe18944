"""Words in, words out, once, in order: conversations with a server that answers as it likes.

It may be slow, tell the texts and the announcements of different items in another order, tell them
twice, link them wrongly, name them otherwise, and go away at any point; what was sent and not yet
processed is gone with it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.engine.model_server import Habits, ModelServer
from tests.engine.talk import Talk
from tests.examples import examples
from tray_dictate.engine.realtime.protocol.errors import LostError

some = st.integers(0, 30)


class Take(RuleBasedStateMachine):
    """A client that speaks and a network that fails; takes follow one another."""

    name = "openai"
    turns = "pauses"
    habits = Habits()

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count(1)
        self.words: list[str] = []
        self.spoken_until = 0
        self.client = Talk(self.name, turns=self.turns, vad_silence_ms=200, acknowledged=False)
        self._connected()

    def _connected(self, *, at_once: bool = True) -> None:
        client = self.client
        self.server = ModelServer(client.dialect, self.habits, detects=client.talk.detects)
        if at_once:
            self.send(1)
            self.process(1, 0)
            self.deliver([0, 0])

    # the user

    @precondition(lambda self: not self.client.turns.finished)
    @rule(words=st.integers(1, 3), pause=st.sampled_from([0.02, 0.06, 0.3]))
    def speak(self, words, pause):
        for _ in range(words):
            number = next(self.numbers)
            self.client.speak(pause=0.06)
            self.client.speak(number)
            self.spoken_until = self.client.turns.end
            self.client.speak(pause=pause)
            self.words.append(f"w{number}")

    @precondition(lambda self: not self.client.turns.finished)
    @rule(phrases=st.integers(2, 4), choices=st.lists(some, min_size=1, max_size=8))
    def speak_phrases(self, phrases, choices):
        for _ in range(phrases):
            self.speak(1, 0.3)
            if self.turns == "pauses":
                self.client.cut()
        self.go_on(20, choices)

    @precondition(lambda self: not self.client.turns.finished)
    @rule()
    def fall_silent(self):
        self.client.speak(pause=0.5)

    @precondition(lambda self: not self.client.turns.finished and self.turns == "pauses")
    @rule()
    def hear_a_pause(self):
        self.client.cut()

    @precondition(lambda self: not self.client.turns.finished)
    @rule()
    def release(self):
        # where only silence ends a turn, silence that was owed a text would be owed it for ever
        speaking = self.client.talk.speaking and self.client.dialect.commits_detected
        self.client.finish(None if speaking else self.spoken_until)

    @precondition(lambda self: self.client.turns.done)
    @rule()
    def press_again(self):
        assert " ".join(self.client.texts).split() == self.words
        clean = self.client.talk.clean
        self.client.take()
        self.words, self.spoken_until = [], 0
        if clean:
            self.client.attach()
        else:
            self.reconnect()

    # the network

    @rule(messages=some)
    def send(self, messages):
        for _ in range(messages):
            message = self.client.talk.next(self.client.sound.pcm)
            if message is None:
                break
            self.server.inbox.append(message)
        if self.client.talk.retiring and self.client.talk.clean:
            self.reconnect()

    @rule(messages=some, link=some)
    def process(self, messages, link):
        for _ in range(min(messages, len(self.server.inbox))):
            self.server.process(link)

    @rule(choices=st.lists(some, min_size=1, max_size=6))
    def deliver(self, choices):
        for choice in choices:
            if event := self.server.tell(choice):
                self._hear(event)

    @precondition(lambda self: self.server.told)
    @rule(choice=some)
    def repeat(self, choice):
        self._hear(self.server.told[choice % len(self.server.told)])

    @rule(messages=some, choices=st.lists(some, min_size=2, max_size=12))
    def go_on(self, messages, choices):
        self.send(40)
        self.process(10 + messages, messages)
        self.deliver(choices)

    @rule(choices=st.lists(some, min_size=2, max_size=12), what=st.sampled_from(["drop", "retire"]))
    def fail(self, choices, what):
        self.go_on(0, choices)
        if what == "drop":
            self.reconnect()
        else:
            self.client.talk.retiring = True

    @precondition(lambda self: not self.client.turns.finished and not self.server.idle)
    @rule()
    def drop(self):
        self.reconnect(at_once=False)

    def _hear(self, event) -> None:
        server = self.server
        kind, fields = event["type"], {k: v for k, v in event.items() if k != "type"}
        try:
            self.client.hear(kind, **fields)
        except LostError:
            assert server is self.server
            self.reconnect()

    def reconnect(self, *, at_once: bool = True) -> None:
        if self.turns == "server":
            self.client.turns.reopen()
            self.client.collect()
        self.client.connect(acknowledged=False)
        self._connected(at_once=at_once)

    # what must hold

    @invariant()
    def what_is_handed_out_is_what_was_spoken_first(self):
        said = " ".join(self.client.texts).split()
        assert said == self.words[: len(said)]

    @invariant()
    def what_is_covered_was_handed_out(self):
        assert not self.client.turns.done or " ".join(self.client.texts).split() == self.words

    def teardown(self):
        if not self.client.turns.finished:
            self.release()
        for _attempt in range(4):
            for _ in range(300):
                self.send(30)
                self.process(30, 0)
                self.deliver([0] * 6)
                if self.client.turns.done or (self.server.idle and not self._more()):
                    break
            if self.client.turns.done:
                break
            with suppress(LostError):
                if not self.client.talk.make_do():
                    self.reconnect()
        self.client.collect()
        assert self.client.turns.done
        assert " ".join(self.client.texts).split() == self.words

    def _more(self) -> bool:
        message = self.client.talk.next(self.client.sound.pcm)
        if message:
            self.server.inbox.append(message)
        return message is not None


KINDS = {
    "announcements and texts in any order": ("openai", "pauses", Habits(reorders=True)),
    "wrong links": ("mlx-audio", "pauses", Habits(wrong_links=True)),
    "texts under other names": ("localai", "pauses", Habits(own_ids=True)),
    "one turn at a time, without names": ("vllm", "pauses", Habits(repeats=False)),
    "turns of the server's finding": ("openai", "server", Habits()),
    "turns of the server's finding, without links": (
        "mlx-audio", "server", Habits(wrong_links=True),
    ),
    "turns that end by silence alone": ("speaches", "server", Habits(wrong_links=True)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_comes_out_once_in_spoken_order(kind):
    name, turns, habits = KINDS[kind]
    machine = type("Take", (Take,), {"name": name, "turns": turns, "habits": habits})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(120 if habits.reorders else 60), stateful_step_count=30
        ),
    )
