"""What a session at the server asks of the one who holds the socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.realtime.rules import Models
from tests.servers.realtime.words import Heard


@dataclass(frozen=True)
class Send:
    """Say this to the client."""

    event: dict[str, Any]


@dataclass(frozen=True)
class Hear:
    """Find out what was said in an item, and come back with `heard`."""

    item: str
    pcm: bytes
    rate: int


@dataclass(frozen=True)
class Drop:
    """Crash: the connection is gone."""


@dataclass(frozen=True)
class Close:
    """Close with a code."""

    code: int
    reason: str


Out = Send | Hear | Drop | Close


@dataclass
class Options:
    """What a test may choose about the sessions of a server."""

    models: Models = field(default_factory=Models)
    deltas: bool = True
    refuse_fields: tuple[str, ...] = ()
    listen: Callable[[bytes, int], list[Heard]] | None = None  # for deltas while audio arrives


def item_of(item: str) -> dict[str, Any]:
    """Return the item of a conversation that stands for one committed stretch of speech."""
    content = [{"type": "input_audio", "transcript": None}]
    fields = {"type": "message", "role": "user", "status": "completed", "content": content}
    return {"id": item, **fields}
