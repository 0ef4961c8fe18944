"""What the menu offers, looked up when it opens, and what a click on it does.

Nothing is polled: a look costs a question to the sound server and to the history each. Sending
speech to a cloud is the user's own choice: an engine whose server or key is not set up cannot be
chosen, and a key that may be in the keyring is asked for only when its engine is.

Whom the menu asks in the running daemon.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tray_dictate import engine
from tray_dictate.app.components import Components
from tray_dictate.app.delivery import Delivery
from tray_dictate.app.documents import DOCTOR, Opening
from tray_dictate.app.live_config import LiveConfig
from tray_dictate.audio.devices import listed, looked_up, pick
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.schema import Config, EngineSettings
from tray_dictate.core.errors import DictateError, HistoryError, UnavailableError
from tray_dictate.core.ports import MenuOption, MenuState
from tray_dictate.engine.credentials import CredentialSource
from tray_dictate.history.entries import Entry
from tray_dictate.system import autostart
from tray_dictate.ui.labels import engine_title, engines, languages, methods, microphones

log = logging.getLogger(__name__)
T = TypeVar("T")

_MOST = 10  # recent dictations
_PATIENCE = 2.0  # seconds for one list: a headset that is being opened holds up the others


@dataclass(frozen=True, slots=True)
class Asks:
    """Whom to ask and tell; what is awaited may raise DictateError."""

    config: Callable[[], Config]
    hint: Callable[[], str]  # how to begin
    change: Callable[[str, Any], Awaitable[None]]  # a setting, by its dotted name
    microphones: Callable[[], Awaitable[list[tuple[str, bool]]]]  # name, whether it is the default
    last: Callable[[int], Awaitable[list[Entry]]]  # of the history
    keep: Callable[[str], Awaitable[None]]  # on the clipboard
    unusable: Callable[[EngineSettings], list[str]]  # what of an engine is not set up; asks nobody
    admitted: Callable[[EngineSettings], Awaitable[None]]  # raises where there is no key for it
    autostart: Callable[[], bool]  # blocks; raises UnavailableError
    set_autostart: Callable[[bool], None]  # likewise
    open: Callable[[str], Awaitable[None]]  # settings, check or log, for the user to read
    offer: Callable[[MenuState], None]
    tell: Callable[[str], None]


@dataclass(slots=True)
class MenuController:
    """Looks, offers and does; lives on the loop."""

    asks: Asks
    _shown: MenuState = field(default_factory=MenuState)
    _found: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    _spoken: dict[tuple[str, ...], None] = field(default_factory=dict[tuple[str, ...], None])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _looking: asyncio.Task[None] | None = None
    _again: bool = False
    _known: Config | None = None

    def look(self) -> None:
        """Offer what there is now; asked meanwhile, it looks once more."""
        if self._looking and not self._looking.done():
            self._again = True
        else:
            self._looking = self._spawn(self._look())

    def follow(self) -> None:
        """Look where the settings, and with them perhaps the tray, are others."""
        config = self.asks.config()
        if config is not self._known:
            self._known = config
            self.look()

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""
        self._spawn(self._set(name, value))

    def copy(self, at: float) -> None:
        """Put the dictation of that time on the clipboard."""
        self._spawn(self._copy(at))

    def autostart(self, on: bool) -> None:
        """Start at login, or no longer."""
        self._spawn(self._autostart(on))

    def open(self, name: str) -> None:
        """Open something for the user to read."""
        self._spawn(self.asks.open(name))

    async def _look(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            self.asks.offer(await self._choices())

    async def _choices(self) -> MenuState:
        config = self.asks.config()
        self._found = await _soon(self.asks.microphones(), self._found)
        entries = await _soon(self.asks.last(_MOST), list[Entry]())
        wanted = tuple(config.engine.languages)
        self._spoken[wanted] = None  # a combination of the file's can be chosen again later
        listed = microphones(self._found, config.audio.device)
        default = next((name for name, is_default in self._found if is_default), "")
        chosen = next((str(choice.value) for choice in listed if choice.chosen), "")
        return MenuState(
            microphones=listed,
            engines=engines(config.engine, self.asks.unusable),
            languages=languages(config.engine, tuple(self._spoken)),
            methods=methods(config.output.method),
            recent=recent(entries),
            autostart=await self._starts(),
            microphone=chosen or default,
            engine=engine_title(config.engine.name),
            hint=self.asks.hint(),
        )

    async def _starts(self) -> bool | None:
        try:
            return await asyncio.to_thread(self.asks.autostart)
        except UnavailableError as reason:
            log.info("start at login: %s", reason)
            return None

    async def _set(self, name: str, value: Any) -> None:
        try:
            if name == "engine.name":
                engine = self.asks.config().engine.model_copy(update={"name": value})
                await self.asks.admitted(engine)
            await self.asks.change(name, value)
        finally:
            self.look()  # a host may have ticked what was not chosen

    async def _copy(self, at: float) -> None:
        for entry in await self.asks.last(_MOST):
            if entry.at == at:
                await self.asks.keep(entry.text or entry.raw)
                return
        raise DictateError("That dictation is no longer in the history.")

    async def _autostart(self, on: bool) -> None:
        try:
            await asyncio.to_thread(self.asks.set_autostart, on)
        finally:
            self.look()

    def _spawn(self, work: Coroutine[Any, Any, None] | Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._tell_failure(work))
        self._tasks.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tell_failure(self, work: Awaitable[None]) -> None:
        try:
            await work
        except DictateError as reason:
            self.asks.tell(str(reason))
        except Exception:  # an ornament fails nothing
            log.exception("the menu")


async def _soon(work: Awaitable[T], otherwise: T) -> T:
    """Return what is found in time, else what was known before."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await work
    except (DictateError, TimeoutError) as reason:
        log.info("not listed anew: %s", reason or "no answer in time")
        return otherwise


