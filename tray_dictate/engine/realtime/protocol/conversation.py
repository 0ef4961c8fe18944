"""Holds our side of the protocol on one connection, without the connection itself.

    turns ──next()──▶ messages          server's messages ──receive()──▶ settled turns

It knows no socket and no clock. A connection serves one take after another (`attach`), so the
settings are sent once.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.pcm import SAMPLE
from tray_dictate.core.segments import Committed, Completed, Delta
from tray_dictate.engine.realtime.protocol import events
from tray_dictate.engine.realtime.protocol.dialects import Dialect
from tray_dictate.engine.realtime.protocol.errors import (
    LostError,
    Partner,
    explain,
    explain_item,
    explain_settings,
    field_in_words,
    is_final,
    is_harmless,
    refused_field,
    without,
)
from tray_dictate.engine.realtime.protocol.events import (
    Answered,
    Created,
    Failed,
    Refused,
    ServerEvent,
    SpeechStarted,
    SpeechStopped,
    Updated,
    decode,
)
from tray_dictate.engine.realtime.protocol.items import ItemMap, ServerClock
from tray_dictate.engine.realtime.protocol.turns import Turn, Turns

_LEAST, _MOST = 0.02, 0.1  # seconds of sound in a message
_PADDED = 0.12  # seconds that a turn is made to last for a server that wants 0.1
_FLUSH = 3.2  # seconds of silence, in one message, that make a voice detection end a turn [F1]
_EMPTY = "input_audio_buffer_commit_empty"
Read = Callable[[int, int], bytes]  # positions in samples -> PCM16

log = logging.getLogger(__name__)


class Conversation:
    """The state of one connection; `dropped` are settings that the server refuses."""

    def __init__(
        self, dialect: Dialect, settings: EngineSettings, dropped: set[str], source: str
    ) -> None:
        self.ready = False
        self.retiring = False  # begin no other turn on this connection
        self.notes: list[str] = []  # messages for the user
        self.progress = 0  # grows with every event about a turn
        self._dialect, self._settings, self._dropped = dialect, settings, dropped
        self._partner = Partner(dialect, settings, source)
        self._numbers = itertools.count(1)
        self._said: list[events.Message] = []
        detects = events.detects(dialect, settings, dropped)
        self._items = ItemMap(dialect.follows, dialect.echoes, detects)
        self._texts: dict[str, Completed | Failed] = {}  # of items that belong to no turn yet
        self._clock = ServerClock()
        self._commits: set[str] = set()  # event ids
        self._transcribes = self._answers_only = False
        self.attach(Turns(dialect.rate))
        self._configure()

    @property
    def detects(self) -> bool:
        """Whether the server finds the turns."""
        return events.detects(self._dialect, self._settings, self._dropped)

    @property
    def owed(self) -> list[Turn]:
        """The turns whose sound the server has, and whose text it owes."""
        self._sent = [turn for turn in self._sent if turn.text is None]
        return self._sent

    @property
    def clean(self) -> bool:
        """Whether the server holds nothing more of this take, so that another can follow."""
        return self.ready and not self.owed and not self._loose and not self._said

    def attach(self, turns: Turns) -> None:
        """Begin a take, whose turns this conversation settles."""
        self._items.forget_texts()
        self._turns = turns
        self._cursor = turns.covered  # of the take: what was appended
        self._sent: list[Turn] = []
        self._begun: Turn | None = None
        self._loose = 0  # samples in the server's buffer that no commit has closed
        self.speaking = False  # the server's voice detection is within an item
        self._answer = ""
        self.complaint = ""  # the last error that may be harmless: an answer may still come
        self._clock.jump(self._cursor)

    def next(self, read: Read) -> events.Message | None:
        """Return the next message to send; None if there is nothing to send now."""
        if self._said:
            return self._said.pop(0)
        if not self.ready:
            return None
        turn = next((turn for turn in self._turns.unsettled() if turn not in self._sent), None)
        if self._dialect.one_at_a_time and self.owed:
            return None
        if turn is None:
            return self._after_all()
        if self._begun is not turn:
            if self.retiring:
                self._loose = 0  # it is sent again on the next connection
                return None
            if message := self._begin(turn):
                return message
        return self._append(turn, read) or (self._commit(turn) if turn.end is not None else None)

    def receive(self, message: str | bytes) -> None:
        """Process a server's message. Raises LostError, RefusedError."""
        event = decode(message)
        if event is not None:
            self._receive(event)
            self._settle_waiting()

    def make_do(self) -> bool:
        """On timeout, assign unmatched texts to the oldest unanswered turns.

        Return whether any was assigned.
        """
        settled = False
        for item, text in list(self._texts.items()):
            if isinstance(text, Completed) and (turn := self._items.adopt(item)):
                del self._texts[item]
                self._turns.settle(turn, text.text, text.confidence)
                settled = True
        if not settled and self._answer and self.owed:
            self._answers_only = settled = True
            self._take_answer()
        return settled

    def _configure(self) -> None:
        self._update_id = self._event_id()  # errors about an older update are stale
        self._update = events.update(self._dialect, self._settings, self._dropped, self._update_id)
        self._said.append(self._update)

    def _event_id(self) -> str:
        return f"c{next(self._numbers)}"

    # what we send

    def _begin(self, turn: Turn) -> events.Message | None:
        self._begun = turn
        if not turn.start <= self._cursor <= (turn.end or self._turns.end):
            self._cursor = turn.start  # the turns between are settled
            self._clock.jump(self._cursor)
        return events.begin(self._dialect)

    def _append(self, turn: Turn, read: Read) -> events.Message | None:
        rate = self._dialect.rate
        end = self._turns.end if turn.end is None else turn.end
        size = min(end - self._cursor, int(rate * _MOST))
        if size <= 0 or (turn.end is None and size < rate * _LEAST):
            return None
        chunk = read(self._cursor, self._cursor + size)
        self._cursor += size
        return self._append_message(chunk)

    def _append_message(self, chunk: bytes) -> events.Message:
        self._clock.append(len(chunk) // SAMPLE)
        self._loose += len(chunk) // SAMPLE
        return events.append(chunk)

    def _commit(self, turn: Turn) -> events.Message:
        rate = self._dialect.rate
        if self.detects:
            if not self._dialect.commits_detected:
                self._sent.append(turn)
                return self._append_message(bytes(SAMPLE * int(rate * _FLUSH)))
        elif self._loose * 1000 < rate * self._dialect.least_ms:
            return self._append_message(bytes(SAMPLE * (int(rate * _PADDED) - self._loose)))
        self._sent.append(turn)
        self._items.expect(turn)
        self._loose = 0
        commit = self._event_id()
        self._commits.add(commit)
        return events.commit(self._dialect, commit)

    def _after_all(self) -> events.Message | None:
        """Return the message that empties the server's buffer after a take: the rest is silence."""
        if not self._turns.finished or not self._loose or not self._dialect.clears:
            return None
        if self.owed and not self._dialect.commits_detected:
            return None  # the silence that makes it end a turn is in its buffer, too
        self._loose = 0
        return events.clear(self._event_id())

    # what we receive

    def _receive(self, event: ServerEvent) -> None:
        match event:
            case Created():
                self.ready = self.ready or not self._dialect.acknowledges
            case Updated():
                self.ready = True
            case SpeechStarted():
                # where no commit can end an item, only our own detector knows about speech
                self.speaking = self._dialect.commits_detected
            case SpeechStopped():
                self._stopped(event)
            case Refused():
                self._refused(event)
            case _:
                self.progress += 1
                self._receive_text(event)

    def _receive_text(self, event: Committed | Delta | Completed | Failed | Answered) -> None:
        match event:
            case Committed(item, after):
                if not self._items.announce(item, after):
                    silence = int(self._settings.vad_silence_ms * self._dialect.rate / 1000)
                    self._cut(item, self._cursor - silence)
            case Completed(item) | Failed(item):
                self._transcribes = True
                self._texts.setdefault(item, event)
            case Answered():
                self._answer += "" if self._transcribes else event.text
                if self._answers_only:
                    self._take_answer()
            case _:
                pass  # a delta is for a preview

    def _stopped(self, event: SpeechStopped) -> None:
        self.speaking = False
        if not self._items.knows(event.item):  # Speaches reports it twice, with different times
            at = int(event.at_ms * self._dialect.rate / 1000)
            self._cut(event.item, self._clock.position(at))

    def _cut(self, item: str, at: int) -> None:
        """End a turn where the server has ended it by itself."""
        self.progress += 1
        at = min(at, self._cursor)
        turn = self._turns.cut(at)
        self._items.bind(item, turn or Turn(at, at, ""))  # its sound may have its text already
        if turn:
            self._sent.append(turn)
            self._loose = self._cursor - at
            self._turns.pass_over_silence()  # what is behind it may be the silence at the end

    def _settle_waiting(self) -> None:
        for item, text in list(self._texts.items()):
            turn = self._items.turn(item)
            if turn is None:
                if not self._items.waits:  # a second time: it must not become the next turn's
                    del self._texts[item]
                continue
            del self._texts[item]
            if isinstance(text, Failed):
                error = explain_item(self._partner, text.why)
                if not (isinstance(error, LostError) and error.wait):
                    turn.failures += 1
                raise error
            self._turns.settle(turn, text.text, text.confidence)

    def _take_answer(self) -> None:
        if self.owed:
            self._turns.settle(self.owed[0], self._answer)
        self._answer = ""

    def _refused(self, refused: Refused) -> None:
        if refused.code == _EMPTY:
            return self._empty()
        if is_harmless(refused):
            return None
        ours = refused.event_id in ("", self._update_id)
        if field := refused_field(refused):
            return self._drop(field) if ours else None
        if refused.event_id == self._update_id or (ours and not self.ready):
            return self._settings_refused(refused)
        if refused.event_id in self._commits or is_final(refused):
            raise explain(self._partner, refused)
        # most such errors leave the session open: if this one does not, an answer is overdue
        self._complain(str(explain(self._partner, refused)))
        return None

    def _settings_refused(self, refused: Refused) -> None:
        if not self._dialect.complains and (field := field_in_words(refused, self._update)):
            return self._drop(field)
        error = explain_settings(self._partner, refused)
        if not self._dialect.complains:
            raise error
        return self._complain(str(error))

    def _complain(self, words: str) -> None:
        self.complaint = words
        log.warning("%s The text may still come.", words)

    def _empty(self) -> None:
        """Settle a turn that the server's voice detection ended before our commit arrived.

        Raises LostError if the server has no such detection: it has lost the sound.
        """
        turn = self._items.withdraw()
        if turn is None or turn.text is not None:
            return
        if self.detects:
            self._turns.settle(turn, "")
            return
        turn.failures += 1
        raise LostError(f"{self._dialect.title} has lost the audio of a turn.")

    def _drop(self, field: str) -> None:
        """Continue without a setting that the server refuses."""
        if field == "turn_detection":
            field = field if self.detects else events.NULL_DETECTION
            self._items.detects = False
        if field in self._dropped:
            return
        self._dropped.add(field)
        self._configure()
        if field != events.NULL_DETECTION:
            self.notes.append(without(self._dialect, field))
