"""The components of a running daemon, and the factory that builds them from the settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar, assert_never, runtime_checkable

from tray_dictate import output
from tray_dictate.app.notices import PostedNotices
from tray_dictate.audio.cues import CueFilter, Cues
from tray_dictate.audio.microphone import Microphone as LiveMicrophone
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.engine_settings import EngineSettings
from tray_dictate.config.schema import Config
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.ports import (
    BlindCaretReader,
    CaretReader,
    CloudQuota,
    DesktopManagedHotkey,
    Engine,
    Hotkey,
    Lock,
    Microphone,
    Notifier,
    Output,
    Rewriter,
    Tray,
    TrayCommands,
)
from tray_dictate.core.signals import Signal
from tray_dictate.history.store import Store
from tray_dictate.hotkey.switchable import SwitchableHotkey
from tray_dictate.rewrite import RewriteChain
from tray_dictate.system.screen_lock import ScreenLock
from tray_dictate.system.threads import Bridge
from tray_dictate.ui import tray
from tray_dictate.ui.labels import hint
from tray_dictate.ui.tray.headless import Headless

log = logging.getLogger(__name__)

_CLOSING = 20.0  # seconds for a component to close
MakeEngine = Callable[[EngineSettings, Notifier, CloudQuota], Engine]
# a component that can be replaced while the daemon runs
Name = Literal["engine", "microphone", "cues", "rewriter", "output", "tray", "caret"]


class Component(Protocol):
    """Holds resources of the system until it is closed."""

    async def close(self) -> None:
        """Release all resources."""
        ...


@runtime_checkable
class _Stoppable(Protocol):
    """A component, such as a tray, that is stopped before it is closed."""

    def stop(self) -> None:
        """End its run."""
        ...


C = TypeVar("C", bound=Component)


@dataclass(slots=True)
class Components:
    """The components of a running daemon, and the settings that they were built from."""

    config: Config
    hotkey: Hotkey
    microphone: Microphone
    engine: Engine
    output: Output
    tray: Tray
    cues: Cues
    rewriter: Rewriter
    history: Store
    caret: CaretReader = field(default_factory=BlindCaretReader)
    lock: Lock = field(default_factory=ScreenLock)
    config_changed: Signal[Config] = field(default_factory=Signal[Config])

    def closable(self) -> list[Component]:
        """Return the components that must be closed when they are replaced."""
        return [
            self.engine, self.microphone, self.rewriter, self.output, self.tray, self.caret,
        ]  # fmt: skip

    def not_in(self, others: Components) -> list[Component]:
        """Return the components to close when only those of `others` stay in use."""
        used = set(map(id, others.closable()))
        return [component for component in self.closable() if id(component) not in used]

    def take_over(self, new: Components) -> None:
        """Replace the components and settings by those of `new`, and emit `config_changed`."""
        self.config = new.config
        self.engine, self.microphone, self.cues = new.engine, new.microphone, new.cues
        self.rewriter, self.output = new.rewriter, new.output
        self.tray, self.caret = new.tray, new.caret
        self.config_changed.emit(self.config)

    def can_reconfigure(self, name: Name) -> bool:
        """Return whether this component can take other settings without being replaced."""
        return name == "output" and isinstance(self.output, output.Adaptable)

    def reconfigure(self, name: Name, config: Config) -> None:
        """Give other settings to a component that `can_reconfigure`."""
        if name == "output" and isinstance(self.output, output.Adaptable):
            self.output.adapt(config.output)

    def hint(self) -> str:
        """Return how to start a dictation: "hold right Ctrl and speak"."""
        return hint(self.config.hotkey.keys, self.config.hotkey.mode, self._trigger())

    def hotkey_source(self) -> str:
        """Return what serves the hotkey, as in hotkey.source; "" where we watch the keys."""
        trigger = self._trigger()
        return trigger.source if trigger else ""

    def watches(self) -> bool:
        """Return whether we see the keys that the user types in any window."""
        return self._trigger() is None

    def _trigger(self) -> Trigger | None:
        return self.hotkey.trigger() if isinstance(self.hotkey, DesktopManagedHotkey) else None

    def play(self, cue: str) -> None:
        """Play a cue on the current player."""
        self.cues.play(cue)

    def unringing(self) -> Callable[[bytes], bytes]:
        """Return a function that removes cue sounds from a recording, chunk by chunk."""
        notches = CueFilter(self.engine.rate)

        def clean(chunk: bytes) -> bytes:
            return notches.feed(chunk, self.cues.ringing())

        return clean


def settings_by_component(config: Config) -> dict[Name, object]:
    """Return the settings that each component is built from, in the order of building.

    When these change, the component is replaced or reconfigured.
    """
    engine = config.engine_with_terms
    return {
        "engine": engine if engine.name != "offline" else _offline(engine),
        "microphone": config.audio,
        "cues": config.audio,
        "rewriter": config.rewrite,
        "output": config.output,
        "tray": config.tray,
        "caret": config.text.read_caret,
    }


def _offline(engine: EngineSettings) -> object:
    """Return the settings that the offline engine is built from."""
    return (
        "offline", engine.languages, engine.local_model, engine.effort, engine.unload_minutes,
        engine.keywords,
    )  # fmt: skip


@dataclass(slots=True)
class ComponentFactory:
    """Builds components from settings, and closes them."""

    bridge: Bridge
    portaudio: PortAudio
    notices: Notifier
    make_engine: MakeEngine
    hotkey: SwitchableHotkey
    store: Store
    lock: Lock
    _commands: TrayCommands | None = None
    _open: list[Component] = field(default_factory=list[Component])

    def components(self, config: Config) -> Components:
        """Build all components, with a tray that shows nothing yet. Raises DictateError."""
        return Components(
            config,
            self.hotkey,
            output=self.output(config),
            history=self.store,
            rewriter=self.rewriter(config),
            engine=self.engine(config),
            tray=Headless(),
            microphone=self.microphone(config),
            cues=self.cues(config),
            caret=self.caret(config),
            lock=self.lock,
        )

    def show_tray(self, components: Components, commands: TrayCommands) -> None:
        """Build the tray; its menu calls `commands`, from any thread."""
        self._commands = commands
        components.tray = self.tray(components.config)

    def renew(self, name: Name, components: Components) -> None:
        """Rebuild one component from the settings of `components`. Raises DictateError."""
        config = components.config
        match name:
            case "engine":
                components.engine = self.engine(config)
            case "microphone":
                components.microphone = self.microphone(config)
            case "cues":
                components.cues = self.cues(config)
            case "rewriter":
                components.rewriter = self.rewriter(config)
            case "output":
                components.output = self.output(config)
            case "tray":
                components.tray = self.tray(config)
            case "caret":
                components.caret = self.caret(config)
            case _:
                assert_never(name)

    async def close(self, component: Component) -> None:
        """Close a component that is no longer used; raises nothing."""
        if isinstance(component, _Stoppable):
            component.stop()
        if component not in self._open:
            return
        self._open.remove(component)
        try:
            async with asyncio.timeout(_CLOSING):
                await component.close()
        except Exception:
            log.exception("%s did not close", type(component).__name__)

    async def close_all(self) -> None:
        """Close all components, the latest first."""
        for component in reversed(self._open.copy()):
            await self.close(component)

    def engine(self, config: Config) -> Engine:
        """Return the configured engine, not yet loaded. Raises ConfigError."""
        usage = self.store.usage
        return self._opened(self.make_engine(config.engine_with_terms, self.notices, usage))

    def microphone(self, config: Config) -> Microphone:
        """Return the configured microphone, not yet open."""
        return self._opened(LiveMicrophone(config.audio, self.portaudio, self.bridge, self.notices))

    def cues(self, config: Config) -> Cues:
        """Return the player of cues."""
        return Cues(config.audio, self.portaudio)

    def rewriter(self, config: Config) -> Rewriter:
        """Return the configured rewriter. Raises ConfigError."""
        return self._opened(RewriteChain(config.rewrite, self.notices))

    def output(self, config: Config) -> Output:
        """Return the configured output. Raises UnavailableError."""
        notices = PostedNotices(self.bridge, self.notices)
        return self._opened(output.select(config.output, self.hotkey, notices))

    def caret(self, config: Config) -> CaretReader:
        """Return the reader of the text around the caret, which may be off."""
        return self._opened(output.caret(read=config.text.read_caret))

    def tray(self, config: Config) -> Tray:
        """Return the tray for this desktop."""
        assert self._commands, "show_tray comes first"
        icon, notifications = config.tray.icon, config.tray.notifications
        return self._opened(
            tray.select(self.bridge, self._commands, icon=icon, notifications=notifications)
        )

    def _opened(self, component: C) -> C:
        self._open.append(component)
        return component
