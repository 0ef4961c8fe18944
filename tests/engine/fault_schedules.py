"""Random takes over random faults, the same for the same seed; for a test and for the benchmark."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.engine.spoken_words import Online, phrases, said
from tests.servers.realtime.server import RealtimeServer
from tray_dictate.core.text.normalize import clean

POINTS = ("created", "updated", "append", "commit", "committed", "delta", "completed", "clear")
CODES = (1000, 1001, 1006, 1008, 1011, 1012, 1013)


@dataclass(frozen=True)
class Outcome:
    said: list[str]
    heard: list[str]
    rescued: bool
    connections: int
    schedule: dict[str, Any]

    @property
    def right(self) -> bool:
        return self.said == self.heard


def schedule(seed: int) -> dict[str, Any]:
    """Return how a take is spoken, and what goes wrong on its connections one after the other."""
    chance = random.Random(seed)
    sizes = [chance.randint(3, 9) for _ in range(chance.randint(1, 6))]
    sound = sum(sizes) * 0.06 + len(sizes) * 1.6
    return {
        "sizes": sizes,
        "pace": chance.choice((0, 0, 0, 0.05)),
        "transport": chance.choice(("websocket", "sdk")),
        "faults": [_fault(chance, int(sound * 48000)) for _ in range(chance.randint(1, 4))],
    }


def _fault(chance: random.Random, size: int) -> dict[str, Any]:
    fault: dict[str, Any] = {}
    for make in chance.sample(_FAULTS, chance.randint(1, 3)):
        fault |= make(chance, size)
    if "reorder" in fault:  # a server that does both cannot be understood by anybody
        for other in ("wrong_ids", "wrong_previous"):
            fault.pop(other, None)
    return fault


def _point(chance: random.Random) -> str:
    return f"{chance.choice(POINTS)}:{chance.randint(1, 4)}"


_FAULTS = [
    lambda chance, size: {"drop_after_bytes": chance.randrange(1, size)},
    lambda chance, size: {"drop_after_wire": chance.randrange(1, size * 4 // 3)},
    lambda chance, size: {"drop_at": _point(chance)},
    lambda chance, size: {"drop_at": _point(chance)},
    lambda chance, size: {"drop_inside": f"completed:{chance.randint(1, 4)}"},
    lambda chance, size: {"close_at": (_point(chance), chance.choice(CODES[:2] + CODES[3:]), "x")},
    lambda chance, size: {
        "error_at": (_point(chance), {"type": "server_error", "code": None, "message": "sorry"})
    },
    lambda chance, size: {"session_limit": {"items": chance.randint(1, 3)}},
    lambda chance, size: {"session_limit": {"items": 1}, "azure_opaque_limit": True},
    lambda chance, size: {"duplicate": True},
    lambda chance, size: {"reorder": chance.randrange(1000)},
    lambda chance, size: {"reorder": chance.randrange(1000), "reorder_committed": True},
    lambda chance, size: {"wrong_previous": chance.choice(("null", "random", "last", "self"))},
    lambda chance, size: {"wrong_ids": True},
    lambda chance, size: {"malformed_at": _point(chance)},
    lambda chance, size: {"control_characters": True},
    lambda chance, size: {"ack_delay": chance.random() / 5},
    lambda chance, size: {"handshake_delay": chance.random() / 5},
    lambda chance, size: {"latency": chance.random() / 50},
    lambda chance, size: {"work": chance.random() / 20},
    lambda chance, size: {"refuse": {"status": chance.choice((429, 500, 502, 503)), "body": ""}},
    lambda chance, size: {"enormous_at": (f"completed:{chance.randint(1, 3)}", 2)},
    lambda chance, size: (
        {"stall_at": _point(chance)} if chance.random() < 0.2 else {"duplicate": True}
    ),
    lambda chance, size: (
        {"half_open": _point(chance)} if chance.random() < 0.2 else {"duplicate": True}
    ),
]


async def run(server: RealtimeServer, seed: int) -> Outcome:
    """Speak one take to the server while things go wrong."""
    plan = schedule(seed)
    server.plan(plan["faults"])
    async with Online(server, transport=plan["transport"], patience_seconds=3) as online:
        heard = await online.take(phrases(*plan["sizes"]), pace=plan["pace"], limit=60)
    server.plan([])
    words = [word for text in heard if (word := clean(text))]
    return Outcome(said(sum(plan["sizes"])), words, bool(online.offline.sessions), 0, plan)
