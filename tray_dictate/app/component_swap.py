"""Replaces components of the running daemon when its settings change.

What can fail is done first, beside the components in use: new components are made, and a new engine
is loaded. They take over between two dictations, since a dictation keeps its settings until its
last word is delivered. If anything fails, the old components stay.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from tray_dictate.app.components import (
    Component,
    ComponentFactory,
    Components,
    Name,
    settings_by_component,
)
from tray_dictate.app.daemon import Daemon
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DictateError
from tray_dictate.core.ports import Notifier
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.system import logs
from tray_dictate.system.memory import trim


class ComponentSwap:
    """Replaces the components whose settings have changed; a live_config.Swap."""

    def __init__(
        self,
        factory: ComponentFactory,
        hotkey: SwitchableHotkey,
        components: Components,
        daemon: Daemon,
        notices: Notifier,
    ) -> None:
        self._factory, self._hotkey = factory, hotkey
        self._components, self._daemon, self._notices = components, daemon, notices

    def applied(self, config: Config) -> AbstractAsyncContextManager[None]:
        """Make new components on entry; let them take over on exit. See live_config.Swap."""
        return self._replaced(config, self._concerned(config))

    async def renew_engine(self) -> None:
        """Make the engine again from the same settings. Raises DictateError; see live_config."""
        async with self._replaced(self._components.config, ["engine"]):
            pass

    @asynccontextmanager
    async def _replaced(self, config: Config, concerned: list[Name]) -> AsyncGenerator[None]:
        new = await self._make(config, concerned)
        before = self._components.microphone, self._components.engine
        hotkey = None
        try:
            hotkey = await self._hotkey.make(config.hotkey)
            yield
            async with self._daemon.between_dictations():
                self._hotkey.change(config.hotkey, hotkey)
                hotkey = None  # self._hotkey stops it from now on
                await self._close(
                    self._take_over(new, concerned)
                )  # an output gives back what it borrowed
        except BaseException:
            if hotkey:
                hotkey.stop()
            await self._close(new.not_in(self._components))
            raise
        trim()  # the memory of a model that is no longer used
        if before != (self._components.microphone, self._components.engine):
            await self._warm_up()

    async def _make(self, config: Config, concerned: list[Name]) -> Components:
        """Return the components for the settings, new ones where needed. Raises DictateError."""
        new = replace(self._components, config=config)
        try:
            for name in concerned:
                if not self._components.can_reconfigure(name):
                    self._factory.renew(name, new)
            if new.engine is not self._components.engine:  # last, as it takes long
                await new.engine.load()
        except BaseException:
            await self._close(new.not_in(self._components))
            raise
        return new

    def _take_over(self, new: Components, concerned: list[Name]) -> list[Component]:
        """Put the new components in use; return the old ones. Nothing here can fail."""
        for name in concerned:
            if self._components.can_reconfigure(name):
                self._components.reconfigure(name, new.config)
        if new.config.history != self._components.config.history:
            self._components.history.change(new.config.history)
        if new.config.log.level != self._components.config.log.level:
            logs.set_level(new.config.log.level)
        retired = self._components.not_in(new)
        self._components.take_over(new)
        return retired

    async def _warm_up(self) -> None:
        try:
            await self._components.microphone.warm_up(self._components.engine.rate)
        except DictateError as trouble:  # as at the start: reported now, and again at a press
            self._notices.tell(str(trouble))

    def _concerned(self, config: Config) -> list[Name]:
        """Return the components whose settings differ, in the order of building."""
        before = settings_by_component(self._components.config)
        after = settings_by_component(config)
        return [name for name in after if after[name] != before[name]]

    async def _close(self, components: list[Component]) -> None:
        for component in components:
            await self._factory.close(component)
