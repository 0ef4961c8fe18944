"""Connections to a real bus that end at bad moments, beside others on the same loop."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from dbus_fast import DBusError, Message, RequestNameReply
from dbus_fast.aio import MessageBus

from tests.rigs.processes import listens
from tests.rigs.strangers import Stranger
from tests.waiting import wait_until
from tray_dictate.system.desktop.dbus import (
    TROUBLE,
    Backoff,
    Service,
    connect,
    daemon,
    stay_connected,
)

DBUS = "org.freedesktop.DBus"


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
        await daemon(gone).ping()
    with pytest.raises(EOFError):
        await daemon(gone).signals(print)
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
        await daemon(await following).ping()
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
    await daemon(bus).ping()  # the bus has passed them on


async def test_signals_count_from_whoever_has_the_name_and_from_nobody_else(bus: Path) -> None:
    heard, owners = list[str](), list[str]()
    ours, other = await connect(), await connect()
    service = Service(ours, SERVICE, "/")
    await service.owner_changed(owners.append)
    await service.signals(lambda signal: heard.append(str(signal.member)))
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
    await daemon(ours).ping()
    assert heard == ["One", "Two"]
    assert owners == [first.unique_name, "", second.unique_name]
    for one in (ours, other, second):
        await ended(one)


async def test_who_has_the_name_already_is_known_at_once(bus: Path) -> None:
    serving, ours = await served(bus), await connect()
    service = Service(ours, SERVICE, "/")
    await service.signals(print)
    assert service.unique == serving.unique_name
    for one in (ours, serving):
        await ended(one)


async def test_a_subscription_hears_only_the_signals_that_are_like_it(bus: Path) -> None:
    heard = list[str]()
    serving, ours = await served(bus), await connect()
    service = Service(ours, SERVICE, "/")

    def hear(signal: Message) -> None:
        heard.append(f"{signal.path} {signal.member}")

    await service.signals(hear, SERVICE, "Wanted", "/", "s")
    await service.signals(hear, path="/other")
    for path, interface, member, signature in (
        ("/", SERVICE, "Wanted", "s"),
        ("/", SERVICE, "Wanted", "u"),  # the same in another shape
        ("/", SERVICE, "Unwanted", "s"),
        ("/", "org.example.Other", "Wanted", "s"),
        ("/other", "org.example.Other", "Any", "s"),
        ("/third", SERVICE, "Wanted", "s"),
    ):
        body = [1 if signature == "u" else "word"]
        await serving.send(Message.new_signal(path, interface, member, signature, body))
    await daemon(serving).ping()
    await daemon(ours).ping()
    assert heard == ["/ Wanted", "/other Any"]
    for one in (ours, serving):
        await ended(one)


async def test_the_same_subscription_again_is_heard_once_by_its_new_handler(bus: Path) -> None:
    before, after = list[Message](), list[Message]()
    serving, ours = await served(bus), await connect()
    service = Service(ours, SERVICE, "/")
    await service.signals(before.append, path="/")
    await service.signals(after.append, path="/")
    await say(serving, "One")
    await daemon(ours).ping()
    assert (len(before), len(after)) == (0, 1)
    for one in (ours, serving):
        await ended(one)


async def test_the_owner_of_a_name_and_its_process_can_be_asked_for(bus: Path) -> None:
    serving, ours = await served(bus), await connect()
    service = Service(ours, SERVICE, "/")
    assert await service.owner() == serving.unique_name
    assert await service.process() == os.getpid()
    gone = asyncio.Event()
    await service.owner_changed(lambda _: gone.set())
    await ended(serving)
    async with asyncio.timeout(20):
        await gone.wait()
    assert await service.owner() == ""
    with pytest.raises(DBusError):
        await service.process()
    await ended(ours)


async def test_the_bus_that_has_ended_is_reached_again_and_one_that_never_was_is_given_up(
    bus: Path,
) -> None:
    used = list[MessageBus]()
    again = asyncio.Event()

    async def use(connection: MessageBus) -> None:
        used.append(connection)
        if len(used) == 1:
            return
        again.set()
        await connection.wait_for_disconnect()

    staying = asyncio.create_task(stay_connected(connect, use, Backoff(0.01, 0.01)))
    async with asyncio.timeout(20):
        await again.wait()
    assert not used[0].connected
    staying.cancel()
    with suppress(asyncio.CancelledError):
        await staying
    assert not used[1].connected
    nowhere = partial(connect, address=f"unix:path={bus}-of-nobody")
    with pytest.raises(TROUBLE):
        await stay_connected(nowhere, use, Backoff(0.01, 0.01))


def test_pauses_become_longer_up_to_a_limit() -> None:
    backoff = Backoff(1, 5)
    assert [backoff.next() for _ in range(4)] == [1, 2, 4, 5]
    assert not backoff.is_fresh
    backoff.reset()
    assert backoff.is_fresh
    assert backoff.next() == 1
