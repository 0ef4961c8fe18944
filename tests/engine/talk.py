"""A take over conversations without a connection: words in, messages out, answers in, texts out."""

from __future__ import annotations

import base64
import json

from tests.servers.realtime.words import heard, silence, word
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.core.segments import Completed
from tray_dictate.engine.realtime.protocol.conversation import Conversation
from tray_dictate.engine.realtime.protocol.dialects import DIALECTS
from tray_dictate.engine.realtime.protocol.turns import Turns
from tray_dictate.engine.sound_buffer import Sound

ITEM = "conversation.item.input_audio_transcription."
BUFFER = "input_audio_buffer."


class Talk:
    """One connection after another, and one take after another."""

    def __init__(self, name: str = "openai", *, acknowledged: bool = True, **chosen) -> None:
        self.dialect = DIALECTS[name]
        chosen.setdefault("model", "m" if self.dialect.needs_model else "whisper-1")
        self.settings = EngineSettings(name=name, **chosen)
        self.rate = self.dialect.rate
        self.dropped: set[str] = set()
        self.updates: list[dict] = []
        self.take()
        self.connect(acknowledged=acknowledged)

    def take(self) -> None:
        """Begin a take, still without a connection."""
        self.turns, self.sound = Turns(self.rate), Sound()
        self.texts: list[str] = []

    def connect(self, *, acknowledged: bool = True) -> None:
        """Begin a conversation on a new connection and attach the take."""
        self.talk = Conversation(self.dialect, self.settings, self.dropped, "OPENAI_API_KEY")
        if acknowledged:
            self.said()
            self.hear("session.created")
            self.hear("session.updated")
        self.attach()

    def attach(self) -> None:
        self.talk.attach(self.turns)

    def speak(self, *words: int, pause: float = 0.0) -> None:
        """Say these words, 60 ms each, and then nothing for so many seconds."""
        pcm = b"".join(word(number, self.rate) for number in words) + silence(pause, self.rate)
        self.sound.append(pcm)
        self.turns.grow(len(pcm) // 2)

    def cut(self) -> None:
        """Our own ear hears a pause: the turn ends."""
        self.turns.cut(self.turns.end)

    def finish(self, spoken_until: int | None = None) -> None:
        self.turns.finish(self.turns.end if spoken_until is None else spoken_until)
        self.collect()

    def seconds(self, at: float) -> int:
        return round(at * self.rate)

    def messages(self) -> list[dict]:
        """Return what is to be sent now."""
        said = []
        while message := self.talk.next(self.sound.pcm):
            said.append(json.loads(json.dumps(message)))
        self.updates += [message for message in said if "update" in message["type"]]
        return said

    def said(self) -> list[str]:
        """Return it in words: sound by the words in it or by its length, commits, clears."""
        lines: list[str] = []
        pcm = b""
        for message in [*self.messages(), {"type": "end"}]:
            if message["type"] == f"{BUFFER}append":
                pcm += base64.b64decode(message["audio"])
                continue
            if pcm:
                lines.append(" ".join(heard(pcm, self.rate)) or f"{len(pcm) / 2 / self.rate:.2f} s")
                pcm = b""
            lines.append(message["type"].rpartition(".")[2] + (
                {True: " final", False: " begin"}[message["final"]] if "final" in message else ""
            ))  # fmt: skip
        return lines[:-1]

    def hear(self, kind: str, **fields) -> None:
        try:
            self.talk.receive(json.dumps({"type": kind, "event_id": "e", **fields}))
        finally:
            self.collect()

    def collect(self) -> None:
        """Take what is handed out."""
        self.texts += [event.text for event in self.turns.due() if isinstance(event, Completed)]

    def committed(self, item: str, after: str | None = None) -> None:
        self.hear(f"{BUFFER}committed", item_id=item, previous_item_id=after)

    def completed(self, item: str, text: str) -> None:
        self.hear(f"{ITEM}completed", item_id=item, transcript=text)

    def stopped(self, item: str, at: float) -> None:
        """The server's voice detection closes an item, at so many seconds of the connection."""
        self.hear(f"{BUFFER}speech_stopped", item_id=item, audio_end_ms=at * 1000)

    def error(self, code: str, message: str = "", **fields) -> None:
        self.hear("error", error={"type": "t", "code": code, "message": message, **fields})
