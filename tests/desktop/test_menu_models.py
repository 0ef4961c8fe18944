"""Getting a speech model by the menu, on the desktops where the menu goes over D-Bus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import speech
from tests.rigs.daemon import Daemon
from tests.rigs.dictation import RATE, errors, settled
from tests.rigs.kwin import KWin
from tests.rigs.mirrors import Mirrors, mirrors
from tests.rigs.session import Session
from tests.rigs.sway import Sway
from tests.rigs.tray_host import OpenMenu
from tests.rigs.weights import MOONSHINE_BASE_ES
from tests.servers.files import Answer
from tests.waiting import wait_until
from tray_dictate.engine.catalogue import find

pytestmark = [pytest.mark.weights, pytest.mark.timeout(240)]
SPANISH, ENGLISH = find("moonshine-base-es"), find("moonshine-base-en")
GET = "Get a model for …"
HELD = 30_000_000  # bytes of the second file
ONE_FILE = SPANISH.files[0].size * 100 // SPANISH.size  # per cent


@dataclass(frozen=True)
class Home:
    """A desktop with a daemon, its menu, and the mirrors of the catalogue."""

    session: Session
    daemon: Daemon
    menu: OpenMenu
    mirrors: Mirrors

    def settings(self) -> str:
        path = Path(self.session.env["XDG_CONFIG_HOME"]) / "tray_dictate" / "config.toml"
        return path.read_text() if path.exists() else ""

    def told(self, message: str) -> None:
        """Wait until the user is told this."""
        self.daemon.wait_log(lambda line: "app.notices: " in line and message in line, 60)

    def wait_line(self, label: str) -> None:
        """Wait until the menu has a line that begins like this."""

        def found() -> bool:
            return any(line.startswith(label) for line in self.menu.labels())

        wait_until(found, 20, f"{label!r} in the menu")

    def percent(self) -> int:
        """Return how much of a download is there, as the menu says it; -1 if it does not."""
        lines = " ".join(self.menu.labels())
        found = re.search(rf"Stop download \({SPANISH.title}, (\d+) %\)", lines)
        return int(found[1]) if found else -1

    def dictate(self, wav: Path) -> str:
        """Speak a file; return the text of it."""
        self.session.run("tray-dictate", "start")
        self.daemon.wait_log("first sample")
        self.session.play_whole(wav)
        self.session.run("tray-dictate", "stop")
        settled(self.daemon)
        [line] = self.session.run("tray-dictate", "history", "--json").splitlines()
        return json.loads(line)["text"]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(lambda: Sway(tray=True, notifications=True, sound=True), id="sway"),
        pytest.param(lambda: KWin(sound=True), id="kwin", marks=pytest.mark.kwin),
    ],
)
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """One daemon on each desktop."""
    with (
        request.param() as session,
        mirrors(tmp_path_factory.mktemp("mirrors")) as known,
        OpenMenu(session) as menu,
        session.daemon(env=known.env) as daemon,
    ):
        daemon.wait_log("The icon is registered")
        yield Home(session, daemon, menu, known)


def test_why_a_download_fails_is_told_and_it_can_be_begun_again(home: Home) -> None:
    english = (GET, "More accurate English", f"{ENGLISH.title} (63 MB, MIT)")
    home.menu.click(*english)
    home.told(
        f"The download of {ENGLISH.name} failed: encoder_model.onnx could not be downloaded: "
        "huggingface.co answered with status 404; "
    )
    home.told("unpkg.com answered with status 404. Update tray_dictate, a newer ")
    home.wait_line(GET)
    asked = len(home.mirrors.server.seen)
    assert asked == len(ENGLISH.files[0].urls)
    home.menu.click(*english)
    wait_until(lambda: len(home.mirrors.server.seen) == 2 * asked, 20, "it is tried again")
    home.wait_line(GET)


def test_a_language_is_got_stopped_and_continued_by_the_menu_and_understood(
    home: Home, wavs: Path
) -> None:
    menu, known = home.menu, home.mirrors
    known.serve(SPANISH, MOONSHINE_BASE_ES, Answer(hold=HELD))
    assert menu.labels("Language") == ["English"]
    assert "Offline model" not in menu.labels()
    got = (GET, "Spanish", SPANISH.title)
    *terms, accept = menu.labels(*got)
    assert " ".join(terms) == SPANISH.terms
    menu.click(*got, accept)
    assert known.server.held.wait(20)
    wait_until(lambda: home.percent() >= ONE_FILE, 20, "the first file in the menu")
    assert GET not in menu.labels(), "one at a time"
    menu.click("Stop download")
    home.told(f"The download of {SPANISH.name} was stopped.")
    known.server.go_on.set()
    home.wait_line(GET)
    menu.click(*got, accept)
    home.told(f"{SPANISH.name} is installed.")
    [whole, [first, rest]] = known.starts(SPANISH)
    assert whole == [0]
    assert first == 0 < rest <= HELD
    home.wait_line("Offline model")
    assert menu.labels("Offline model") == ["The best for the language", SPANISH.name]
    assert [(line.label, line.chosen) for line in menu.lines("Language")] == [
        ("English", True), ("Spanish", False),
    ]  # fmt: skip
    assert SPANISH.title not in " ".join(menu.labels(GET, "Spanish")), "it is there already"
    menu.click("Language", "Spanish")
    wait_until(lambda: 'languages = ["es"]' in home.settings(), 20, "the change in config.toml")
    home.daemon.wait_log("settings changed: engine.languages", 30)
    assert f"({SPANISH.name})" in home.session.run("tray-dictate", "status")
    sound = speech.resampled(*speech.spanish(), RATE)
    wav = wavs / "spanish.wav"
    soundfile.write(wav, np.append(sound, np.zeros(RATE // 5, np.float32)), RATE)
    assert errors(speech.SPANISH, home.dictate(wav)) <= 0.25
