"""engine.transport = "sdk" where the official package is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.engine.transports import KEY, no_proxies
from tests.servers.realtime.server import RealtimeServer

WITHOUT = """
import asyncio, os, sys
from tests.engine.spoken_words import Online, phrases

async def main():
    async with Online(sys.argv[1], name="openai", transport="sdk") as online:
        print(*await online.take(phrases(3, 4)))
        print(bool(online.offline.sessions), *online.told)
asyncio.run(main())
"""


def test_without_the_package_the_take_is_finished_offline(tmp_path, monkeypatch):
    no_proxies(monkeypatch)
    (tmp_path / "openai.py").write_text('raise ImportError("No module named openai")')
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{root}", "TRAY_DICTATE_KEY": KEY}
    with RealtimeServer("openai") as server:
        run = subprocess.run(
            [sys.executable, "-c", WITHOUT, server.endpoint],
            env=env, cwd=root, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert server.report()["connections"] == []
    assert run.stdout.splitlines() == [
        "w0 w1 w2 w3 w4 w5 w6",
        'True engine.transport = "sdk" needs the openai package, which is not installed. Install '
        f'it: {sys.executable} -m pip install "tray-dictate[sdk]" '
        "The offline engine finishes this dictation.",
    ]
