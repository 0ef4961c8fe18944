"""StatusNotifierItem as its watcher and a host see it: the bus is real, they are played."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from dbus_fast import DBusError, Variant
from dbus_fast.aio import MessageBus

from tests.rigs.tray import PanelTray
from tests.rigs.tray_host import ITEM, MENU, Host
from tests.rigs.x11 import Desktop
from tests.waiting import until
from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuOption, MenuState
from tray_dictate.system.desktop.dbus import connect
from tray_dictate.ui.tray.icon import SIZES
from tray_dictate.ui.tray.sni import SETTLING


@pytest.fixture(scope="module")
def trayer() -> Iterator[Desktop]:
    """A desktop whose panel knows XEmbed only."""
    with Desktop(tray="trayer") as bare:
        yield bare


@pytest.fixture
async def bus(trayer: Desktop, monkeypatch: pytest.MonkeyPatch) -> Any:
    trayer.join(monkeypatch)
    connection = await connect()
    yield connection
    connection.disconnect()


@pytest.fixture
async def host(bus: MessageBus) -> Host:
    played = Host(bus, draws=True)
    await played.open()
    return played


@pytest.fixture
async def shown(bus: MessageBus, trayer: Desktop) -> Any:
    tray = PanelTray(trayer)
    yield tray
    await asyncio.to_thread(tray.close)


async def in_thread(work: Callable[..., object], *arguments: object) -> None:
    """Wait elsewhere: the played host answers on this loop meanwhile."""
    await asyncio.to_thread(work, *arguments)


async def test_the_icon_is_offered_in_every_size_as_argb(host: Host, shown: PanelTray) -> None:
    await host.wait_registered()
    shown.tray.show(Status.RECORDING, "a\0b <i> & c")
    await until(lambda: host.signals("NewIcon") and host.signals("NewToolTip"))
    pixmaps = await host.property("IconPixmap")
    assert [(width, height) for width, height, _ in pixmaps] == [(size, size) for size in SIZES]
    assert all(len(data) == width * height * 4 for width, height, data in pixmaps)
    alpha, red, green, blue = pixmaps[-1][2][(32 * 64 + 4) * 4 :][:4]
    assert (alpha, red > 200, green < 80, blue < 80) == (255, True, True, True)
    assert list(await host.property("ToolTip")) == ["", [], "Recording: ab (i) + c", ""]
    assert await host.property("Status") == "Active"
    shown.tray.show(Status.ERROR)
    await until(lambda: ["NeedsAttention"] in host.signals("NewStatus"))


@pytest.mark.parametrize("path", ["", "/StatusNotifierItem"])
async def test_an_icon_that_the_tray_drops_is_offered_again_and_that_of_another_is_not(
    host: Host, shown: PanelTray, path: str
) -> None:
    await host.wait_registered()
    [ours] = host.registered
    await host.drop("org.kde.StatusNotifierItem-1-1")
    await asyncio.sleep(1)  # it would be offered again now
    assert host.registered == [ours]
    for count in (2, 3):
        await host.drop(ours + path)
        await host.wait_registered(count)
    assert set(host.registered) == {ours}


async def test_the_menu_tells_its_changes_as_they_happen(host: Host, shown: PanelTray) -> None:
    await host.wait_registered()
    revision, entries = await host.layout()
    assert [entry.get("label") for entry in entries.values()] == [
        "Dictation enabled", "Start dictation", None,
        "Microphone", "Engine", "Language", "Get a model for …", "Insert text by", None,
        "Copy recent dictation", "Insert last dictation again", "Undo last dictation",
        "Copy last dictation", None,
        "Start at login", "Edit settings file", "Run self-test", "Open log", None, "Quit",
    ]  # fmt: skip
    [start] = [
        number for number, entry in entries.items() if entry.get("label") == "Start dictation"
    ]
    [on] = [number for number, entry in entries.items() if entry.get("toggle-state") == 1]
    shown.tray.show(Status.RECORDING)
    await until(lambda: host.signals("ItemsPropertiesUpdated"))
    [[updated, removed]] = host.signals("ItemsPropertiesUpdated")
    assert [(number, found["label"].value) for number, found in updated] == [
        (start, "Stop dictation")
    ]
    assert removed == []
    assert host.signals("LayoutUpdated") == []
    shown.tray.show(Status.OFF)
    await until(lambda: len(host.signals("ItemsPropertiesUpdated")) == 2)
    after, entries = await host.layout()
    assert (after, entries[on]["toggle-state"]) == (revision, 0)
    assert entries[start]["enabled"] is False


async def test_the_lists_are_looked_up_when_the_menu_opens(host: Host, shown: PanelTray) -> None:
    await host.wait_registered()
    revision, before = await host.layout()
    assert await host.ask("/MenuBar", f"{MENU}.AboutToShow", "i", 0) == [False], "nothing is new"
    shown.choices = MenuState(
        microphones=(MenuOption("", "Default", chosen=True), MenuOption("USB", "USB")),
        autostart=True,
    )
    assert await host.ask("/MenuBar", f"{MENU}.AboutToShow", "i", 0) == [True]
    after, now = await host.layout()
    assert after > revision
    assert [[after, 0]] == host.signals("LayoutUpdated")
    assert list(before) == list(now), "the entries beside it are as they were"
    [number] = [number for number, entry in now.items() if entry.get("label") == "Microphone"]
    _, [_, _, below] = await host.ask("/MenuBar", f"{MENU}.GetLayout", "iias", number, -1, [])
    usb = below[1].value
    assert usb[1]["toggle-type"].value == "radio"
    await host.ask("/MenuBar", f"{MENU}.Event", "isvu", usb[0], "clicked", Variant("i", 0), 0)
    assert shown.did == [("audio.device", "USB")]
    await until(lambda: host.signals("ItemsPropertiesUpdated"))  # not ticked before it is so
    group = f"{MENU}.AboutToShowGroup"
    shown.choices = replace(shown.choices, microphones=())
    assert await host.ask("/MenuBar", group, "ai", [number, 99]) == [[number], [99]]


async def test_the_icon_follows_the_level_while_it_records_only(
    host: Host, shown: PanelTray
) -> None:
    await host.wait_registered()
    shown.tray.level(1.0)
    shown.tray.show(Status.RECORDING)
    await until(lambda: len(host.signals("NewIcon")) == 1)
    silent = await host.property("IconPixmap")
    for level in (1.0, 0.99, 0.0):
        shown.tray.level(level)
    await until(lambda: len(host.signals("NewIcon")) == 3)
    assert await host.property("IconPixmap") == silent
    shown.tray.level(1.0)
    await until(lambda: len(host.signals("NewIcon")) == 4)
    assert await host.property("IconPixmap") != silent
    assert len(host.signals("NewStatus")) == 1


async def test_clicks_come_singly_and_in_groups(host: Host, shown: PanelTray) -> None:
    await host.wait_registered()
    _, entries = await host.layout()
    on, toggle, separator, *_, last = entries
    nothing = Variant("i", 0)
    event, group = f"{MENU}.Event", f"{MENU}.EventGroup"
    await host.ask("/MenuBar", event, "isvu", toggle, "clicked", nothing, 0)
    await host.ask("/MenuBar", event, "isvu", separator, "clicked", nothing, 0)
    await host.ask("/MenuBar", event, "isvu", last, "hovered", nothing, 0)
    clicks = [[number, "clicked", nothing, 0] for number in (on, 99, last)]
    assert await host.ask("/MenuBar", group, "a(isvu)", clicks) == [[99]]
    assert shown.did == ["toggle", ("enable", False), "quit"]
    assert await host.ask("/MenuBar", f"{MENU}.AboutToShow", "i", 0) == [False]
    assert await host.ask("/MenuBar", f"{MENU}.AboutToShowGroup", "ai", [0, 98]) == [[], [98]]
    for call_, signature, body in [
        (event, "isvu", [99, "clicked", nothing, 0]),
        (group, "a(isvu)", [[[99, "clicked", nothing, 0]]]),
        (f"{MENU}.GetLayout", "iias", [99, -1, []]),
        (f"{MENU}.GetProperty", "is", [on, "no such"]),
    ]:
        with pytest.raises(DBusError):
            await host.ask("/MenuBar", call_, signature, *body)
    [found] = await host.ask("/MenuBar", f"{MENU}.GetProperty", "is", on, "label")
    assert found.value == "Dictation enabled"
    [some] = await host.ask(
        "/MenuBar", f"{MENU}.GetGroupProperties", "aias", [on, 99], ["label"]
    )  # fmt: skip
    assert [(number, list(properties)) for number, properties in some] == [(on, ["label"])]
    [every] = await host.ask("/MenuBar", f"{MENU}.GetGroupProperties", "aias", [], [])
    assert len(every) == 1 + len(entries) + 6, "the submenus each say that they have nothing"
    _, root = await host.ask("/MenuBar", f"{MENU}.GetLayout", "iias", 0, 0, ["children-display"])
    assert root[2] == []


async def test_it_registers_again_when_the_watcher_restarts(host: Host, shown: PanelTray) -> None:
    await host.wait_registered()
    await host.close()
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await host.open()
    await host.wait_registered(2)
    assert time.monotonic() - began >= SETTLING - 0.1
    assert host.registered[0] == host.registered[1]


async def test_a_watcher_without_a_host_leaves_the_icon_to_xembed(
    bus: MessageBus, shown: PanelTray
) -> None:
    await in_thread(shown.wait_icon, Status.IDLE)
    host = Host(bus, draws=False)
    await host.open()
    await host.wait_registered()
    await in_thread(shown.wait_icon, Status.IDLE)
    await host.draw(True)
    await in_thread(shown.wait_icons, 0)
    shown.tray.show(Status.RECORDING)
    await asyncio.sleep(0.5)
    await in_thread(shown.wait_icons, 0)
    await host.draw(False)
    await in_thread(shown.wait_icon, Status.RECORDING)
    await host.draw(True)
    await in_thread(shown.wait_icons, 0)
    await host.close()
    await in_thread(shown.wait_icon, Status.RECORDING)


async def test_clicks_on_the_icon_are_taken(
    host: Host, shown: PanelTray, caplog: pytest.LogCaptureFixture
) -> None:
    await host.wait_registered()
    await host.ask("/StatusNotifierItem", f"{ITEM}.Activate", "ii", 5, 5)
    await host.ask("/StatusNotifierItem", f"{ITEM}.SecondaryActivate", "ii", 5, 5)
    await host.ask("/StatusNotifierItem", f"{ITEM}.ContextMenu", "ii", 5, 5)
    await host.ask("/StatusNotifierItem", f"{ITEM}.Scroll", "is", 1, "vertical")
    assert shown.did == ["toggle", "toggle"]
    assert "Traceback" not in caplog.text
