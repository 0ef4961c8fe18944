"""Fills the tray menu when it opens, and carries out its commands.

Nothing is polled: each refresh queries the sound server and the history once. Sending speech to a
cloud is the user's own choice: an engine whose server or key is not set up cannot be chosen, and
the keyring is asked for a key only when its engine is chosen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tray_dictate import engine
from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.documents import Documents
from tray_dictate.app.live_config import LiveConfig
from tray_dictate.app.model_choices import model_choices
from tray_dictate.app.model_downloads import ModelDownloads
from tray_dictate.audio.devices import DeviceList
from tray_dictate.config.engine_settings import EngineName, EngineSettings
from tray_dictate.config.schema import Config
from tray_dictate.core.dictation import Enable, Toggle
from tray_dictate.core.errors import DictateError, UnavailableError
from tray_dictate.core.languages import language_names
from tray_dictate.core.ports import Document, MenuOption, MenuState, Notifier, TrayCommands
from tray_dictate.engine.catalogue import CatalogueModel
from tray_dictate.engine.local_model import Store
from tray_dictate.history.entries import Entry
from tray_dictate.system import autostart
from tray_dictate.system.threads import Bridge, TaskSet
from tray_dictate.ui.labels import (
    ENGINES,
    engine_title,
    engines,
    languages,
    methods,
    microphones,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

_MOST = 10  # recent dictations
_PATIENCE = 2.0  # seconds for each list: opening a headset delays the sound server
_LONGEST = 40  # characters of a dictation in the menu
_NAMED = 3  # languages of a model in a message
_OUTCOMES = {  # a sign, and words where the user may have to act
    "delivered": ("✓", ""),
    "unconfirmed": ("?", "not confirmed"),
    "partly": ("✗", "partly inserted"),
    "kept": ("✗", "not inserted"),
    "undelivered": ("✗", "not inserted"),
    "dropped": ("✗", "cancelled"),
    "failed": ("✗", "not transcribed"),
}


class Autostart(Protocol):
    """Start at login, as in system.autostart; each call blocks and may raise UnavailableError."""

    def enabled(self) -> bool:
        """Return whether the daemon starts at login."""
        ...

    def enable(self) -> object:
        """Start the daemon at login."""
        ...

    def disable(self) -> object:
        """Stop starting the daemon at login."""
        ...


class Engines(Protocol):
    """Checks an engine that is not chosen yet, as the package engine does."""

    def problems(self, settings: EngineSettings) -> list[str]:
        """Return what is not set up, without network or keyring."""
        ...

    async def check_key(self, settings: EngineSettings) -> None:
        """Raise UnavailableError if the engine needs a key and there is none."""
        ...


@dataclass(slots=True)
class MenuController:
    """ports.TrayCommands of the running daemon; lives on the loop."""

    daemon: Daemon
    components: Components
    live_config: LiveConfig
    notices: Notifier
    devices: DeviceList
    documents: Documents
    models: Store  # on this computer
    downloads: ModelDownloads
    stop: Callable[[], None]  # ends the daemon
    login: Autostart = autostart
    engines: Engines = engine
    _found: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    _spoken: dict[tuple[str, ...], None] = field(default_factory=dict[tuple[str, ...], None])
    _tasks: TaskSet = field(default_factory=TaskSet)
    _looking: asyncio.Task[None] | None = None
    _again: bool = False

    def start(self) -> None:
        """Fill the menu now and after each change of the settings, which may replace the tray."""
        self.components.config_changed.subscribe(self._config_changed)
        self.downloads.changed.subscribe(self.refresh)
        self.refresh()

    def enable(self, on: bool) -> None:
        """Switch dictation on or off."""
        self.daemon.post(Enable(on))

    def toggle(self) -> None:
        """Start a dictation, or stop the current one."""
        self.daemon.post(Toggle())

    def redo(self) -> None:
        """Insert the last dictation again, once the menu has closed and the focus is back."""
        self.daemon.last.ask_from_menu("redo")

    def undo(self) -> None:
        """Undo the last dictation, once the menu has closed."""
        self.daemon.last.ask_from_menu("undo")

    def copy_last(self) -> None:
        """Copy the last dictation to the clipboard, once the menu has closed."""
        self.daemon.last.ask_from_menu("copy")

    def copy_entry(self, at: float) -> None:
        """Copy an entry of the history to the clipboard."""
        self._spawn(self._copy_entry(at))

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting, in effect and in the file."""
        self._spawn(self._change_setting(name, value))

    def get_model(self, model: str) -> None:
        """Download a model of the catalogue, and use it if it is the best for the settings."""
        self._spawn(self._get_model(model))

    def cancel_download(self) -> None:
        """Stop the download of a model."""
        self.downloads.cancel()

    def set_autostart(self, on: bool) -> None:
        """Turn start at login on or off."""
        self._spawn(self._set_autostart(on))

    def open_document(self, document: Document) -> None:
        """Open a document in the user's editor."""
        self._spawn(self.documents.open(document))

    def note_click(self) -> None:
        """Note that the user's latest click was on our icon or its menu."""
        self.daemon.own_click()

    def refresh(self) -> None:
        """Fill the menu again; during a refresh, refresh once more after it."""
        if self._looking and not self._looking.done():
            self._again = True
        else:
            self._looking = self._spawn(self._look())

    def quit(self) -> None:
        """End the daemon."""
        self.stop()

    def _config_changed(self, _config: Config) -> None:
        self.refresh()

    async def _look(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            self.components.tray.offer(await self._state())

    async def _state(self) -> MenuState:
        config = self.components.config
        self._found = await _soon(self.devices.names(), self._found)
        entries = await _soon(self.components.history.last(_MOST), list[Entry]())
        wanted = tuple(config.engine.languages)
        self._spoken[wanted] = None  # a combination from the file stays in the menu
        listed = microphones(self._found, config.audio.device)
        offline = config.engine.name == "offline"
        models = await asyncio.to_thread(model_choices, config.engine, self.models)
        default = next((name for name, is_default in self._found if is_default), "")
        chosen = next((str(choice.value) for choice in listed if choice.chosen), "")
        return MenuState(
            microphones=listed,
            engines=engines(config.engine, self._usable_engines(config.engine)),
            languages=languages(
                config.engine, tuple(self._spoken), models.known if offline else None
            ),
            local_models=models.models,
            offers=models.offers,
            download=self.downloads.current,
            methods=methods(config.output.method),
            recent=recent(entries),
            autostart=await self._starts_at_login(),
            microphone=chosen or default,
            engine=engine_title(config.engine.name, models.used if offline else ""),
            hint=self.components.hint(),
        )

    def _usable_engines(self, settings: EngineSettings) -> set[EngineName]:
        """Return the engines that are set up, by `Engines.problems`."""
        return {
            name
            for name in ENGINES
            if not self.engines.problems(settings.model_copy(update={"name": name}))
        }

    async def _starts_at_login(self) -> bool | None:
        try:
            return await asyncio.to_thread(self.login.enabled)
        except UnavailableError as reason:
            log.info("start at login: %s", reason)
            return None

    async def _change_setting(self, name: str, value: Any) -> None:
        try:
            if name == "engine.name":
                wanted = self.components.config.engine.model_copy(update={"name": value})
                await self.engines.check_key(wanted)
            await self.live_config.change(name, value)
        finally:
            self.refresh()  # a host may have ticked what was not chosen

    async def _get_model(self, model_id: str) -> None:
        model = self.models.find(model_id)
        if not await self.downloads.get(model):
            return
        settings = self.components.config.engine
        choices = await asyncio.to_thread(model_choices, settings, self.models)
        used = choices.used == model.name
        try:
            if used:
                await self.live_config.renew_engine()
        except DictateError as reason:
            self.notices.tell(f"{model.name} is installed, but cannot be used. {reason}", "model")
            return
        self.notices.tell(_installed(settings, model, used=used), "model")

    async def _copy_entry(self, at: float) -> None:
        for entry in await self.components.history.last(_MOST):
            if entry.at == at:
                await self.components.output.copy_to_clipboard(entry.text or entry.raw)
                return
        raise DictateError("That dictation is no longer in the history.")

    async def _set_autostart(self, on: bool) -> None:
        try:
            await asyncio.to_thread(self.login.enable if on else self.login.disable)
        finally:
            self.refresh()

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        return self._tasks.start(self._tell_failure(work))

    async def _tell_failure(self, work: Awaitable[None]) -> None:
        try:
            await work
        except DictateError as reason:
            self.notices.tell(str(reason), "asked")
        except Exception:  # an ornament fails nothing
            log.exception("the menu")


class PostedCommands:
    """ports.TrayCommands from any thread: posts each to the loop."""

    def __init__(self, bridge: Bridge, commands: TrayCommands) -> None:
        self._bridge, self._commands = bridge, commands

    def enable(self, on: bool) -> None:
        """Switch dictation on or off."""
        self._bridge.post(self._commands.enable, on)

    def toggle(self) -> None:
        """Start a dictation, or stop the current one."""
        self._bridge.post(self._commands.toggle)

    def redo(self) -> None:
        """Insert the last dictation again."""
        self._bridge.post(self._commands.redo)

    def undo(self) -> None:
        """Undo the last dictation."""
        self._bridge.post(self._commands.undo)

    def copy_last(self) -> None:
        """Copy the last dictation to the clipboard."""
        self._bridge.post(self._commands.copy_last)

    def copy_entry(self, at: float) -> None:
        """Copy an entry of the history to the clipboard."""
        self._bridge.post(self._commands.copy_entry, at)

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting."""
        self._bridge.post(self._commands.change_setting, name, value)

    def get_model(self, model: str) -> None:
        """Download a model."""
        self._bridge.post(self._commands.get_model, model)

    def cancel_download(self) -> None:
        """Stop the download of a model."""
        self._bridge.post(self._commands.cancel_download)

    def set_autostart(self, on: bool) -> None:
        """Turn start at login on or off."""
        self._bridge.post(self._commands.set_autostart, on)

    def open_document(self, document: Document) -> None:
        """Open a document for the user to read."""
        self._bridge.post(self._commands.open_document, document)

    def note_click(self) -> None:
        """Note a click on the icon or its menu."""
        self._bridge.post(self._commands.note_click)

    def refresh(self) -> None:
        """Look up what the menu shows."""
        self._bridge.post(self._commands.refresh)

    def quit(self) -> None:
        """End the daemon; at once, also where the loop hangs."""
        self._commands.quit()


async def _soon(work: Awaitable[T], otherwise: T) -> T:
    """Return the result of `work`, or `otherwise` if it fails or takes too long."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await work
    except (DictateError, TimeoutError) as reason:
        log.info("a list of the menu is not up to date: %s", reason or "no answer in time")
        return otherwise


def _installed(settings: EngineSettings, model: CatalogueModel, *, used: bool) -> str:
    """Return what the user can do with a model that has just been installed."""
    if used and settings.name == "offline":
        use = "It is used from now on."
    elif used:
        use = "It finishes dictations that the server cannot."
    elif settings.local_model:
        use = "To use it, choose it in the menu, under Offline model."
    else:
        spoken = language_names(model.languages[:_NAMED], "or")
        rest = " ..." if model.languages[_NAMED:] else "."
        use = f"It is used if you choose its language in the menu: {spoken}{rest}"
    return f"{model.name} is installed. {use}"


def recent(entries: list[Entry]) -> tuple[MenuOption, ...]:
    """Return the menu's options for dictations: a sign, the shortened text, the outcome."""
    lines: list[MenuOption] = []
    for entry in entries:
        sign, words = _OUTCOMES.get(entry.state, ("?", ""))
        text = " ".join((entry.text or entry.raw).split())
        short = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"
        label = f"{sign} {short or 'No text'}" + (f" ({words})" if words else "")
        lines.append(MenuOption(entry.at, label, enabled=bool(text)))
    return tuple(lines)
