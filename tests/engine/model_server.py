"""A server that is a few lists: it holds what it was sent, and answers when it is told to."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.engine.talk import BUFFER, ITEM
from tests.servers.realtime.words import TORN, heard, spans
from tray_dictate.engine.realtime.protocol.dialects import Dialect

Event = dict[str, Any]
SILENCE = 0.2  # seconds that end a turn where this server finds them


@dataclass
class Habits:
    """What a server does that another does not."""

    reorders: bool = False  # announcements, with right links between them
    own_ids: bool = False  # a text comes under a name that was never announced
    wrong_links: bool = False
    repeats: bool = True  # it may say a thing twice


@dataclass
class ModelServer:
    """One connection's other end."""

    dialect: Dialect
    habits: Habits
    detects: bool
    inbox: list[Event] = field(default_factory=list)  # on the way to it
    line: list[Event] = field(default_factory=list)  # what it says in this order
    free: list[Event] = field(default_factory=list)  # and what in any
    told: list[Event] = field(default_factory=list)  # and may say again
    buffer: bytes = b""
    heard: int = 0  # samples on this connection
    items: list[str] = field(default_factory=list)

    def process(self, link: int = 0) -> None:
        """Take the next message; `link` chooses which wrong item it follows."""
        message = self.inbox.pop(0)
        match message["type"].rpartition(".")[2]:
            case "append":
                self._append(base64.b64decode(message["audio"]))
            case "commit" if message.get("final", True):
                self._commit(link)
            case "clear":
                self.buffer = b""
            case "update":
                self.line.append({"type": "session.created"})
                self.line.append({"type": "session.updated"})

    def tell(self, choice: int) -> Event | None:
        """Return one of what it may say next."""
        possible = [*self.line[:1], *self.free]
        if not possible:
            return None
        event = possible[choice % len(possible)]
        (self.line if event in self.line[:1] else self.free).remove(event)
        if self.habits.repeats and "item_id" in event:
            self.told.append(event)
        return event

    @property
    def idle(self) -> bool:
        return not (self.inbox or self.line or self.free)

    def _append(self, chunk: bytes) -> None:
        self.buffer += chunk
        self.heard += len(chunk) // 2
        spoken = spans(self.buffer, self.dialect.rate) if self.detects else []
        if not spoken:
            return
        rest = len(self.buffer) // 2 - spoken[-1].end
        if rest < SILENCE * self.dialect.rate:
            return
        end = spoken[-1].end + round(SILENCE * self.dialect.rate)
        begins = self.heard - len(self.buffer) // 2
        pcm, self.buffer = self.buffer[: end * 2], self.buffer[end * 2 :]
        item = f"item{len(self.items)}"
        at = (begins + end) * 1000 / self.dialect.rate
        self.line += [
            {"type": f"{BUFFER}speech_started", "item_id": item},
            {"type": f"{BUFFER}speech_stopped", "item_id": item, "audio_end_ms": at},
        ]
        self._item(pcm, 0)

    def _commit(self, link: int) -> None:
        if len(self.buffer) // 2 * 1000 < self.dialect.least_ms * self.dialect.rate:
            error = {"type": "t", "code": "input_audio_buffer_commit_empty", "message": "buffer"}
            self.line.append({"type": "error", "error": error})
            return
        pcm, self.buffer = self.buffer, b""
        self._item(pcm, link)

    def _item(self, pcm: bytes, link: int) -> None:
        words = heard(pcm, self.dialect.rate)
        assert TORN not in words, "no commit cuts a word in two"
        text = " ".join(words)
        if self.dialect.shape == "vllm":
            self.line.append({"type": "transcription.done", "text": text})
            return
        item = f"item{len(self.items)}"
        after = self.items[-1] if self.items else None
        if self.habits.wrong_links:
            after = [None, "nobody", item, *self.items][link % (3 + len(self.items))]
        self.items.append(item)
        lane = self.free if self.habits.reorders else self.line
        lane.append({"type": f"{BUFFER}committed", "item_id": item, "previous_item_id": after})
        name = f"{item} text" if self.habits.own_ids else item
        lane = self.line if self.habits.own_ids else self.free
        lane.append({"type": f"{ITEM}completed", "item_id": name, "transcript": text})
