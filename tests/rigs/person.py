"""Dictations over a server: who speaks, the daemon set to it, what the user and the log learn."""

from __future__ import annotations

import html
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.rigs.daemon import Daemon
from tests.rigs.dictation import LONG, SENTENCE, errors, hold, landed, spoken
from tests.rigs.x11 import Desktop
from tests.servers.realtime.server import RealtimeServer
from tests.waiting import wait_until

HOTKEY = "Control_R"
KEY = "sk-kestrel-4711-nobody-may-read-this"
SECOND = LONG[2]
TWO = f"{SENTENCE} {SECOND}"
WRONG = 0.15  # of the words: the embedded model's mistakes, wherever it is asked
TOLD = re.compile(r"WARNING tray_dictate\.app\.notices: (.*)")
WORDS = ("invoice", "accounting", "contract", "signed", "february")
_SECOND_OF_SOUND = 48_000  # bytes, as the clouds take it


def fake(kind: str = "openai", **options: Any) -> RealtimeServer:
    """Return a server that knows English; its key is KEY."""
    return RealtimeServer(kind, ear="embedded", key=KEY, **options)


def daemon_of(
    desktop: Desktop, server: RealtimeServer, env: dict[str, str] | None = None, **settings: Any
) -> Daemon:
    """Start the daemon for this server, at its most talkative; the key is in its environment."""
    engine = {"engine__name": server.kind, "engine__endpoint": server.endpoint}
    env = {"TRAY_DICTATE_KEY": KEY} if env is None else env
    return desktop.daemon(env=env, **{"log__level": "debug", **engine, **settings})


def transcripts(server: RealtimeServer, first: int = 0) -> str:
    """Return all that the server wrote on its connections, from the given one on."""
    connections = server.report()["connections"][first:]
    return " ".join(text for record in connections for text in record["transcripts"])


def words(text: str) -> list[str]:
    """Return the words; the daemon may join segments with a small letter."""
    return text.lower().split()


class News:
    """What the user is told from now on."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._before = len(desktop.notifications())

    def shown(self) -> list[str]:
        """Return the notifications' texts."""
        printed = self._desktop.notifications()[self._before :]
        return [html.unescape(body) for body in re.findall(r"^\s*body: '(.*)'$", printed, re.M)]

    def only(self, daemon: Daemon) -> str:
        """Return the one thing that the user was told, in the log and on the screen."""
        wait_until(self.shown, 10, "a notification")
        [logged] = TOLD.findall(daemon.log())
        assert self.shown() == [logged]
        return logged


class Person:
    """Somebody with a text window in front, who holds the key and says one sentence or two."""

    def __init__(self, desktop: Desktop, wavs: Path) -> None:
        self._desktop = desktop
        self._wavs = wavs
        self.news = News(desktop)
        self.window = desktop.text_window("tk")

    def begin(self) -> str:
        """Hold the key and say SENTENCE; return what is in the window while it is still down."""
        self._desktop.keydown(HOTKEY)
        time.sleep(0.3)
        self._desktop.play_whole(spoken(self._wavs, SENTENCE))
        return self.window.wait_for(lambda text: errors(SENTENCE, text) <= WRONG, 30)

    def go_on(self, server: RealtimeServer, end: float = 0.2) -> subprocess.Popen[bytes]:
        """Begin to say SECOND; return when the server has got two seconds more of sound."""

        def got() -> int:
            return server.report()["connections"][-1]["audio_bytes"]

        enough = got() + 2 * _SECOND_OF_SOUND
        player = self._desktop.play(spoken(self._wavs, SECOND, end=end))
        wait_until(lambda: got() >= enough, 20, "the sound at the server")
        return player

    def release(self) -> None:
        """Let the key go."""
        self._desktop.keyup(HOTKEY)

    def finish(self) -> None:
        """Say SECOND and let the key go."""
        self._desktop.play_whole(spoken(self._wavs, SECOND))
        self.release()

    def take(self, sentence: str = SENTENCE) -> None:
        """Hold the key while saying a sentence."""
        hold(self._desktop, spoken(self._wavs, sentence), HOTKEY)

    def reads(self, said: str = TWO) -> str:
        """Wait until what was said is in the window, and return what is."""
        return landed(self.window, said, WRONG)


def assert_private(desktop: Desktop, daemon: Daemon, key: str = KEY) -> None:
    """Neither what was said nor the key is anywhere but in the window; the daemon still runs."""
    files = Path(desktop.env["XDG_STATE_HOME"]).rglob("*.log*")
    log = daemon.log() + "".join(path.read_text(errors="replace") for path in files)
    assert log.strip()
    command = Path(f"/proc/{daemon.pid}/cmdline").read_text(errors="replace")
    for place, text in {"log": log, "ps": command, "shown": desktop.notifications()}.items():
        found = [word for word in (key, *WORDS) if word.lower() in text.lower()]
        assert not found, f"{found} in {place}"
    assert "input_audio_buffer.append" not in log, "nor the sound"
