"""Shows messages to the user: one notification per cause, few at a time, and none is lost.

A notification shows the messages of its cause from the last seconds, so it can replace the earlier
one without hiding unread messages. A cause that is a state (the settings file) shows only the
latest message, and none once the state is fine. A cause does not repeat a message for minutes,
except about what the user has just done. When many causes have messages at once, the later ones
share a notification. Every message is logged.

Also the messages of the first run: which key to hold, and whether the open microphone is noticed.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from tray_dictate.config.schema import Config, HotkeySettings
from tray_dictate.core.keys.desktop_shortcuts import Trigger
from tray_dictate.core.keys.names import in_words, parse_chord, parse_key
from tray_dictate.core.ports import Cause, Notifier, Tray, Urgency
from tray_dictate.system import files, threads
from tray_dictate.system.threads import Bridge

log = logging.getLogger(__name__)

AGAIN = 300.0  # seconds within which a lasting trouble is said once
READ = 10.0  # seconds that a message stays in its bubble, and in which it is not repeated
PAUSE = 2.0  # seconds between two changes of a bubble
BUBBLES = 3  # causes with a notification of their own within READ
LINES = 6  # messages in a bubble
REST = "rest"  # the cause of the notification that further causes share

_URGENT = frozenset({"take", "delivery", "stopped"})  # speech or text is not where it should be
_EACH = frozenset(
    {*_URGENT, "limit", "asked", "model"}
)  # repeated: about what the user has just done

_STATES = frozenset(
    {"settings", "hotkey", "model", "permission"}
)  # only the latest message is shown
_BUTTONS = {
    "delivery": ("redo", "copy"), "settings": ("settings",),
    "hotkey": ("check",), "microphone": ("check",), "engine": ("check",), "control": ("check",),
}  # fmt: skip
_UNSEEN = (
    "Nothing shows that the microphone is open: tray.icon and audio.cues are off. "
    "To see or hear it, set one of them to true, or run `tray-dictate status`."
)


@dataclass(frozen=True, slots=True)
class Bubble:
    """A notification that replaces the one of the same cause; an empty message removes it."""

    cause: str
    message: str
    urgency: Urgency = Urgency.NORMAL

    @property
    def buttons(self) -> tuple[str, ...]:
        """Buttons: names of commands and documents, as in ports.Tray.notify."""
        return _BUTTONS.get(self.cause, ())


@dataclass(slots=True)
class _ActiveNotice:
    """One cause's bubble."""

    lines: list[tuple[float, str, Urgency]] = field(
        default_factory=list[tuple[float, str, Urgency]]
    )
    shown_at: float = float("-inf")
    due: bool = False


class NoticeThrottle:
    """Decides which notifications are shown when; the caller calls `tick` at `wake_at`."""

    def __init__(self, pause: float = PAUSE) -> None:
        """`pause` is the time between two changes of a bubble, in seconds."""
        self._pause = pause
        self._open: dict[str, _ActiveNotice] = {}
        self._said: dict[tuple[str, str], float] = {}
        self._standing: set[str] = set()  # states whose message may still be shown

    @property
    def wake_at(self) -> float | None:
        """The time when `tick` is due; None for never."""
        return min((b.shown_at + self._pause for b in self._open.values() if b.due), default=None)

    def tell(self, message: str, cause: str, now: float) -> list[Bubble]:
        """Add a message; return the notifications to show now."""
        cause = cause or message
        self._forget(now)
        span = READ if cause in _EACH else AGAIN
        if now - self._said.get((cause, message), float("-inf")) >= span:
            self._said[cause, message] = now
            own = cause in self._open or len(self._open) < BUBBLES
            bubble = self._open.setdefault(cause if own else REST, _ActiveNotice())
            if cause in _STATES:
                bubble.lines.clear()
                self._standing.add(cause)
            urgency = Urgency.CRITICAL if cause in _URGENT else Urgency.NORMAL
            bubble.lines.append((now, message, urgency))
            bubble.due = True
        return self.tick(now)

    def mend(self, cause: str) -> list[Bubble]:
        """Note that a state is fine again; return the notifications to show now."""
        if cause not in self._standing:
            return []
        self._standing.remove(cause)
        self._open.pop(cause, None)
        self._said = {what: at for what, at in self._said.items() if what[0] != cause}
        return [Bubble(cause, "")]

    def tick(self, now: float) -> list[Bubble]:
        """Return the notifications to show now."""
        shown = [
            self._show(cause, bubble, now)
            for cause, bubble in self._open.items()
            if bubble.due and now >= bubble.shown_at + self._pause
        ]
        self._forget(now)
        return shown

    def _show(self, cause: str, bubble: _ActiveNotice, now: float) -> Bubble:
        bubble.due, bubble.shown_at = False, now
        lines = [message for _, message, _ in bubble.lines]
        if len(lines) > LINES:
            lines = [*lines[-LINES:], f"And {len(lines) - LINES} more; the log has them all."]
        urgency = max(urgency for _, _, urgency in bubble.lines)
        return Bubble(cause, "\n".join(lines), urgency)

    def _forget(self, now: float) -> None:
        """Remove messages that have been shown long enough, and notifications without any."""
        for cause, bubble in list(self._open.items()):
            if not bubble.due:
                bubble.lines = [line for line in bubble.lines if line[0] > now - READ]
                if not bubble.lines and bubble.shown_at <= now - READ:
                    del self._open[cause]
        self._said = {what: at for what, at in self._said.items() if at > now - AGAIN}


