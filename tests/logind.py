"""A login manager like systemd's, as far as sleep goes, on a private bus in the system bus's place.

with Logind(folder) as logind: ...    # started by a test; give the program `logind.env`
python -m tests.logind [--refuse]     # the service itself, told by its stdin what to do
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from tests.desktop.processes import wait_until
from tests.strangers import OPEN_TO_ALL

_ROOT = Path(__file__).parents[1]
_NAME, _PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
_MANAGER = f"{_NAME}.Manager"
_DBUS = "org.freedesktop.DBus"


class Logind:
    """The bus and, unless `serves` is False, the service on it; it may refuse every lock."""

    def __init__(self, folder: Path, *, serves: bool = True, refuses: bool = False) -> None:
        self._config = folder / "system-bus.conf"
        # a socket without a file: another user cannot look into the tests' folders
        self.address = f"unix:abstract={folder}/system-bus"
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self._serves = serves
        self._options = ["--refuse"] if refuses else []
        self._said: list[str] = []
        self._bus: subprocess.Popen[bytes] | None = None
        self._service: subprocess.Popen[str] | None = None

    def __enter__(self) -> Logind:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Be there."""
        self._config.write_text(OPEN_TO_ALL.format(address=self.address))
        command = ["dbus-daemon", f"--config-file={self._config}", "--nofork", "--nopidfile"]
        self._bus = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_until(self._answers, 10, "the bus")
        if self._serves:
            self._service = subprocess.Popen(
                [sys.executable, "-m", "tests.logind", *self._options],
                env={**os.environ, **self.env}, cwd=_ROOT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            )  # fmt: skip
            threading.Thread(target=self._listen, daemon=True).start()
            self.wait_for("serving")

    def stop(self) -> None:
        """Be gone; idempotent."""
        for process in (self._service, self._bus):
            if process:
                process.terminate()
                process.wait(10)
        if self._service and self._service.stdin:
            self._service.stdin.close()
        self._service = self._bus = None
        self._said.clear()

    def tell(self, what: str) -> None:
        """Say that the machine is about to "sleep", or that it is "awake" again."""
        assert self._service
        assert self._service.stdin
        self._service.stdin.write(f"{what}\n")

    def wait_for(self, said: str, count: int = 1) -> None:
        """Wait until the service has said it so many times: "locked WHO", "unlocked" ..."""
        wait_until(lambda: self._said.count(said) >= count, 20, f"{said!r} in {self._said}")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as trial:
            return trial.connect_ex("\0" + self.address.partition("=")[2]) == 0

    def _listen(self) -> None:
        assert self._service
        assert self._service.stdout
        with self._service.stdout as lines:
            self._said.extend(line.strip() for line in lines)


async def _serve() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.member != "Inhibit":
            return None
        what, who, _why, mode = message.body
        assert (what, mode) == ("sleep", "delay")
        if "--refuse" in sys.argv:
            print("refused", flush=True)
            return Message.new_error(message, f"{_DBUS}.Error.AccessDenied", "Permission denied")
        ours, theirs = os.pipe()
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(ours)
            os.close(ours)
            print("unlocked", flush=True)

        loop.add_reader(ours, gone)  # readable at the end of the file only
        loop.call_later(1, os.close, theirs)  # it has been sent by then
        print(f"locked {who}", flush=True)
        return Message.new_method_return(message, "h", [0], [theirs])

    bus.add_message_handler(answer)
    await bus.request_name(_NAME)
    print("serving", flush=True)
    while what := (await asyncio.to_thread(sys.stdin.readline)).strip():
        await bus.send(
            Message.new_signal(_PATH, _MANAGER, "PrepareForSleep", "b", [what == "sleep"])
        )


if __name__ == "__main__":
    asyncio.run(_serve())
