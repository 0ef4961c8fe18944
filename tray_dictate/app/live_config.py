"""The settings of the running daemon: changed from the menu, or by an editor, at once.

The file is the truth: a change is written into it, and whatever it then says is applied. What
cannot be read, written or applied leaves everything as it was, the file too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tray_dictate.app.components import (
    Component,
    ComponentFactory,
    Components,
    Name,
    settings_by_component,
)
from tray_dictate.app.daemon import Daemon
from tray_dictate.config import edit, load
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.config.schema import settings as every_setting
from tray_dictate.core.errors import ConfigError, DictateError
from tray_dictate.core.ports import Notifier
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.system import logs
from tray_dictate.system.memory import trim

log = logging.getLogger(__name__)


_NAMES = tuple(f"{section}.{name}" for section, name, _, _ in every_setting())
_MOMENT = 5.0  # seconds for a change that is under way at the end
Commit = Callable[[], Awaitable[None]]
# makes the parts that settings are for, then commits, then lets them take over; after an
# exception (a DictateError) all is as it was
Apply = Callable[[Config, Commit], Awaitable[None]]


class LiveConfig:
    """What is in force; lives on the loop."""

    def __init__(self, sources: Sources, config: Config, apply: Apply, notices: Notifier) -> None:
        """`notices` gets the mistakes in a file that was edited."""
        self._sources, self.config = sources, config
        self._apply, self._notices = apply, notices
        self._one = asyncio.Lock()  # change at a time
        self._begun = asyncio.Event()
        self._seen = self._text()  # what the file held when it was last read
        self._watching: Any = None
        self._looking: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()  # those who change something
        self._over = self._wrong = False

    async def change(self, name: str, value: Any) -> None:
        """Give a setting ("engine.name") another value, here and in the file.

        Raises ConfigError with what stands in the way; then all is as it was.
        """
        path = self._sources.path
        if name not in _NAMES:
            raise ConfigError([f"{name} is no setting"])
        if path is None:
            raise ConfigError([f"{name} cannot be changed: there is no settings file"])
        if fixed := self._sources.fixed(name):
            raise ConfigError([
                f"{name} cannot be changed while {fixed} is given; start tray-dictate without it"
            ])  # fmt: skip
        async with self._turn():
            before = load.read(path)
            config = await asyncio.to_thread(self._right, name, before)
            if value == _value(config, name):
                text = before  # a default need not be written down
            else:
                text = edit.with_value(before, name, value)
                config = await asyncio.to_thread(self._sources.load, text)

            async def commit() -> None:
                if text != before:
                    await asyncio.to_thread(edit.write, path, text, before)
                self._seen = text

            try:
                await self._put_in_force(config, commit)
            except Exception:
                if self._seen == text != before:  # written, and then it could not be
                    await asyncio.to_thread(edit.write, path, before, text)
                    self._seen = before
                raise

    async def reload(self) -> str:
        """Read the file anew; return what to tell. Raises ConfigError: all is as it was."""
        async with self._turn():
            self._seen = self._text()
            config = await asyncio.to_thread(self._sources.load)  # expressions take time to read

            async def commit() -> None: ...

            changed = await self._put_in_force(config, commit)
        if self._wrong:
            self._wrong = False
            self._notices.tell("", "settings")
        if not changed:
            return "The settings are as they were."
        return f"Changed: {', '.join(changed)}."

    def begin(self) -> None:
        """Let changes come, also those that are saved into the file, until `stop`.

        Before, all parts are not there yet.
        """
        self._begun.set()
        if self._sources.path is None or self._watching:
            return
        from tray_dictate.system.file_watcher import FileWatcher  # noqa: PLC0415 - only the daemon needs it

        try:
            self._watching = FileWatcher(self._sources.path, self._look)
        except OSError as reason:  # the system's number of watches is used up
            log.warning(
                "%s is not watched: %s. After a change of it run: tray-dictate reload",
                self._sources.path, reason,
            )  # fmt: skip
            return
        self._look()  # it may have changed since it was read

    async def stop(self) -> None:
        """Watch no more, and change nothing afterwards; what is under way has a moment to end."""
        self._over = True
        if self._watching:
            self._watching.stop()
        under_way = [*self._under_way, *([self._looking] if self._looking else [])]
        if not under_way:
            return
        _, late = await asyncio.wait(under_way, timeout=_MOMENT)
        for task in late:  # it waits for a dictation that will not end any more, or a slow engine
            task.cancel()
        await asyncio.wait(under_way)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Be the only one who changes something. Raises ConfigError at the end of the program."""
        await self._begun.wait()
        task = asyncio.current_task()
        assert task
        self._under_way.add(task)
        try:
            async with self._one:
                if self._over:
                    raise ConfigError(["nothing can be changed any more: tray_dictate ends"])
                yield
        finally:
            self._under_way.discard(task)

    def _look(self) -> None:
        before = self._looking
        self._looking = asyncio.get_running_loop().create_task(self._reload_edited(before))

    async def _reload_edited(self, before: asyncio.Task[None] | None) -> None:
        """Take an edit over; what we wrote ourselves is none, nor what was told of before."""
        if before:
            await asyncio.wait([before])
        async with self._one:
            if self._over or self._text() == self._seen:
                return
        try:
            await self.reload()
        except ConfigError as error:
            self._wrong = True
            self._notices.tell(f"The settings of before stay in force. {error}", "settings")
        except Exception:
            log.exception("the edited settings could not be applied")
            words = "The edited settings could not be applied; the log has the details."
            self._notices.tell(words, "settings")

    async def _put_in_force(self, config: Config, commit: Commit) -> list[str]:
        """Return the names of what has changed. Raises ConfigError."""
        changed = _changed(self.config, config)
        if not changed:
            await commit()
            return []
        try:
            await self._apply(config, commit)
        except ConfigError:
            raise
        except DictateError as reason:
            raise ConfigError([f"{', '.join(changed)} cannot be changed: {reason}"]) from reason
        self.config = config
        log.info("settings changed: %s", ", ".join(changed))
        return changed

    def _right(self, name: str, text: str) -> Config:
        """Return what the file says now. Raises ConfigError: a broken file is left alone."""
        try:
            return self._sources.load(text)
        except ConfigError as error:
            raise ConfigError(
                [f"{name} cannot be changed before the file is right:", *error.problems],
                where=str(self._sources.path),
            ) from error

    def _text(self) -> str | None:
        """Return what the file holds; None where it cannot be read."""
        try:
            return load.read(self._sources.path) if self._sources.path else ""
        except ConfigError:
            return None


