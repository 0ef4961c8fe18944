"""Misbehaviour, by the connection: what a server, or the network before it, does wrong on command.

A point is "created", "updated", "started", "stopped", "committed", "item", "delta", "completed",
"failed", "cleared" or "error", meaning just before the server says it, or "update", "append",
"commit" or "clear", meaning just after the client said it. "commit:2" is the second one, "commit"
the first.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

_POINTS = {
    "speech_started": "started",
    "speech_stopped": "stopped",
    "added": "item",
    "done": "item done",
    "transcription.done": "completed",
}
_MARKS = ("\x1b[31m", "\x00", "\x07", "\u202e", "\u009b", "\r")
GARBAGE: tuple[str | bytes, ...] = (
    '{"type":',
    b"\x00\x01\xff",
    "[1, 2]",
    '"text"',
    "null",
    "",
    '{"event_id":"event_x"}',
    '{"type":5}',
    '{"type":"session.surprise","event_id":"event_x","surprise":{}}',
    '{"type":"input_audio_buffer.committed","item_id":null,"previous_item_id":{}}',
    '{"type":"conversation.item.input_audio_transcription.delta","item_id":[],"delta":7}',
    '{"type":"conversation.item.input_audio_transcription.completed","item_id":7,"transcript":[1]}',
)
EXPIRED = "Your session hit the maximum duration of 60 minutes"


@dataclass
class Faults:
    """Everything that can go wrong on one connection; nothing by default."""

    refuse: dict[str, Any] | None = None  # {"status": 503, "body": "..."}
    hang_handshake: bool = False  # TCP and TLS are accepted, HTTP is never answered
    drop_handshake: bool = False  # reset instead of an answer
    handshake_delay: float = 0
    ack_delay: float = 0  # seconds before the session is acknowledged, and all that follows
    no_ack: bool = False
    drop_after_bytes: int | None = None  # of audio; the connection is reset
    drop_after_wire: int | None = None  # bytes as they come, possibly inside a frame
    drop_at: str = ""
    drop_inside: str = ""  # half of that message's bytes, then a reset
    close_at: tuple[str, int, str] | None = None  # point, code, reason
    stall_at: str = ""  # reads on and answers nothing, not even pings
    half_open: str = ""  # from there on it does not even read
    error_at: tuple[str, dict[str, Any]] | None = None  # point, what `error` holds
    duplicate: bool = False  # each committed and completed comes twice
    reorder: int | None = None  # the seed; completions of different items change places
    reorder_committed: bool = False  # so do the announcements
    reorder_window: int = 3
    wrong_previous: str = ""  # "null", "random", "last" (the last that completed) or "self"
    wrong_ids: bool = False  # everything about an item's text comes under an id never announced
    malformed_at: str = ""  # GARBAGE, then what was to come
    enormous_at: tuple[str, float] | None = None  # point, MiB of one message
    control_characters: bool = False  # around every word
    session_limit: dict[str, float] | None = None  # {"seconds": 2} or {"items": 3}
    azure_opaque_limit: bool = False  # the limit is a server_error that says nothing
    latency: float = 0  # seconds, each way
    work: float = 0  # seconds from a commit to its text
    refuse_fields: tuple[str, ...] = ()  # params for which a session is refused
    deltas: bool = True

    @classmethod
    def of(cls, wanted: dict[str, Any]) -> Faults:
        """Return the faults of that description; TypeError for an unknown name."""
        return cls(**wanted)


NAMES = frozenset(fault.name for fault in fields(Faults))


@dataclass
class Points:
    """Counts what happens on a connection."""

    seen: Counter[str] = field(default_factory=Counter)

    def pass_by(self, kind: str) -> str:
        """Return the point that an event of this type is: "commit:2"."""
        name = _POINTS.get(kind) or _POINTS.get(kind.rpartition(".")[2], kind.rpartition(".")[2])
        self.seen[name] += 1
        return f"{name}:{self.seen[name]}"


def is_at(wanted: str | None, point: str) -> bool:
    """Say whether this is the point that a fault waits for."""
    return bool(wanted) and point == (wanted if ":" in wanted else f"{wanted}:1")


def spoilt(event: dict[str, Any], faults: Faults, items: list[str], done: list[str]) -> Any:
    """Return the event as this server says it."""
    kind = event["type"].rpartition(".")[2]
    if kind == "committed" and faults.wrong_previous:
        known = [*items[:-1], "item_of_nobody"]
        wrong = {"null": None, "self": event["item_id"], "last": (done or [None])[-1]}
        wrong["random"] = random.Random(event["item_id"]).choice(known)
        event = {**event, "previous_item_id": wrong[faults.wrong_previous]}
    if "input_audio_transcription" in event["type"] and faults.wrong_ids:
        event = {**event, "item_id": f"{event['item_id']}_other"}
    if faults.control_characters:
        for name in {"transcript", "delta", "text"} & event.keys():
            event = {**event, name: _marked(event[name])}
    return event


def enormous(size: float) -> str:
    """Return a message of that many MiB that says nothing."""
    return json.dumps({"type": "session.noise", "event_id": "e", "noise": "x" * int(size * 2**20)})


class Shuffle:
    """Holds what may change places; of one item, what belongs first stays first."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._random = random.Random(faults.reorder)
        self._held: list[dict[str, Any]] = []

    def wants(self, event: dict[str, Any]) -> bool:
        """Say whether the event may be held."""
        kind = event["type"].rpartition(".")[2]
        return self._faults.reorder is not None and (
            kind in {"completed", "failed"}
            or (kind == "committed" and self._faults.reorder_committed)
        )

    def hold(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Hold the event; return all in another order once there are enough."""
        self._held.append(event)
        return self.release() if len(self._held) >= self._faults.reorder_window else []

    def release(self) -> list[dict[str, Any]]:
        """Return all that is held, in another order."""
        held, self._held = self._held, []
        places = [event["item_id"] for event in held]
        self._random.shuffle(places)
        queues: dict[str, list[dict[str, Any]]] = {}
        for event in held:
            queues.setdefault(event["item_id"], []).append(event)
        return [queues[item].pop(0) for item in places]


def marked_words(text: str) -> str:
    """Return the text without the marks that `control_characters` puts around its words."""
    for mark in _MARKS:
        text = text.replace(mark, "")
    return text


def _marked(text: str) -> str:
    words = text.split(" ")
    return " ".join(
        _MARKS[at % len(_MARKS)] + word + _MARKS[(at + 1) % len(_MARKS)] if word else word
        for at, word in enumerate(words)
    )
