"""An output in a test's session, and what tests say to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tray_dictate.config.schema import OutputRule
from tray_dictate.output.wayland.keyboard import KeyTiming
from tray_dictate.output.wayland.output import WaylandOutput

TEXTS = {
    "ascii": "The quick brown fox: {}[]()<>|\\~`'\"!@#$%^&*_+-= jumps 0123456789. ",
    "accents": "Größe, façade, naïve, Ærøskøbing, žluťoučký kůň, Ελλάδα, Привет. ",
    "cjk": "你好世界。日本語のテキスト、カタカナ、한국어 문장. ",
    "emoji": "😀 👍 🎉 👩‍🚀 🇩🇪 e\u0301 ",
    "lines": "one\ntwo\tthree\n\nfour\t\t. ",
}
MIXED = "".join(TEXTS.values())


@asynccontextmanager
async def delivering(
    method: Any = "auto", *rules: OutputRule, timing: KeyTiming | None = None
) -> AsyncIterator[WaylandOutput]:
    """Yield an output for the session that os.environ names."""
    output = WaylandOutput(method, rules, timing=timing)
    try:
        yield output
    finally:
        await asyncio.wait_for(output.close(), 20)
