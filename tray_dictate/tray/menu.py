"""The menu as data, shared by every kind of host: built anew from the status at each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tray_dictate.core.dictation import Status
from tray_dictate.ports import Actions


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu.

    `name` says which entry it is while its label changes: it is unique among its siblings.
    An empty label is a separator. A left click on the icon is a click on the `default` entry.
    """

    name: str
    label: str = ""
    action: Callable[[], None] | None = None
    checked: bool | None = None  # None: nothing to check
    radio: bool = False  # one of several, of which one is checked
    enabled: bool = True
    default: bool = False
    children: tuple[Entry, ...] = ()


def menu(status: Status, actions: Actions) -> tuple[Entry, ...]:
    """Return the entries that go with a status."""

    def own(action: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            actions.clicked()
            action()

        return act

    off, listening = status is Status.OFF, status in (Status.OPENING, Status.RECORDING)
    return (
        Entry("dictation", "Dictation", own(lambda: actions.enable(off)), checked=not off),
        Entry(
            "toggle", "Stop" if listening else "Start", own(actions.toggle),
            enabled=not off, default=True,
        ),
        Entry("-"),
        Entry("redo", "Insert the last again", own(lambda: actions.last("redo"))),
        Entry("undo", "Take back the last", own(lambda: actions.last("undo"))),
        Entry("copy", "Copy the last", own(lambda: actions.last("copy"))),
        Entry("--"),
        Entry("quit", "Quit", own(actions.quit)),
    )  # fmt: skip


def click(entry: Entry) -> None:
    """Do what the entry does; a host may still send clicks for one that is disabled."""
    if entry.action and entry.enabled:
        entry.action()


def click_default(entries: tuple[Entry, ...]) -> None:
    """Do what a left click on the icon does."""
    for entry in entries:
        if entry.default:
            click(entry)