def offering(
    parts: Components,
    settings: LiveConfig,
    portaudio: PortAudio,
    path: Path,
    tell: Callable[[str], None],
) -> MenuController:
    """Return what fills the menu; `path` is the settings file."""

    async def last(count: int) -> list[Entry]:
        return await parts.history.last(count)  # the one that there is now

    async def keep(text: str) -> None:
        await parts.output.keep(text)

    return MenuController(
        Asks(
            config=lambda: parts.config,
            hint=parts.hint,
            change=settings.change,
            microphones=lambda: portaudio.call(lambda: listed(portaudio)),
            last=last,
            keep=keep,
            unusable=engine.problems,
            admitted=_admitted,
            autostart=autostart.enabled,
            set_autostart=lambda on: autostart.enable() if on else autostart.disable(),
            open=Opening(path, tell, keep, doctor=[*DOCTOR, *settings.words()]).open,
            offer=parts.offer,
            tell=tell,
        )
    )


def microphone(parts: Components, portaudio: PortAudio) -> Callable[[], Awaitable[str]]:
    """Return what names the microphone that would be opened now; it raises CaptureError."""

    async def name() -> str:
        wanted = parts.config.audio.device
        picked = pick(await portaudio.call(lambda: looked_up(portaudio, wanted)), wanted)
        if wanted and not picked.named:
            return f"{wanted} (not connected); {picked.source.name} is used"
        default = " (the system's default)" if picked.source.default and not wanted else ""
        return f"{picked.source.name}{default}"

    return name


def forgetting(
    parts: Components, delivery: Delivery, look: Callable[[], None]
) -> Callable[[], Awaitable[str]]:
    """Return what forgets all that was dictated; it raises HistoryError."""

    async def forget() -> str:
        delivery.forget()
        emptied = await parts.history.clear()  # also what is in memory, or on its way
        look()
        if not emptied:
            raise HistoryError("The history cannot be emptied now; the log has the reason.")
        return ""

    return forget


async def _admitted(settings: EngineSettings) -> None:
    """Return if there is a key, where one is needed. Raises UnavailableError."""
    if settings.auth == "key":
        source = CredentialSource(settings, "bearer")
        try:
            await source.get()
        finally:
            await source.close()


_LONGEST = 40  # characters of a dictation in the menu
_OUTCOMES = {  # a sign, and words where something is left to do
    "delivered": ("✓", ""),
    "unconfirmed": ("?", "not sure"),
    "partly": ("✗", "in part"),
    "kept": ("✗", "not inserted"),
    "undelivered": ("✗", "not inserted"),
    "dropped": ("✗", "cancelled"),
    "failed": ("✗", "not transcribed"),
}


def recent(entries: list[Entry]) -> tuple[MenuOption, ...]:
    """Return the last dictations, shortened, each with what became of it."""
    lines: list[MenuOption] = []
    for entry in entries:
        sign, words = _OUTCOMES.get(entry.state, ("?", ""))
        text = " ".join((entry.text or entry.raw).split())
        short = text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"
        label = f"{sign} {short or 'Nothing'}" + (f" ({words})" if words else "")
        lines.append(MenuOption(entry.at, label, enabled=bool(text)))
    return tuple(lines)
