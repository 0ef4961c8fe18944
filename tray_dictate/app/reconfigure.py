"""Other settings for the running daemon: only the parts that they concern are replaced.

What can fail is done first, beside the running parts: the new engine is loaded, the new parts are
built. They take over between two dictations, since one keeps its settings until its last word is
delivered. Whatever fails, the old parts stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from tray_dictate.app.components import Parts
from tray_dictate.app.daemon import Daemon
from tray_dictate.app.live_config import Commit
from tray_dictate.config.schema import Config
from tray_dictate.core.errors import DictateError
from tray_dictate.core.ports import Engine
from tray_dictate.hotkey.switchable import Keyboard
from tray_dictate.system import logs
from tray_dictate.system.memory import trim

log = logging.getLogger(__name__)


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
    engine = config.hearing
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


class Reconfigure:
    """Settings' `Apply`."""

    def __init__(self, builds: Builds, keyboard: Keyboard, parts: Parts, daemon: Daemon) -> None:
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
        self._daemon.renew()
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
