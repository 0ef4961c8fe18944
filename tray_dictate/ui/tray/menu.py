"""What icon, tooltip and menu show, as values that every type of host draws.

`View` is the state that is shown; `menu` returns the entries for it, and is called at each change.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVarTuple

from tray_dictate.core.dictation import Status
from tray_dictate.core.ports import MenuOption, MenuState, ModelOffer, TrayCommands
from tray_dictate.ui.labels import is_marked, plain, tooltip
from tray_dictate.ui.tray.icon import LOUDEST, Picture

Ts = TypeVarTuple("Ts")

_NOTHING_SAID = "Nothing yet"
_NOTHING_FOUND = "None found"
_LONGEST = 80  # characters of a line
_TERMS = 60  # characters of a line of a licence


@dataclass(frozen=True, slots=True)
class View:
    """All that the tray shows; a change returns another View."""

    status: Status = Status.IDLE
    detail: str = ""
    level: int = 0  # of the input while recording, up to LOUDEST
    choices: MenuState = MenuState()  # noqa: RUF009 - frozen
    listening: bool = False  # the microphone is open

    def of(self, status: Status, detail: str) -> View:
        """Return the view with another status."""
        level = self.level if status is Status.RECORDING else 0
        return replace(self, status=status, detail=detail, level=level)

    def hearing(self, listening: bool) -> View:
        """Return the view with an open or a closed microphone."""
        return replace(self, listening=listening)

    def louder(self, level: float) -> View:
        """Return the view with another input level, 0.0 to 1.0; unchanged unless recording."""
        if self.status is not Status.RECORDING:
            return self
        return replace(self, level=round(min(max(level, 0.0), 1.0) * LOUDEST))

    def offering(self, choices: MenuState) -> View:
        """Return the view with other choices in the menu."""
        return replace(self, choices=choices)

    @property
    def picture(self) -> Picture:
        """The picture that the icon shows."""
        marked = is_marked(self.status, listening=self.listening)
        return Picture(self.status, self.level, marked=marked)

    @property
    def tooltip(self) -> str:
        """One line: the status, and the microphone, engine or keys that it is about."""
        names = {
            Status.IDLE: self.choices.hint,
            Status.OPENING: self.choices.microphone,
            Status.RECORDING: self.choices.microphone,
            Status.TRANSCRIBING: self.choices.engine,
        }
        detail = self.detail or names.get(self.status, "")
        return tooltip(self.status, detail, listening=self.listening)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu.

    `name` identifies it while its label changes, and is unique among its siblings. An entry with an
    empty label is a separator. A left click on the icon is a click on the `default` entry.
    """

    name: str
    label: str = ""
    action: Callable[[], None] | None = None
    checked: bool | None = None  # None: nothing to check
    radio: bool = False  # one of several, of which one is checked
    enabled: bool = True
    default: bool = False
    children: tuple[Entry, ...] = ()


def menu(view: View, commands: TrayCommands) -> tuple[Entry, ...]:
    """Return the entries of the menu for this view."""

    def own(command: Callable[[*Ts], None], *arguments: *Ts) -> Callable[[], None]:
        def act() -> None:
            commands.note_click()
            command(*arguments)

        return act

    def setting(name: str, label: str, choices: tuple[MenuOption, ...]) -> Entry:
        lines = (
            _line(choice, own(commands.change_setting, name, _value(choice)), radio=True)
            for choice in choices
        )
        return Entry(name, label, children=tuple(lines) or (_nothing(_NOTHING_FOUND),))

    off, shown = view.status is Status.OFF, view.choices
    listening = view.status in (Status.OPENING, Status.RECORDING)
    recent = tuple(
        _line(choice, own(commands.copy_entry, _time(choice))) for choice in shown.recent
    )

    def offer(of: ModelOffer) -> Entry:
        get = own(commands.get_model, of.model)
        label = plain(of.label, _LONGEST)
        if not of.terms:
            return Entry(of.model, label, get)
        terms = (
            Entry(f"terms {number}", line, enabled=False)
            for number, line in enumerate(textwrap.wrap(plain(of.terms), _TERMS))
        )
        accept = Entry("accept", "Accept and download", get)
        return Entry(of.model, label, children=(*terms, Entry("-"), accept))

    def models() -> tuple[Entry, ...]:
        chosen = setting("engine.local_model", "Offline model", shown.local_models)
        used = (chosen,) if shown.local_models else ()
        if shown.download:
            label = plain(f"Stop download ({shown.download})", _LONGEST)
            return (*used, Entry("download", label, own(commands.cancel_download)))
        offered = tuple(
            Entry(language, language, children=tuple(map(offer, of)))
            for language, of in shown.offers
        )
        offered = offered or (_nothing(_NOTHING_FOUND),)
        return (*used, Entry("models", "Get a model for …", children=offered))

    return (
        Entry("dictation", "Dictation enabled", own(commands.enable, off), checked=not off),
        Entry(
            "toggle", f"{'Stop' if listening else 'Start'} dictation", own(commands.toggle),
            enabled=not off, default=True,
        ),
        Entry("-"),
        setting("audio.device", "Microphone", shown.microphones),
        setting("engine.name", "Engine", shown.engines),
        setting("engine.languages", "Language", shown.languages),
        *models(),
        setting("output.method", "Insert text by", shown.methods),
        Entry("--"),
        Entry("recent", "Copy recent dictation", children=recent or (_nothing(_NOTHING_SAID),)),
        Entry("redo", "Insert last dictation again", own(commands.redo)),
        Entry("undo", "Undo last dictation", own(commands.undo)),
        Entry("copy", "Copy last dictation", own(commands.copy_last)),
        Entry("---"),
        Entry(
            "autostart", "Start at login", own(commands.set_autostart, not shown.autostart),
            checked=bool(shown.autostart), enabled=shown.autostart is not None,
        ),
        Entry("settings", "Edit settings file", own(commands.open_document, "settings")),
        Entry("check", "Run self-test", own(commands.open_document, "check")),
        Entry("log", "Open log", own(commands.open_document, "log")),
        Entry("----"),
        Entry("quit", "Quit", own(commands.quit)),
    )  # fmt: skip


def _line(choice: MenuOption, action: Callable[[], None], *, radio: bool = False) -> Entry:
    name = str(choice.value)
    label = plain(" ".join(choice.label.split()), _LONGEST)  # a device may have any name
    checked = choice.chosen if radio else None
    return Entry(name, label, action, checked, radio, enabled=choice.enabled)


def _value(choice: MenuOption) -> Any:
    return list(choice.value) if isinstance(choice.value, tuple) else choice.value


def _time(choice: MenuOption) -> float:
    assert isinstance(choice.value, float), "the time of an entry in the history"
    return choice.value


def _nothing(label: str) -> Entry:
    return Entry("nothing", label, enabled=False)


def click(entry: Entry) -> None:
    """Carry out the entry's action, unless it is disabled: hosts may send clicks even then."""
    if entry.action and entry.enabled:
        entry.action()


def click_default(entries: tuple[Entry, ...]) -> None:
    """Carry out the action of the default entry."""
    for entry in entries:
        if entry.default:
            click(entry)
