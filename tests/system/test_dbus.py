"""Connections to a real bus that end at bad moments, beside others on the same loop."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from dbus_fast import Message, RequestNameReply
from dbus_fast.aio import MessageBus

from tests.rigs.processes import listens
from tests.rigs.strangers import Stranger
from tests.waiting import wait_until
from tray_dictate.system.dbus import TROUBLE, Owner, call, connect, listen

DBUS = "org.freedesktop.DBus"
PEER = (DBUS, "/org/freedesktop/DBus", f"{DBUS}.Peer.Ping")


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A session bus of our own; yields its socket's path."""
    path = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
    argv = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={path}"]
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as daemon:
        try:
            wait_until(lambda: listens(path), 10, "the bus")
            yield path
        finally:
            daemon.kill()


def watched() -> set[int]:
    """Return the numbers of the files that the loop watches."""
    return set(asyncio.get_running_loop()._selector.get_map())  # type: ignore[attr-defined]


async def ended(bus: object) -> None:
    bus.disconnect()  # type: ignore[attr-defined]
    with suppress(*TROUBLE):
        await bus.wait_for_disconnect()  # type: ignore[attr-defined]


async def test_a_call_after_the_end_is_refused_and_leaves_others_alone(bus: Path) -> None:
    gone = await connect()
    before = watched() - {gone._fd}
    await ended(gone)
    there, other = socket.socketpair()  # takes the number of the one that has gone
    assert gone._fd in {there.fileno(), other.fileno()}
    with pytest.raises(EOFError, match="the connection to the bus has ended"):
        await call(gone, *PEER)
    with pytest.raises(EOFError):
        await listen(gone, "type='signal'")
    gone.send(Message(destination=DBUS, path="/", interface="a.b", member="C"))
    assert watched() == before
    for one in (there, other):
        one.close()


async def test_connections_given_up_at_any_moment_leave_those_that_follow_alone(bus: Path) -> None:
    before = watched()
    for turns in range(300):  # of the loop; a whole connection takes some hundred
        given_up = asyncio.ensure_future(connect())
        for _ in range(turns):
            await asyncio.sleep(0)
        given_up.cancel()
        following = asyncio.ensure_future(connect())  # begins in the turn in which that one ends
        with suppress(asyncio.CancelledError):
            await ended(await given_up)
        await call(await following, *PEER)
        await ended(following.result())
    await asyncio.sleep(0.5)  # those given up end by themselves
    assert watched() == before


SERVICE = "org.example.Service"


async def served(bus: Path) -> MessageBus:
    """Return a connection that has the service's name."""
    serving = await connect()
    assert await serving.request_name(SERVICE) is RequestNameReply.PRIMARY_OWNER
    return serving


async def say(bus: MessageBus, *words: str) -> None:
    for word in words:
        await bus.send(Message.new_signal("/", SERVICE, word))
    await call(bus, *PEER)  # the bus has passed them on


async def test_signals_count_from_whoever_has_the_name_and_from_nobody_else(bus: Path) -> None:
    heard, owners = list[str](), list[str]()
    ours, other = await connect(), await connect()
    service = Owner(ours, SERVICE, lambda signal: heard.append(str(signal.member)), owners.append)
    await service.follow()
    await service.listen()
    assert service.unique == ""
    first = await served(bus)
    await say(other, "Forged")  # broadcast
    async with Stranger(f"unix:path={bus}") as stranger:
        await stranger.forge("/", f"{SERVICE}.Forged", "", count=100)
        named = (SERVICE, "", stranger._bus.unique_name)
        await stranger.forge("/", f"{DBUS}.NameOwnerChanged", "sss", *named, count=100)
    await say(first, "One")
    await ended(first)
    second = await served(bus)
    await say(second, "Two")
    await call(ours, *PEER)
    assert heard == ["One", "Two"]
    assert owners == [first.unique_name, "", second.unique_name]
    for one in (ours, other, second):
        await ended(one)


async def test_who_has_the_name_already_is_known_at_once(bus: Path) -> None:
    serving, ours = await served(bus), await connect()
    service = Owner(ours, SERVICE, lambda _: None)
    await service.follow()
    assert service.unique == serving.unique_name
    for one in (ours, serving):
        await ended(one)
