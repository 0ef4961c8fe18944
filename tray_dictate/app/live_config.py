"""The settings of the running daemon: changed from the menu, or by an editor, at once.

The file is the truth: a change is written into it, and whatever it then says is applied. What
cannot be read, written or applied leaves everything as it was, the file too.

Other settings for the running daemon: only the parts that they concern are replaced.

What can fail is done first, beside the running parts: the new engine is loaded, the new parts are
built. They take over between two dictations, since one keeps its settings until its last word is
delivered. Whatever fails, the old parts stay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from tray_dictate.app.components import Components
from tray_dictate.app.daemon import Daemon
from tray_dictate.config import edit, load
from tray_dictate.config.load import Sources
from tray_dictate.config.schema import Config
from tray_dictate.config.schema import settings as every_setting
from tray_dictate.core.errors import ConfigError, DictateError
from tray_dictate.core.ports import Engine
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

    def __init__(
        self, sources: Sources, config: Config, apply: Apply, tell: Callable[[str], None]
    ) -> None:
        """`tell` gets what is wrong with a file that was edited; "" when it is right again."""
        self._sources, self.config = sources, config
        self._apply, self._tell = apply, tell
        self._one = asyncio.Lock()  # change at a time
        self._begun = asyncio.Event()
        self._seen = self._text()  # what the file held when it was last read
        self._watching: Any = None
        self._looking: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()  # those who change something
        self._over = self._wrong = False

    def words(self) -> list[str]:
        """Return what makes another command use the same settings."""
        return self._sources.words()

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
            self._tell("")
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
            self._tell(f"The settings of before stay in force. {error}")
        except Exception:
            log.exception("the edited settings could not be applied")
            self._tell("The edited settings could not be applied; the log has the details.")

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


class Builds(Protocol):
    """How parts are made; `name` is the part's in Parts."""

    def build(self, name: str, config: Config) -> Any:
        """Return a new part. Raises DictateError."""
        ...

    def adapting(self, name: str, part: Any, config: Config) -> Callable[[], None] | None:
        """Return what lets this very part go on with other settings; None where it cannot."""
        ...

    async def close(self, part: Any) -> None:
        """End a part that is in use no more; raises nothing."""
        ...


def _engine(config: Config) -> object:
    """Return what the engine is made from; the embedded one asks for one of its settings."""
    engine = config.engine_with_terms
    return engine if engine.name != "offline" else ("offline", tuple(engine.languages))


# what each part that can be replaced is made from, in the order in which they take over
_MADE_FROM: dict[str, Callable[[Config], object]] = {
    "engine": _engine,
    "microphone": lambda config: config.audio,
    "cues": lambda config: config.audio,
    "rewriter": lambda config: config.rewrite,
    "output": lambda config: config.output,
    "history": lambda config: config.history,
    "tray": lambda config: config.tray,
    "caret": lambda config: config.text.read_caret,
}


class ComponentSwap:
    """Settings' `Apply`."""

    def __init__(
        self, builds: Builds, keyboard: SwitchableHotkey, parts: Components, daemon: Daemon
    ) -> None:
        self._builds, self._keyboard = builds, keyboard
        self._parts, self._daemon = parts, daemon

    async def __call__(self, config: Config, commit: Commit) -> None:
        """Put the settings in force, or raise DictateError and leave all as it was."""
        made = await self._make(config)
        hotkey = None
        try:
            hotkey = await self._keyboard.make(config.hotkey)
            await commit()
            async with self._daemon.between_dictations():
                self._keyboard.change(config.hotkey, hotkey)
                hotkey = None  # it is the keyboard's
                for part in self._take_over(config, made):
                    await self._builds.close(part)  # an output gives back what it has borrowed
        except BaseException:
            if hotkey:
                hotkey.stop()
            await self._close([part for name, part in made.items() if not self._uses(name, part)])
            raise
        trim()  # a model that is used no more
        if {"microphone", "engine"} & made.keys():
            await self._warm_up()

    async def _make(self, config: Config) -> dict[str, Any]:
        """Return the new parts that are needed, by name. Raises DictateError."""
        made: dict[str, Any] = {}
        try:
            for name in self._concerned(config):
                if self._adapting(name, config) is None:
                    made[name] = self._builds.build(name, config)
            if "engine" in made:  # the last that can fail, and what takes long
                engine: Engine = made["engine"]
                await engine.load()
        except BaseException:
            await self._close(list(made.values()))
            raise
        return made

    def _take_over(self, config: Config, made: dict[str, Any]) -> list[Any]:
        """Put the new parts into their places; return the old ones. Nothing here can fail."""
        for name in self._concerned(config):
            if name not in made and (adapt := self._adapting(name, config)):
                adapt()
        retired = [self._part(name) for name in made]
        for name, part in made.items():
            setattr(self._parts, name, part)
        if config.log.level != self._parts.config.log.level:
            logs.set_level(config.log.level)
        self._parts.config = config
        self._daemon.apply_components()
        return retired

    async def _warm_up(self) -> None:
        try:
            await self._parts.microphone.warm_up(self._parts.engine.rate)
        except DictateError as trouble:  # as at the start: told now, and at a press again
            self._daemon.tell(str(trouble))

    def _concerned(self, config: Config) -> list[str]:
        before = self._parts.config
        return [name for name, of in _MADE_FROM.items() if of(before) != of(config)]

    def _adapting(self, name: str, config: Config) -> Callable[[], None] | None:
        return self._builds.adapting(name, self._part(name), config)

    def _part(self, name: str) -> Any:
        return getattr(self._parts, name)

    def _uses(self, name: str, part: Any) -> bool:
        return self._part(name) is part

    async def _close(self, parts: list[Any]) -> None:
        for part in parts:
            await self._builds.close(part)
