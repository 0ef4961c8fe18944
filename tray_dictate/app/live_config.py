"""The settings of the running daemon, changed at once from the menu or by an edit of the file.

The file decides: a change is written into it, and then what the file says is applied. A change that
cannot be read, written or applied leaves everything unchanged, including the file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from tray_dictate.config import edit, load
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.config.schema import settings as every_setting
from tray_dictate.core.errors import ConfigError, DictateError
from tray_dictate.core.ports import Notifier

log = logging.getLogger(__name__)

_NAMES = tuple(f"{section}.{name}" for section, name, _, _ in every_setting())


class Swap(Protocol):
    """Has the components of the daemon follow the settings."""

    def applied(self, config: Config) -> AbstractAsyncContextManager[None]:
        """Prepare for other settings on entry, and put them in effect on exit.

        Raises DictateError where that fails, or what the body raises; then nothing has changed.
        """
        ...

    async def renew_engine(self) -> None:
        """Build the engine again from the same settings.

        Raises DictateError where that fails; then the engine in use stays.
        """
        ...


class LiveConfig:
    """The settings in effect; lives on the loop."""

    def __init__(
        self,
        sources: Sources,
        config: Config,
        swap: Swap,
        notices: Notifier,
        *,
        patience: float = 5.0,
    ) -> None:
        """Mistakes in an edited file are told to `notices`.

        `patience` is how long `stop` waits for a change that is in progress, in seconds.
        """
        self._sources, self.config = sources, config
        self._swap, self._notices, self._patience = swap, notices, patience
        self._changing = asyncio.Lock()  # one change at a time
        self._begun = asyncio.Event()
        self._seen = self._text()  # what the file held when it was last read
        self._watching: Any = None
        self._looking: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()  # tasks that change settings
        self._over = self._wrong = False

    async def change(self, name: str, value: Any) -> None:
        """Change a setting, such as "engine.name", here and in the file.

        Raises ConfigError with the reason; then nothing has changed.
        """
        path = self._sources.path
        if name not in _NAMES:
            raise ConfigError([f"{name} is not a setting"])
        if path is None:
            raise ConfigError([f"{name} cannot be changed: there is no settings file"])
        if fixed := self._sources.fixed(name):
            raise ConfigError([
                f"{name} cannot be changed while {fixed} is given; start tray-dictate without it"
            ])  # fmt: skip
        async with self._turn():
            before = load.read(path)
            config = await asyncio.to_thread(self._load, name, before)
            if value == _value(config, name):
                text = before  # a default need not be written down
            else:
                text = edit.with_value(before, name, value)
                config = await asyncio.to_thread(self._sources.load, text)
            try:
                async with self._applied(config):
                    if text != before:
                        await asyncio.to_thread(edit.write, path, text, before)
                    self._seen = text
            except Exception:
                if self._seen == text != before:  # written, and then it could not be
                    await asyncio.to_thread(edit.write, path, before, text)
                    self._seen = before
                raise

    async def reload(self) -> str:
        """Read the file again; return a message. Raises ConfigError; then nothing has changed."""
        async with self._turn():
            self._seen = self._text()
            config = await asyncio.to_thread(self._sources.load)  # expressions take time to read
            async with self._applied(config) as changed:
                pass  # the file says so already
        if self._wrong:
            self._wrong = False
            self._notices.tell("", "settings")
        if not changed:
            return "The settings have not changed."
        return f"Changed: {', '.join(changed)}."

    async def renew_engine(self) -> None:
        """Build the engine again: the models on this computer have changed. Raises DictateError."""
        async with self._turn():
            await self._swap.renew_engine()

    def begin(self) -> None:
        """Allow changes, and watch the file, until `stop`.

        Called once the daemon is ready; changes that come earlier wait for it.
        """
        self._begun.set()
        if self._sources.path is None or self._watching:
            return
        from tray_dictate.system.file_watcher import FileWatcher  # noqa: PLC0415 - only the daemon needs it

        try:
            self._watching = FileWatcher(self._sources.path)
        except OSError as reason:  # the system has no watches left
            log.warning(
                "%s cannot be watched: %s. After editing it, run: tray-dictate reload",
                self._sources.path, reason,
            )  # fmt: skip
            return
        self._watching.changed.subscribe(self._look)
        self._look()  # it may have changed since it was read

    async def stop(self) -> None:
        """Stop watching, and refuse further changes; wait `patience` for the current one."""
        self._over = True
        if self._watching:
            self._watching.stop()
        under_way = [*self._under_way, *([self._looking] if self._looking else [])]
        if not under_way:
            return
        _, late = await asyncio.wait(under_way, timeout=self._patience)
        for task in late:  # it waits for a dictation that never ends, or for a slow engine
            task.cancel()
        await asyncio.wait(under_way)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Exclude other changes during the body. Raises ConfigError after `stop`."""
        await self._begun.wait()
        task = asyncio.current_task()
        assert task
        self._under_way.add(task)
        try:
            async with self._changing:
                if self._over:
                    raise ConfigError(
                        ["settings cannot be changed any more: tray_dictate is quitting"]
                    )
                yield
        finally:
            self._under_way.discard(task)

    def _look(self) -> None:
        before = self._looking
        self._looking = asyncio.get_running_loop().create_task(self._reload_edited(before))

    async def _reload_edited(self, before: asyncio.Task[None] | None) -> None:
        """Apply an edit of the file, unless we wrote it ourselves or have read it already."""
        if before:
            await asyncio.wait([before])
        async with self._changing:
            if self._over or self._text() == self._seen:
                return
        try:
            await self.reload()
        except ConfigError as error:
            self._wrong = True
            self._notices.tell(f"Your previous settings stay in effect. {error}", "settings")
        except Exception:
            log.exception("the edited settings could not be applied")
            words = "The edited settings could not be applied; the log has the details."
            self._notices.tell(words, "settings")

    @asynccontextmanager
    async def _applied(self, config: Config) -> AsyncGenerator[list[str]]:
        """Put settings in effect after the body; yield the names of those that change.

        Raises ConfigError.
        """
        changed = _changed(self.config, config)
        if not changed:
            yield changed
            return
        try:
            async with self._swap.applied(config):
                yield changed
        except ConfigError:
            raise
        except DictateError as reason:
            raise ConfigError([f"{', '.join(changed)} cannot be changed: {reason}"]) from reason
        self.config = config
        log.info("settings changed: %s", ", ".join(changed))

    def _load(self, name: str, text: str) -> Config:
        """Return the settings of the file as it is. Raises ConfigError if it has mistakes."""
        try:
            return self._sources.load(text)
        except ConfigError as error:
            raise ConfigError(
                [f"{name} cannot be changed until the file is corrected:", *error.problems],
                where=str(self._sources.path),
            ) from error

    def _text(self) -> str | None:
        """Return the text of the file; None if it cannot be read."""
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