class Notices:
    """ports.Notifier of the daemon: shows messages on its tray; lives on the loop.

    Messages that come before there is a tray wait for it.
    """

    def __init__(self, pause: float = PAUSE) -> None:
        """`pause` is the time between two changes of a bubble, in seconds."""
        self._pause = pause
        self._bubbles = NoticeThrottle(pause)
        self._tray: Tray | None = None
        self._waiting: list[tuple[str, Cause]] = []  # for the first tray
        self._timer: asyncio.TimerHandle | None = None

    def show_on(self, tray: Tray) -> None:
        """Show messages on this tray from now on, also those that wait for one."""
        self._tray = tray
        waiting, self._waiting = self._waiting, []
        for message, cause in waiting:
            self._take(message, cause)

    def tell(self, message: str, cause: Cause = "") -> None:
        """Log a message and show it; see ports.Notifier."""
        if message:
            log.warning("%s", message)
        if self._tray:
            self._take(message, cause)
        else:
            self._waiting.append((message, cause))

    def flush(self) -> None:
        """Show all waiting messages at once: the program ends."""
        self._show(self._bubbles.tick(_now() + self._pause))

    def _take(self, message: str, cause: Cause) -> None:
        if message:
            self._show(self._bubbles.tell(message, cause, _now()))
        else:
            self._show(self._bubbles.mend(cause))

    def _tick(self) -> None:
        self._timer = None
        self._show(self._bubbles.tick(_now()))

    def _show(self, bubbles: list[Bubble]) -> None:
        if self._tray:
            for bubble in bubbles:
                self._tray.notify(bubble.message, bubble.cause, bubble.urgency, bubble.buttons)
        at = self._bubbles.wake_at
        if at is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(at, self._tick)


def _now() -> float:
    return asyncio.get_running_loop().time()


class PostedNotices:
    """ports.Notifier for any thread: passes messages on to the loop."""

    def __init__(self, bridge: Bridge, notices: Notifier) -> None:
        self._bridge, self._notices = bridge, notices

    def tell(self, message: str, cause: Cause = "") -> None:
        """Pass the message on; see ports.Notifier."""
        self._bridge.post(self._notices.tell, message, cause)


class HotkeyNotices:
    """ports.Notifier of a hotkey's back end, from any thread.

    Shows nothing where the compositor runs our commands: there a portal may exist that assigns no
    keys, which would be reported at each login.
    """

    def __init__(self, bridge: Bridge, notices: Notifier, settings: HotkeySettings) -> None:
        self._bridge, self._notices, self._settings = bridge, notices, settings

    def tell(self, message: str, cause: Cause = "hotkey") -> None:
        """Pass the message on, on the loop; see ports.Notifier."""
        self._bridge.run(self._tell(message, cause))

    async def _tell(self, message: str, cause: Cause) -> None:
        if self._settings.source == "auto" and await threads.run_in_thread(self._is_bound):
            log.info("not shown, as the compositor runs our commands: %s", message)
        else:
            self._notices.tell(message, cause)

    def _is_bound(self) -> bool:
        from tray_dictate.hotkey import bindings  # noqa: PLC0415 - few starts need it

        return bindings.is_bound(self._settings)


def welcome(settings: HotkeySettings, trigger: Trigger | None = None) -> str:
    """Return the first-run message, or empty if the user has had it.

    `trigger` is the shortcut that the desktop has assigned. On another desktop it may be another
    one, so each desktop has its own first run. Without an assigned key there is no message yet.
    """
    marker = files.welcomed_file()
    if trigger and not trigger.keys and trigger.source != "commands":
        return ""  # the desktop has not answered yet, or the failure has been reported
    if trigger:
        marker = marker.with_name(f"{marker.name}-{trigger.source}")
    return _how(settings, trigger) if _first(marker) else ""


def unseen(config: Config) -> str:
    """Return a message, once, if neither an icon nor a cue shows that the microphone is open."""
    audio = config.audio
    sounds = "start" in audio.cues if isinstance(audio.cues, list) else audio.cues
    if config.tray.icon or (sounds and audio.cue_volume):
        return ""
    marker = files.welcomed_file()
    return _UNSEEN if _first(marker.with_name(f"{marker.name}-unseen")) else ""


def _first(marker: Path) -> bool:
    """Create a marker file; return whether it did not exist before."""
    try:
        files.private_folder(marker.parent)
        marker.touch(mode=0o600, exist_ok=False)  # atomic: the file is empty
    except OSError as reason:  # such as the home of a guest session
        if marker.exists():
            return False
        log.info("%s cannot be written, so the first-run message comes again: %s", marker, reason)
    return True


def _how(settings: HotkeySettings, trigger: Trigger | None) -> str:
    if trigger and not trigger.keys:
        return trigger.advice
    key = trigger.keys if trigger else in_words(parse_chord(settings.keys))
    rest = f" {trigger.advice}".rstrip() if trigger else ""
    if settings.cancel and not trigger:  # a desktop gives us no Escape
        cancel = in_words((parse_key(settings.cancel),))
        rest = f" Press {cancel} to discard what is not inserted yet."
    if settings.mode == "toggle":
        first, last = f"Press {key} and speak", "Press it again"
    else:
        first, last = f"Hold {key} and speak", "Release it"
    return f"{first}; the words appear where you type. {last} when you are done.{rest}"