def _value(config: Config, name: str) -> Any:
    section, _, setting = name.partition(".")
    return getattr(getattr(config, section, None), setting, None)


def _changed(before: Config, after: Config) -> list[str]:
    """Return the names of the settings that differ; values may be private."""
    return [name for name in _NAMES if _value(before, name) != _value(after, name)]


class ComponentSwap:
    """LiveConfig's Apply: replaces the components that the changed settings concern.

    What can fail is done first, beside the components in use: the new ones are made, and the new
    engine is loaded. They take over between two dictations, since a dictation keeps its settings
    until its last word is delivered. Whatever fails, the old components stay.
    """

    def __init__(
        self,
        factory: ComponentFactory,
        keyboard: SwitchableHotkey,
        parts: Components,
        daemon: Daemon,
        notices: Notifier,
    ) -> None:
        self._factory, self._keyboard = factory, keyboard
        self._parts, self._daemon, self._notices = parts, daemon, notices

    async def __call__(self, config: Config, commit: Commit) -> None:
        """Put the settings in force, or raise DictateError and leave all as it was."""
        new = await self._make(config)
        before = self._parts.microphone, self._parts.engine
        hotkey = None
        try:
            hotkey = await self._keyboard.make(config.hotkey)
            await commit()
            async with self._daemon.between_dictations():
                self._keyboard.change(config.hotkey, hotkey)
                hotkey = None  # it is the keyboard's
                await self._close(self._take_over(new))  # an output gives back what it borrowed
        except BaseException:
            if hotkey:
                hotkey.stop()
            await self._close(new.not_in(self._parts))
            raise
        trim()  # a model that is used no more
        if before != (self._parts.microphone, self._parts.engine):
            await self._warm_up()

    async def _make(self, config: Config) -> Components:
        """Return the components for the settings: new ones where needed. Raises DictateError."""
        new = replace(self._parts, config=config)
        try:
            for name in self._concerned(config):
                if not self._parts.can_reconfigure(name):
                    self._factory.renew(name, new)
            if new.engine is not self._parts.engine:  # the last that can fail, and takes long
                await new.engine.load()
        except BaseException:
            await self._close(new.not_in(self._parts))
            raise
        return new

    def _take_over(self, new: Components) -> list[Component]:
        """Put the new components into their places; return the old ones. Nothing here can fail."""
        for name in self._concerned(new.config):
            if self._parts.can_reconfigure(name):
                self._parts.reconfigure(name, new.config)
        if new.config.log.level != self._parts.config.log.level:
            logs.set_level(new.config.log.level)
        retired = self._parts.not_in(new)
        self._parts.take_over(new)
        return retired

    async def _warm_up(self) -> None:
        try:
            await self._parts.microphone.warm_up(self._parts.engine.rate)
        except DictateError as trouble:  # as at the start: told now, and at a press again
            self._notices.tell(str(trouble))

    def _concerned(self, config: Config) -> list[Name]:
        """Return the components whose settings are others, in the order of their making."""
        before = settings_by_component(self._parts.config)
        after = settings_by_component(config)
        return [name for name in after if after[name] != before[name]]

    async def _close(self, components: list[Component]) -> None:
        for component in components:
            await self._factory.close(component)
