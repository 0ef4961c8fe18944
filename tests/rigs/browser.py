"""A text area in Chromium, asked over its DevTools socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.rigs.processes import REMEDY, RigError
from tests.waiting import wait_until

PAGE = (Path(__file__).parent / "targets" / "textarea.html").read_text()
QUIETLY = (
    "--no-sandbox --no-first-run --no-default-browser-check --disable-gpu --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions "
    "--disable-features=Translate,MediaRouter,OptimizationHints --password-store=basic "
    "--remote-debugging-port=0 --window-size=700,400 --window-position=20,40"
).split()
AREA = "document.querySelector('textarea')"


class Browser:
    """The page of one running Chromium."""

    def __init__(self, folder: Path, title: str) -> None:
        """The folder is its profile, and the page's."""
        folder.mkdir()
        self._folder = folder
        page = folder / "page.html"
        page.write_text(PAGE.replace("TITLE", title))
        self._url = page.as_uri()
        self._stack = ExitStack()
        self._socket: ClientConnection | None = None
        self._number = 0

    @property
    def argv(self) -> list[str]:
        """The program, with a window that is the page and nothing else."""
        return ["chromium", *QUIETLY, f"--user-data-dir={self._folder}", f"--app={self._url}"]

    def open(self, said: Callable[[], str]) -> None:
        """Connect, as soon as it listens and has the page; `said` is its log."""
        port = self._folder / "DevToolsActivePort"
        words = wait_until(lambda: port.exists() and port.read_text().split(), 30, "Chromium")
        self._connect(f"ws://127.0.0.1:{words[0]}{words[1]}")

        def page() -> str:
            found = self._call("Target.getTargets")["targetInfos"]
            return next((one["targetId"] for one in found if one["url"] == self._url), "")

        target = wait_until(page, 20, f"Chromium has the page: {said()}")
        self._connect(f"ws://127.0.0.1:{words[0]}/devtools/page/{target}")
        wait_until(lambda: self._run(f"!!{AREA}"), 10, "the page is there")

    def text(self) -> str:
        return self._run(f"{AREA}.value")

    def clear(self) -> None:
        self._run(f"{AREA}.value = ''")

    def focused(self) -> bool:
        return self._run(f"document.hasFocus() && document.activeElement === {AREA}")

    def close(self) -> None:
        self._stack.close()

    def _connect(self, address: str) -> None:
        self._stack.close()
        self._socket = self._stack.enter_context(connect(address, proxy=None))

    def _run(self, script: str) -> Any:
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    def _call(self, method: str, **parameters: Any) -> Any:
        assert self._socket
        self._number += 1
        question = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(question))
        while True:
            answer = json.loads(self._socket.recv(timeout=20))
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RigError(f"Chromium: {answer['error']}. {REMEDY}")
                return answer["result"]
