"""One connection's state at the server: what the client says in, what is answered out. No I/O.

text in ──▶ receive() ──▶ Send | Hear | Drop | Close
            heard()   ◀── what the ear makes of a Hear
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Mapping
from typing import Any

from tests.servers.realtime import rules
from tests.servers.realtime.deltas import Deltas
from tests.servers.realtime.outs import Close, Drop, Hear, Options, Out, Send, item_of
from tests.servers.realtime.profiles import LIVE, Profile
from tests.servers.realtime.shapes import CLIENT, Problem, client_problem
from tests.servers.realtime.vad import Edge, Vad

TRANSCRIPTION = "conversation.item.input_audio_transcription"
DEFAULT_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
}


class Session:
    """The GA protocol, with what a profile makes of it."""

    created, updated = "session.created", "session.updated"
    shapes = CLIENT
    names = rules.NESTED

    def __init__(self, profile: Profile, query: Mapping[str, str], options: Options) -> None:
        self.profile, self.query, self.options = profile, query, options
        self.settings: dict[str, Any] = {}
        self.violations: list[str] = []
        self.acked = False  # the client has been told that its session is set up
        self.items: list[str] = []
        self.completed: list[str] = []
        self._ids = (f"{secrets.token_hex(3)}{number}" for number in itertools.count(1))
        self._buffer = bytearray()
        self._begin = 0  # of the buffer, in samples of everything appended
        self._vad: Vad | None = None
        self._next: str | None = None  # the id of the item that is being spoken
        self._answers: dict[str, str] = {}  # item -> the id under which it completes
        self._deltas = Deltas(profile, options)

    @property
    def rate(self) -> int:
        """Samples per second of what the client sends."""
        return (self.settings.get("format") or {}).get("rate") or self.profile.rate

    @property
    def model(self) -> str:
        """The model or deployment that the client chose."""
        return (self.settings.get("transcription") or {}).get("model") or ""

    def open(self) -> list[Out]:
        """Return what is said first."""
        return [self._send(self.created, session=self._session())]

    def receive(self, message: str | bytes) -> list[Out]:
        """Take a message of the client."""
        try:
            event = json.loads(message) if isinstance(message, str) else None
        except json.JSONDecodeError:
            event = None
        if not isinstance(event, dict):
            return self.refuse(Problem("invalid_json", "Expected a JSON object as text."), {})
        problem = rules.refused_field(event, self.options.refuse_fields)
        if problem:  # the test's wish, nothing that the client could know
            return [self.error(problem, event)]
        if problem := self._shape_problem(event):
            return self.refuse(problem, event)
        return self._take(event)

    def heard(self, item: str, text: str) -> list[Out]:
        """Return the item's text to the client."""
        under = self._answers.pop(item, item)
        if not self.options.models.has(self.model):
            message = f"Input transcription failed for item '{under}'."
            error = {"type": "server_error", "code": None, "message": message, "param": None}
            kind = f"{TRANSCRIPTION}.failed"
            return [self._send(kind, item_id=under, content_index=0, error=error)]
        deltas = [self._delta(under, piece) for piece in self._deltas.rest(item, text, self.model)]
        usage = {"type": "duration", "seconds": 1.0} if self.profile.usage else None
        done = {"item_id": under, "content_index": 0, "transcript": text}
        done |= {"usage": usage} if usage else {}
        self.completed.append(item)
        return [*deltas, self._send(f"{TRANSCRIPTION}.completed", **done)]

    def refuse(self, problem: Problem, event: dict[str, Any]) -> list[Out]:
        """Answer what breaks the rules, and note it."""
        self.violations.append(f"{event.get('type')}: {problem.code}: {problem.message}")
        return [self.error(problem, event)]

    def error(self, problem: Problem, event: dict[str, Any] | None = None) -> Send:
        """Return the error event."""
        of = (event or {}).get("event_id")
        error = {"type": "invalid_request_error", **problem._asdict(), "event_id": of}
        return self._send("error", error=error)

    # what the client can say

    def _shape_problem(self, event: dict[str, Any]) -> Problem | None:
        return client_problem(event, self.shapes)

    def _take(self, event: dict[str, Any]) -> list[Out]:
        match event["type"]:
            case "input_audio_buffer.append":
                return self._append(event)
            case "input_audio_buffer.commit":
                return self._commit(event)
            case "input_audio_buffer.clear":
                return self._clear()
            case _:
                return self._update(event)

    def _update(self, event: dict[str, Any]) -> list[Out]:
        if problem := rules.unsupported(event, self.profile):
            return self.refuse(problem, event)
        given = self._given(event)
        settings = {**self.settings, **given}
        if "turn_detection" not in settings and self.profile.vad_default:
            model = (settings.get("transcription") or {}).get("model", "")
            manual = self.options.models.kind(model) in LIVE
            settings["turn_detection"] = None if manual else DEFAULT_VAD
        if problem := rules.settings_problem(
            settings, self.profile, self.options.models, self.names
        ):
            outs = self.refuse(problem, event)
            fatal = problem.code == "invalid_model"
            return [*outs, Close(4000, "invalid_request_error.invalid_model")] if fatal else outs
        self.settings = settings
        turns = self._listen()
        return [self._send(self.updated, session=self._session()), *turns]

    def _append(self, event: dict[str, Any]) -> list[Out]:
        if self.profile.ack_first and not self.acked:
            return self.refuse(Problem("invalid_state", "No audio before session.updated"), event)
        pcm = rules.audio_of(event)
        if isinstance(pcm, Problem):
            return self.refuse(pcm, event)
        self._buffer += pcm
        return self._turns(pcm) + self._live()

    def _commit(self, event: dict[str, Any]) -> list[Out]:
        profile = self.profile
        if profile.ack_first and not self.acked:
            return self.refuse(Problem("invalid_state", "No commit before the session"), event)
        if self._vad and profile.commit_in_vad == "not_implemented":
            return self.refuse(Problem("not_implemented", "commit with turn detection"), event)
        if self._vad and self._vad.speaking and profile.commit_in_vad == "dropped":
            self.violations.append("commit in the middle of a turn")
            return [Drop()]
        length = len(self._buffer)
        if length / 2 / self.rate * 1000 < profile.minimum_ms:
            return [self.error(rules.too_short(length / 2 / self.rate * 1000), event)]
        if not length and profile.empty == "invalid_state":
            return [self.error(Problem("invalid_state", "The buffer is empty"), event)]
        if self._vad:
            self._vad.interrupt()
        return self._committed(length)

    def _clear(self) -> list[Out]:
        if not self.profile.clears:
            return []
        self._forget(len(self._buffer))
        self._next = None
        if self._vad:
            self._vad.interrupt()
        return [self._send("input_audio_buffer.cleared")]

    # items

    def _turns(self, pcm: bytes) -> list[Out]:
        edges = self._vad.hear(pcm) if self._vad else []
        return [out for edge in edges for out in self._turn(edge)]

    def _turn(self, edge: Edge) -> list[Out]:
        at = max(edge.at, self._begin)
        milliseconds = at * 1000 // self.rate
        if edge.kind == "started":
            self._forget(2 * (at - self._begin))
            kind, item = "input_audio_buffer.speech_started", self._item()
            return [self._send(kind, item_id=item, audio_start_ms=milliseconds)]
        kind, item = "input_audio_buffer.speech_stopped", self._item()
        stopped = self._send(kind, item_id=item, audio_end_ms=milliseconds)
        return [stopped, *self._committed(2 * (at - self._begin))]

    def _committed(self, length: int) -> list[Out]:
        profile, pcm, item = self.profile, bytes(self._buffer[:length]), self._item()
        self._forget(length)
        before = self._previous()
        self._next = None
        self.items.append(item)
        said = self._send("input_audio_buffer.committed", item_id=item, previous_item_id=before)
        if not length and profile.empty == "unanswered":
            return [said]
        shown = self._answers[item] = self._new_id() if profile.other_id else item
        new = [
            self._send(kind, previous_item_id=before, item=item_of(shown)) for kind in profile.items
        ]
        outs: list[Out] = [*new, said] if profile.item_first else [said, *new]
        heard = self.settings.get("transcription") or not profile.vad_default
        return [*outs, Hear(item, pcm, self.rate)] if heard else outs

    def _previous(self) -> str | None:
        known = {"right": self.items, "last": self.completed, "null": []}[self.profile.previous]
        return known[-1] if known else None

    def _item(self) -> str:
        self._next = self._next or self._new_id()
        return self._next

    def _forget(self, length: int) -> None:
        del self._buffer[:length]
        self._begin += length // 2
        self._deltas.restart()

    def _live(self) -> list[Out]:
        words = self._deltas.live(self._buffer, self.rate, self.model)
        if not words:
            return []
        item = self._item()
        return [self._delta(item, self._deltas.tell(item, words))]

    def _delta(self, item: str, text: str) -> Send:
        return self._send(f"{TRANSCRIPTION}.delta", item_id=item, content_index=0, delta=text)

    # the session itself

    def _given(self, event: dict[str, Any]) -> dict[str, Any]:
        return (event["session"].get("audio") or {}).get("input") or {}

    def _listen(self) -> list[Out]:
        """Set the turn detection up; what is in the buffer already may hold a turn."""
        wanted, before = self.settings.get("turn_detection"), self._vad
        self._vad = None
        if wanted is None:
            return []
        numbers = {**DEFAULT_VAD, **{k: v for k, v in wanted.items() if v is not None}}
        self._vad = Vad(self.rate, self._begin, numbers["threshold"],
                        numbers["prefix_padding_ms"], numbers["silence_duration_ms"])  # fmt: skip
        if before is None:
            return self._turns(bytes(self._buffer))
        self._vad.at += len(self._buffer) // 2
        return []

    def _session(self) -> dict[str, Any]:
        return {
            "type": "transcription",
            "id": "sess_1",
            "object": "realtime.transcription_session",
            "audio": {"input": self.settings},
        }

    def _new_id(self) -> str:
        return f"item_{next(self._ids)}"

    def _send(self, kind: str, **fields: Any) -> Send:
        return Send({"type": kind, "event_id": f"event_{next(self._ids)}", **fields})
