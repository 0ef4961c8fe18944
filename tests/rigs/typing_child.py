"""A process that delivers on and on, to be killed: "type" or "paste" is its first argument."""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.rigs.user_keys import FilteringHotkey
from tray_dictate.output.x11.output import X11Output

TEXT = "Killed In Mid-Sentence, ÄÖÜ Привет 你好 😀! " * 5


async def main() -> None:
    output = X11Output("type" if sys.argv[1] == "type" else "auto", FilteringHotkey())
    for number in itertools.count():
        if number < 2:
            print("delivering", flush=True)
        await output.deliver(TEXT)


asyncio.run(main())
