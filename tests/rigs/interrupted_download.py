"""`tray-dictate models get small`, interrupted when a certain byte has arrived."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.rigs import as_user, commands
from tests.servers.files import Answer, FileServer
from tests.waiting import wait_until


class InterruptedDownload:
    """Downloads of the model "small" of a catalogue into a home; the server has its files."""

    def __init__(
        self, home: Path, catalogue: Path, server: FileServer, files: Mapping[str, bytes]
    ) -> None:
        self._home, self._catalogue, self._server, self._files = home, catalogue, server, files
        self._folder = home / ".local/share/tray_dictate/models/small"
        self._stops: dict[str, list[int]] = {name: [] for name in files}
        self.size = sum(map(len, files.values()))

    def interrupt(self, at: int, by: signal.Signals) -> tuple[int, str]:
        """Continue the download, up to this byte of the model; return its exit code and stderr."""
        name, offset = self._place(at)
        part = self._folder / f"{name}.part"
        there = part.stat().st_size if part.exists() else 0
        self._server.plans[f"small/{name}"].answers = [Answer(hold=offset - there)]
        with subprocess.Popen(
            [*commands.PROGRAM, "models", "--catalogue", str(self._catalogue), "get", "small"],
            env=as_user.environment(self._home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True,
        ) as process:  # fmt: skip
            wait_until(lambda: part.exists() and part.stat().st_size == offset, 60, f"byte {at}")
            process.send_signal(by)
            _, said = process.communicate(timeout=30)
        self._stops[name].append(offset)
        self._server.go_on.set()
        self._server.go_on.clear()
        return process.returncode, said

    def is_whole(self) -> bool:
        """Whether every file has its place and its content, and nothing else is there."""
        names = {path.name for path in self._folder.iterdir()}
        return names == {*self._files, "installed.json"} and all(
            (self._folder / name).read_bytes() == content for name, content in self._files.items()
        )

    def continued(self) -> bool:
        """Whether each file was asked for once, and then from where it was interrupted."""
        return all(
            self._server.starts(f"small/{name}") == [0, *self._stops[name]] for name in self._files
        )

    def _place(self, at: int) -> tuple[str, int]:
        """Return the file that a byte of the model belongs to, and where in that it is."""
        for name, content in self._files.items():
            if at < len(content):
                return name, at
            at -= len(content)
        raise AssertionError(at)
