"""The sessions of servers that spell them in their own way: Azure's preview and Speaches."""

from __future__ import annotations

from typing import Any

from tests.servers.realtime import rules
from tests.servers.realtime.outs import Drop, Hear, Out
from tests.servers.realtime.session import Session
from tests.servers.realtime.shapes import BETA, CLIENT, Problem, client_problem
from tests.servers.realtime.vad import Vad

_FOUR = ("create_response", "prefix_padding_ms", "silence_duration_ms", "threshold")
_LEAST = 3.0  # seconds that Speaches must have before it ends a turn


class BetaSession(Session):
    """Azure's preview: flat names; with a deployment in the URL it answers like a conversation."""

    updated = "transcription_session.updated"
    shapes = BETA
    names = rules.FLAT

    @property
    def created(self) -> str:  # type: ignore[override]
        """The first event."""
        return "session.created" if self._converses else "transcription_session.created"

    @property
    def _converses(self) -> bool:
        return "deployment" in self.query

    def heard(self, item: str, text: str) -> list[Out]:
        """Return the item's text, and what the model would answer to it."""
        outs = super().heard(item, text)
        return outs + self._response(f"answer to {text}") if self._converses else outs

    def _response(self, text: str) -> list[Out]:
        name = f"resp_{next(self._ids)}"
        response = {"id": name, "object": "realtime.response", "status": "in_progress"}
        at = {"response_id": name, "item_id": self._new_id(), "output_index": 0, "content_index": 0}
        return [
            self._send("response.created", response=response),
            self._send("response.text.delta", **at, delta=text),
            self._send("response.text.done", **at, text=text),
            self._send("response.done", response={**response, "status": "completed"}),
        ]

    def _given(self, event: dict[str, Any]) -> dict[str, Any]:
        session = event["session"]
        own = {name: path.split(".")[1] for name, path in rules.FLAT.items()}
        given = {name: session[flat] for name, flat in own.items() if flat in session}
        if "format" in given:  # "pcm16" is 24 kHz
            kind = given["format"]
            pcm = {"type": "audio/pcm" if kind == "pcm16" else kind, "rate": 24000}
            given["format"] = pcm
        return given

    def _session(self) -> dict[str, Any]:
        named = {path.split(".")[1]: self.settings.get(n) for n, path in rules.FLAT.items()}
        form = "pcm16" if self.settings.get("format") else None
        return {"id": "sess_1", **named, "input_audio_format": form}


class SpeachesSession(Session):
    """Speaches: a flat session.update of which it hears little, and a VAD that is always on."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.settings = {
            "transcription": {"model": self.query["model"]},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.9,
                "prefix_padding_ms": 0,
                "silence_duration_ms": 550,
            },
        }
        self._listen()
        self._owed: Hear | None = None  # the turn that was ended last, while it is transcribed

    def heard(self, item: str, text: str) -> list[Out]:
        """Return the item's text."""
        if self._owed and self._owed.item == item:
            self._owed = None
        return super().heard(item, text)

    def _shape_problem(self, event: dict[str, Any]) -> Problem | None:
        if event.get("type") != "session.update":
            return client_problem(event, {k: v for k, v in CLIENT.items() if k != "session.update"})
        session = event.get("session")
        if not isinstance(session, dict):
            return Problem("invalid_value", "session: Input should be an object", "session")
        turns = session.get("turn_detection", {})
        if not isinstance(turns, dict):
            message = "turn_detection: Input should be a valid dictionary"
            return Problem("invalid_value", message, "session.turn_detection")
        if turns and turns.get("type") != "server_vad":
            return Problem("invalid_value", "turn_detection.type", "session.turn_detection.type")
        return None

    def _update(self, event: dict[str, Any]) -> list[Out]:
        session, outs = event["session"], []
        if heard := session.get("input_audio_transcription"):
            self.settings["transcription"] = {**self.settings["transcription"], **heard}
        turns = session.get("turn_detection") or {}
        if all(name in turns for name in _FOUR):  # with one missing, it hears none of them
            self.settings["turn_detection"] = turns
            outs = [self.error(Problem("", "prefix_padding_ms is not supported"), event)]
            outs += self._listen()
        return [*outs, self._send(self.updated, session=self._session())]

    def _append(self, event: dict[str, Any]) -> list[Out]:
        pcm = rules.audio_of(event)
        if isinstance(pcm, Problem):
            self.violations.append(f"append: {pcm.message}")
            return [Drop()]
        outs = super()._append(event)
        if outs or not self._owed or not self._vad or self._vad.speaking:
            self._owed = next((out for out in outs if isinstance(out, Hear)), self._owed)
            return outs
        again, self._owed = self._owed, None  # it ends the turn once more, of the same item
        return [
            self._send("input_audio_buffer.speech_stopped", item_id=again.item, audio_end_ms=0),
            self._send("input_audio_buffer.committed", item_id=again.item, previous_item_id=None),
            self.error(Problem("", f"Item {again.item} already exists.")),
            again,
        ]

    def _listen(self) -> list[Out]:
        outs = super()._listen()
        if isinstance(self._vad, Vad):
            self._vad.least = round(_LEAST * self.rate)
        return outs

    def error(self, problem: Problem, event: dict[str, Any] | None = None) -> Any:
        """Return the error event; nothing here ever has a code."""
        return super().error(problem._replace(code=None), event)  # type: ignore[arg-type]

    def _session(self) -> dict[str, Any]:
        named = {path.split(".")[1]: self.settings.get(n) for n, path in rules.FLAT.items()}
        return {"id": "sess_1", **named, "input_audio_format": "pcm16"}
