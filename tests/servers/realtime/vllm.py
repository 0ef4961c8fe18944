"""vLLM's own protocol: no items, no turns, and deaf while it works."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tests.servers.realtime import rules
from tests.servers.realtime.outs import Hear, Options, Out, Send
from tests.servers.realtime.profiles import Profile
from tests.servers.realtime.session import Session
from tests.servers.realtime.shapes import Problem

_FIELDS = {
    "session.update": {"model"},
    "input_audio_buffer.append": {"audio"},
    "input_audio_buffer.commit": {"final"},
}


class VllmSession(Session):
    """idle ── commit ──▶ streaming ── commit, final ──▶ generating ── done ──▶ idle."""

    def __init__(self, profile: Profile, query: Mapping[str, str], options: Options) -> None:
        super().__init__(profile, query, options)
        self._state = "idle"

    def open(self) -> list[Out]:
        """Return what is said first."""
        return [Send({"type": "session.created", "id": "sess_1", "created": int(time.time())})]

    def heard(self, item: str, text: str) -> list[Out]:
        """Return the text, and forget what was said meanwhile."""
        self._state = "idle"
        self._forget(len(self._buffer))
        self.completed.append(item)
        words = text.split()
        usage = {
            "prompt_tokens": 1,
            "completion_tokens": len(words),
            "total_tokens": len(words) + 1,
        }
        deltas = [self._delta(item, piece) for piece in self._deltas.rest(item, text, self.model)]
        return [*deltas, Send({"type": "transcription.done", "text": text, "usage": usage})]

    def error(self, problem: Problem, event: dict[str, Any] | None = None) -> Send:
        """Return the error event, of which `error` is text."""
        return Send({"type": "error", "error": problem.message, "code": problem.code})

    def _shape_problem(self, event: dict[str, Any]) -> Problem | None:
        kind = event.get("type")
        if kind not in _FIELDS:
            return Problem("unknown_event", f"Unknown event type: {kind}")
        if unknown := sorted(event.keys() - _FIELDS[kind] - {"type", "event_id"}):
            return Problem("invalid_event", f"Unknown field: {unknown[0]}")
        wanted = {"model": str, "audio": str, "final": bool}
        for name in _FIELDS[kind] & event.keys():
            if not isinstance(event[name], wanted[name]):
                return Problem("invalid_event", f"{name} is of the wrong type")
        if kind != "input_audio_buffer.commit" and not _FIELDS[kind] <= event.keys():
            return Problem("invalid_event", f"{kind} lacks a field")
        return None

    def _update(self, event: dict[str, Any]) -> list[Out]:
        if not self.options.models.has(event["model"]):
            text = f"The model `{event['model']}` does not exist."
            return self.refuse(Problem("model_not_found", text), event)
        self.settings = {"transcription": {"model": event["model"]}}
        return []

    def _append(self, event: dict[str, Any]) -> list[Out]:
        pcm = rules.audio_of(event)
        if isinstance(pcm, Problem):
            return self.refuse(pcm, event)
        if self._state == "generating":
            self.violations.append("append: audio while generating is lost")
            return []
        self._buffer += pcm
        return self._live() if self._state == "streaming" else []

    def _commit(self, event: dict[str, Any]) -> list[Out]:
        if not self.model:
            text = "Model not validated. Send session.update first."
            return self.refuse(Problem("model_not_validated", text), event)
        final = event.get("final", False)
        if self._state == "generating" or (self._state == "streaming" and not final):
            return []
        self._state = "generating" if final else "streaming"
        if not final:
            return self._live()
        item, pcm = self._item(), bytes(self._buffer)
        self._forget(len(pcm))
        self._next = None
        self.items.append(item)
        return [Hear(item, pcm, self.rate)]

    def _delta(self, item: str, text: str) -> Send:
        return Send({"type": "transcription.delta", "delta": text})
