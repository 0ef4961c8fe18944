"""Has the user's own engine in use again after we have ended, also by a kill.

When a connection ends that has registered an engine, IBus has no engine in use any more,
whichever was. So the user's is put in use once more, over another connection: by us, or by a
process that a shell starts when we are gone (`keeper.Successor`).

While IBus makes our engine it waits for our answer, and a connection that ends in that
moment ends IBus itself (1.5.27 to 1.5.35). So the shell holds our connection, too, and the process
answers first what we could not.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from typing import Any

from dbus_fast import DBusError, Message, MessageType

from tray_dictate.output import keeper
from tray_dictate.system.desktop import dbus, ibus

NAMES = "tray-dictate-"  # how the names of our engines begin; the process's id follows

_LOOKS, _PAUSE = 40, 0.05  # how often IBus is asked, and how many seconds apart
_STEADY = 3  # looks that must find the engine in use
_TURN = 10  # looks during which another tray_dictate process may insert
_QUIET = 0.05  # seconds without a call
_SERIAL = 1 << 30  # beyond the numbers of the messages that were sent before
_NEEDED = ("HOME", "IBUS_ADDRESS", "XDG_CONFIG_HOME", "WAYLAND_DISPLAY", "DISPLAY")

# the last line says which connection hosts our engine, and which engine is to be in use
_WAIT = 'while read -r line; do last=$line; done; [ "$last" ] && echo "$last" | "$@"'


class Survivor:
    """A shell that outlives us; it must be there before our engine is registered."""

    def __init__(self, connection: int) -> None:
        """`connection` is the file of the connection that hosts our engine. Raises OSError."""
        self._connection = connection
        self._shell = self._start()

    def note(self, host: str, engine: str) -> None:
        """Say what is to be in use once the connection `host` has ended with us.

        Raises OSError.
        """
        line = f"{host} {engine}\n".encode()
        try:
            self._shell.write(line)
        except BrokenPipeError:  # somebody has killed it
            self._shell.end()
            self._shell = self._start()
            self._shell.write(line)

    def end(self) -> None:
        """End the shell, which does nothing then; idempotent."""
        self._shell.end()

    def _start(self) -> keeper.Successor:
        """Raises OSError."""
        words = ["tray-dictate", *keeper.command(__name__, str(self._connection))]
        env = keeper.environment(*_NEEDED)
        return keeper.Successor(_WAIT, *words, files=[self._connection], env=env)


def is_ours(engine: str) -> bool:
    """Tell whether an engine is one of a tray_dictate process."""
    return engine.startswith(NAMES)


async def restore(host: str, engine: str) -> None:
    """Put the user's engine in use, once the connection `host` has ended.

    Another that is in use by then is the user's newer choice. Raises one of dbus.TROUBLE.
    """
    connection = ibus.IBus(await ibus.connect())
    try:
        steady = 0
        for look in range(_LOOKS):
            if not await connection.knows(host):
                in_force = await connection.engine()
                if in_force and not (is_ours(in_force) and look > _TURN):
                    steady += not is_ours(in_force)
                else:
                    with suppress(DBusError):  # IBus begins to put another in use
                        await connection.set_engine(engine)
            if steady == _STEADY:
                return
            await asyncio.sleep(_PAUSE)
    finally:
        connection.bus.disconnect()


def answer(connection: socket.socket) -> None:
    """Answer by errors what IBus asks over a connection that its own process no longer reads."""
    connection.settimeout(_QUIET)
    with suppress(TimeoutError), connection.makefile("rb") as stream:
        while head := stream.read(16):
            order = "little" if head[:1] == b"l" else "big"
            body, serial, fields = (int.from_bytes(head[n : n + 4], order) for n in (4, 8, 12))
            stream.read(-fields % 8 + fields + body)
            if head[1] == MessageType.METHOD_CALL.value:
                refusal: Any = Message(
                    message_type=MessageType.ERROR, reply_serial=serial,
                    error_name=f"{dbus.DAEMON}.Error.Failed", serial=_SERIAL + serial,
                )  # fmt: skip
                connection.sendall(refusal._marshall(False))  # noqa: SLF001 - no other way in


async def take_over(connection: socket.socket, host: str, engine: str) -> None:
    """End a connection that a killed process has left, and put the user's engine in use.

    Raises one of dbus.TROUBLE.
    """
    await asyncio.to_thread(answer, connection)
    asking = ibus.IBus(await ibus.connect())
    try:
        for _ in range(_LOOKS):
            with suppress(TimeoutError):  # it waits for an answer that nobody has
                await asking.engine()
                break
    finally:
        with suppress(OSError):  # IBus has ended it
            connection.shutdown(socket.SHUT_RDWR)  # the shell holds it, too
        asking.bus.disconnect()
    if engine:
        await restore(host, engine)


def main(connection: int) -> None:
    """Take over from the process that wrote the line on stdin."""
    host, _, engine = sys.stdin.readline().strip("\n").partition(" ")
    with suppress(*dbus.TROUBLE):  # the session is over
        asyncio.run(take_over(socket.socket(fileno=connection), host, engine))


if __name__ == "__main__":
    main(int(sys.argv[1]))
