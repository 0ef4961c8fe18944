"""A login manager like systemd's, for sleep and locks, on a private bus in the system's place.

with Logind(folder) as logind: ...    # started by a test; give the program `logind.env`
python -m tests.rigs.logind [--refuse] [--locked]  # the service; its stdin says what to do
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.rigs.buses import bus_command
from tests.rigs.processes import listens
from tests.waiting import wait_until

_ROOT = Path(__file__).parents[2]
_NAME, _PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
_MANAGER = f"{_NAME}.Manager"
_SESSION = f"{_PATH}/session/_32"
_DBUS = "org.freedesktop.DBus"


class Logind:
    """The bus and, unless `serves` is False, the service on it; it may refuse every lock.

    Our session is `locked` at the start or not.
    """

    def __init__(
        self, folder: Path, *, serves: bool = True, refuses: bool = False, locked: bool = False
    ) -> None:
        self._config = folder / "system-bus.conf"
        # a socket without a file: another user cannot look into the tests' folders
        self.address = f"unix:abstract={folder}/system-bus"
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self._serves = serves
        self._options = ["--refuse"] * refuses + ["--locked"] * locked
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
        command = bus_command(self._config, self.address, "system")
        self._bus = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens("\0" + self.address.partition("=")[2]), 10, "the bus")
        if self._serves:
            self._service = subprocess.Popen(
                [sys.executable, "-m", "tests.rigs.logind", *self._options],
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

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the service answer nothing meanwhile."""
        assert self._service
        self._service.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._service.send_signal(signal.SIGCONT)

    def tell(self, what: str) -> None:
        """Say what happens: see _SIGNALS."""
        assert self._service
        assert self._service.stdin
        self._service.stdin.write(f"{what}\n")

    def wait_for(self, said: str, count: int = 1) -> None:
        """Wait until the service has said it so many times: "locked WHO", "unlocked" ..."""
        wait_until(lambda: self._said.count(said) >= count, 20, f"{said!r} in {self._said}")

    def _listen(self) -> None:
        assert self._service
        assert self._service.stdout
        with self._service.stdout as lines:
            self._said.extend(line.strip() for line in lines)


def _hint(*, locked: bool) -> tuple[str, str, str, list[Any]]:
    changed = {"LockedHint": Variant("b", locked)}
    member = "org.freedesktop.DBus.Properties.PropertiesChanged"
    return _SESSION, member, "sa{sv}as", [f"{_NAME}.Session", changed, []]


_SIGNALS = {
    "sleep": (_PATH, f"{_MANAGER}.PrepareForSleep", "b", [True]),
    "awake": (_PATH, f"{_MANAGER}.PrepareForSleep", "b", [False]),
    "lock": (_SESSION, f"{_NAME}.Session.Lock", "", []),  # somebody is to lock the screen
    "unlock": (_SESSION, f"{_NAME}.Session.Unlock", "", []),
    "locked": _hint(locked=True),  # the desktop has
    "unlocked": _hint(locked=False),
}


def _session(message: Message, *, locked: bool) -> Message | None:
    """Answer where the user's session is, whoever asks from wherever, and whether it is locked."""
    match message.member, message.body:
        case "GetSession" | "GetSessionByPID", _:
            return Message.new_error(message, f"{_NAME}.NoSuchSession", "a service is in none")
        case "GetUser", _:
            return Message.new_method_return(message, "o", [f"{_PATH}/user/self"])
        case "Get", [_, "Display"]:
            return Message.new_method_return(message, "v", [Variant("(so)", ["2", _SESSION])])
        case "Get", [_, "LockedHint"]:
            return Message.new_method_return(message, "v", [Variant("b", locked)])
    return None


async def _serve() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.member != "Inhibit":
            return _session(message, locked="--locked" in sys.argv)
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
        path, member, signature, body = _SIGNALS[what]
        interface, _, name = member.rpartition(".")
        await bus.send(Message.new_signal(path, interface, name, signature, body))


if __name__ == "__main__":
    asyncio.run(_serve())
