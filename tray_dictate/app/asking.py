"""Whom the menu asks in the running daemon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from tray_dictate import engine
from tray_dictate.app.components import Parts
from tray_dictate.app.documents import DOCTOR, Opening
from tray_dictate.app.insertion_log import Inserted
from tray_dictate.app.live_config import Settings
from tray_dictate.app.menu import Asks, Offering
from tray_dictate.audio.devices import listed, looked_up, pick
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.config.engine import EngineSettings
from tray_dictate.core.errors import HistoryError
from tray_dictate.engine.credentials import CredentialSource
from tray_dictate.history.entries import Entry
from tray_dictate.system import autostart


def offering(
    parts: Parts, settings: Settings, portaudio: PortAudio, path: Path, tell: Callable[[str], None]
) -> Offering:
    """Return what fills the menu; `path` is the settings file."""

    async def last(count: int) -> list[Entry]:
        return await parts.history.last(count)  # the one that there is now

    async def keep(text: str) -> None:
        await parts.output.keep(text)

    return Offering(
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


def microphone(parts: Parts, portaudio: PortAudio) -> Callable[[], Awaitable[str]]:
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
    parts: Parts, inserted: Inserted, look: Callable[[], None]
) -> Callable[[], Awaitable[str]]:
    """Return what forgets all that was dictated; it raises HistoryError."""

    async def forget() -> str:
        inserted.forget()
        emptied = await parts.history.forget("all")  # also what is in memory, or on its way
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
