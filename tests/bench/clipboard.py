"""The clipboard after many pastes: text, picture and page are to be the same, byte for byte.

python -m tests.bench.clipboard [--pastes N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path

from tests.rigs.user_keys import FilteringHotkey
from tests.rigs.x11 import Desktop
from tests.rigs.x11_clipboard import copying
from tests.waiting import wait_until
from tray_dictate.output.x11.output import X11Output

GIVEN_BACK = 0.4  # seconds after a paste


def same(desktop: Desktop, formats: dict[str, bytes]) -> bool:
    return all(desktop.clipboard(target=name) == data for name, data in formats.items())


async def paste_and_compare(desktop: Desktop, pastes: int) -> int:
    """Paste so often, every tenth time in peace; return how many comparisons were right."""
    formats = {
        "text/plain": "Grüße 你好 😀".encode(),
        "image/png": random.Random(7).randbytes(3_000_000),
        "text/html": "<b>Grüße</b>".encode(),
    }
    output = X11Output("auto", FilteringHotkey())
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / str(number) for number, name in enumerate(formats)}
        for name, data in formats.items():
            files[name].write_bytes(data)
        with copying(desktop, files), desktop.text_window("gtk") as window:
            assert same(desktop, formats)
            for number in range(pastes):
                receipt = await output.deliver(f"{number} ")
                assert receipt.confirmed
                if number % 10 == 9 or number == pastes - 1:
                    await asyncio.sleep(GIVEN_BACK)
                    wait_until(
                        lambda: same(desktop, formats),
                        10,
                        f"the clipboard after {number + 1} pastes",
                    )
                    compared += len(formats)
            window.wait_for("".join(f"{number} " for number in range(pastes)))
    await output.close()
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pastes", type=int, default=500)
    pastes = parser.parse_args().pastes
    with Desktop() as desktop:
        os.environ["DISPLAY"] = desktop.display
        start = time.perf_counter()
        compared = asyncio.run(paste_and_compare(desktop, pastes))
        seconds = time.perf_counter() - start
        print(
            f"\nClipboard: {compared} comparisons in {pastes} pastes, all the same; {seconds:.0f} s"
        )


if __name__ == "__main__":
    main()
