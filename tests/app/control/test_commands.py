"""The commands on a whole daemon of fakes, through a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon_rig import Rig, recorded
from tests.engine.installed import InstalledModels
from tests.rigs.weights import MOONSHINE_BASE
from tests.waiting import until
from tray_dictate import __version__
from tray_dictate.app.control import client
from tray_dictate.app.control.commands import ControlCommands
from tray_dictate.app.control.server import ControlServer
from tray_dictate.audio.devices import Picked, Source, pick
from tray_dictate.core.dictation import Enable, Status
from tray_dictate.core.errors import CaptureError, ConfigError, ControlError, UnavailableError
from tray_dictate.core.keys.desktop_shortcuts import REPEATING

ROOT = Path(__file__).parents[3]


class Served:
    """A daemon that can be asked."""

    def __init__(self, rig: Rig, patience: float) -> None:
        self.rig, self.daemon = rig, rig.daemon
        self.quits, self.reloaded = 0, "The settings have not changed."
        self.headset = Source("Headset", default=True, device=0)
        self.away = ""  # what is wrong with the sound server
        self.looks = 0
        self.may_reload = asyncio.Event()
        self.may_reload.set()
        self.renewals, self.refuses_renewal = 0, ""
        models = InstalledModels(rig.history.folder / "models")
        self.commands = ControlCommands(
            rig.daemon, rig.parts, self, rig.notices, devices=self, models=models, menu=self,
            patience=patience,
        )  # fmt: skip
        self.server = ControlServer(self.commands.handlers())

    # for DeviceList

    async def pick(self, wanted: str) -> Picked:
        if self.away:
            raise CaptureError(self.away)
        return pick([self.headset], wanted)

    # for TrayCommands

    def refresh(self) -> None:
        self.looks += 1

    def quit(self) -> None:
        self.quits += 1

    # for LiveConfig

    async def reload(self) -> str:
        await self.may_reload.wait()
        if not self.reloaded:
            raise ConfigError(["hotkey.keys: unknown key 'f99'"])
        return self.reloaded

    async def renew_engine(self) -> None:
        self.renewals += 1
        if self.refuses_renewal:
            raise UnavailableError(self.refuses_renewal)

    async def ask(self, command: str) -> dict:
        return await asyncio.to_thread(client.send, command)

    async def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "tray_dictate", *words], capture_output=True,
            text=True, check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    @property
    def status(self) -> Status:
        return self.daemon.status


@pytest.fixture
def patience() -> float:
    """For how many seconds a reload is waited for."""
    return 14


@pytest.fixture
async def served(tmp_path_factory, monkeypatch, patience):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    rig = Rig()
    await rig.daemon.start()
    served = Served(rig, patience)
    await served.server.start()
    yield served
    await served.server.close()
    await rig.stop()


async def test_start_and_stop_can_be_said_twice(served):
    for _ in range(2):
        assert await served.ask("start") == {}
        assert served.status in (Status.OPENING, Status.RECORDING)
    await served.rig.say("hi all")
    for _ in range(2):
        assert await served.ask("stop") == {}
    await served.rig.idle()
    assert served.rig.output.text == "hi all"
    assert len(served.rig.microphone.captures) == 1


async def test_a_tap_whose_release_comes_first_records_nothing(served):
    await served.ask("stop")
    assert "a stop came a moment ago" in (await served.ask("start"))["message"]
    assert served.status is Status.IDLE
    await served.ask("start")
    assert served.status is Status.OPENING
    await served.ask("cancel")


async def test_where_no_release_was_told_the_next_press_ends_it(served):
    await served.ask("start")
    await served.rig.say("hi all")
    await asyncio.sleep(REPEATING)
    assert await served.ask("start") == {}
    await served.rig.idle()
    assert served.rig.output.text == "hi all"


async def test_a_toggle_of_a_key_that_is_held_counts_once(served):
    await served.ask("toggle")
    for _ in range(5):
        assert "the key seems to be held down" in (await served.ask("toggle"))["message"]
    assert served.status in (Status.OPENING, Status.RECORDING)
    assert len(served.rig.microphone.captures) == 1
    await served.ask("cancel")
    assert served.status is Status.IDLE


async def test_when_dictation_is_off_it_says_so(served):
    served.daemon.post(Enable(False))
    for command in ("start", "toggle"):
        with pytest.raises(ControlError, match=r"Dictation is off\. Turn it on"):
            await served.ask(command)
    assert await served.ask("stop") == {}


async def test_status_is_a_table_for_people(served):
    done = await served.cli("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"""Status:      ready \(since \d\d:\d\d:\d\d\)
To dictate:  hold [Rr]ight Ctrl and speak
Engine:      Offline, on this computer \(Moonshine tiny, English\)
Microphone:  Headset \(the system's default\)
Output:      Automatic
Version:     [\d.]+, running since \d{4}-\d\d-\d\d \d\d:\d\d
""",
        done.stdout,
    ), done.stdout
    served.away = "The sound server is away."
    assert "Microphone:  The sound server is away.\n" in (await served.cli("status")).stdout


async def test_status_tells_of_an_open_microphone_where_nothing_is_recorded(served):
    microphone = served.rig.microphone
    microphone.is_open = True
    microphone.open_changed.emit()
    await until(lambda: served.rig.tray.listening)
    assert "ready; microphone: open (since" in (await served.cli("status")).stdout
    assert json.loads((await served.cli("status", "--json")).stdout)["microphone_open"] is True
    microphone.is_open = False
    microphone.open_changed.emit()
    assert not served.rig.tray.listening
    assert "microphone: open" not in (await served.cli("status")).stdout


async def test_status_is_json_for_programs(served):
    report = json.loads((await served.cli("status", "--json")).stdout)
    assert report["status"] == "idle"
    assert report["version"] == __version__
    assert report["pid"] == os.getpid()
    assert {"since", "started", "hotkey", "mode", "engine", "microphone", "output"} <= set(report)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]", report["since"])


@pytest.fixture
async def follower(served):
    started = []

    async def follow(*words: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tray_dictate", "status", "--follow", *words,
            stdout=-1, stderr=-1, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        started.append(process)
        return process

    yield follow
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_follower_is_told_of_every_change_and_of_the_end(served, follower):
    following = await follower("--json")

    async def told() -> str:
        async with asyncio.timeout(30):
            return json.loads(await following.stdout.readline())["status"]

    assert await told() == "idle"
    served.rig.press()
    assert await told() == "opening"
    await served.rig.say("hi all")
    assert await told() == "recording"
    await asyncio.sleep(0.5)  # longer than a tap
    served.rig.release()
    assert await told() == "transcribing"
    assert await told() == "idle"
    await served.server.close()
    out, err = await asyncio.wait_for(following.communicate(), 30)
    assert (out, err, following.returncode) == (b'{"status": "not running"}\n', b"", 0)


async def test_a_follower_may_leave_and_nobody_notices(served, follower):
    following = await follower()
    line = await asyncio.wait_for(following.stdout.readline(), 30)
    assert re.fullmatch(rb"\d\d:\d\d:\d\d  ready\n", line)
    followers = served.daemon.publisher.status_changed._subscribers
    assert len(followers) == 2, "the tray is one"
    following.send_signal(2)
    out, err = await asyncio.wait_for(following.communicate(), 30)
    assert (out, err, following.returncode) == (b"", b"", 0)
    await until(lambda: len(followers) == 1, 10)


async def test_without_a_daemon_the_status_says_so(served):
    await served.server.close()
    done = await served.cli("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not running. Start it with" in done.stderr
    done = await served.cli("status", "--json", "--follow")
    assert (done.returncode, done.stdout, done.stderr) == (1, '{"status": "not running"}\n', "")


async def test_reload_says_what_has_changed_or_what_is_wrong(served):
    assert (await served.cli("reload")).stdout == "The settings have not changed.\n"
    served.reloaded = ""
    done = await served.cli("reload")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tray-dictate: hotkey.keys: unknown key 'f99'\n"


async def test_a_reload_in_mid_dictation_says_at_once_when_it_takes_effect(served):
    served.may_reload.clear()
    served.rig.press()
    await served.rig.say("Good morning")
    done = await served.cli("reload")
    said = "The changes take effect when the dictation ends. If they cannot, a message says why.\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    served.reloaded = ""
    served.rig.release()
    await served.rig.idle()
    served.may_reload.set()
    await until(lambda: any("f99" in said for said in served.rig.tray.said))
    assert served.rig.tray.said[-1].startswith("Your previous settings stay in effect. ")


@pytest.mark.parametrize("patience", [0.1])
async def test_a_reload_that_takes_long_is_not_waited_for_until_the_client_gives_up(served):
    served.may_reload.clear()
    done = await served.cli("reload")
    assert done.stdout.startswith("The changes take effect when the new engine is ready.")


async def test_a_reload_that_loads_an_engine_is_waited_for(served):
    served.may_reload.clear()
    asyncio.get_running_loop().call_later(1.3, served.may_reload.set)
    assert (await served.ask("reload"))["message"] == served.reloaded, "an engine has loaded"


async def test_a_cleared_history_is_forgotten_by_the_daemon_too(served, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    served.rig.press()
    await served.rig.say("Good morning")
    served.rig.release()
    await served.rig.idle()
    await recorded(served.rig)
    done = await served.cli("history", "clear", "--yes")
    assert (done.returncode, done.stdout, done.stderr) == (0, "The history is empty.\n", "")
    assert await served.rig.history.last() == []
    assert served.looks == 1, "the menu lists it no more"
    for command in ("redo", "undo", "copy"):
        with pytest.raises(ControlError, match=r"[Nn]othing"):
            await served.ask(command)
    await served.server.close()
    done = await served.cli("history", "clear", "--yes")
    assert (done.returncode, done.stderr) == (0, ""), "it needs no daemon"


async def test_a_daemon_that_cannot_forget_is_named_with_what_helps(served, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    del served.server._handlers["forget"]  # as of an older version
    done = await served.cli("history", "clear", "--yes")
    assert (done.returncode, done.stdout) == (1, "The history is empty.\n")
    assert "still holds your last dictations: The daemon knows no command 'forget'" in done.stderr
    assert "tray-dictate quit" in done.stderr


async def test_quit_returns_when_the_lock_is_free(served):
    done = await served.cli("quit")  # nobody holds the lock of this session
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert served.quits == 1


async def test_a_second_one_makes_the_first_show_itself(served):
    message = (await served.ask("show"))["message"]
    assert re.fullmatch(r"Dictation is already running: hold [Rr]ight Ctrl and speak\.", message)
    assert served.rig.tray.said[-1] == message
    served.daemon.post(Enable(False))
    assert "already running, but off: Turn it on" in (await served.ask("show"))["message"]


async def test_a_model_that_was_installed_is_used_by_the_daemon(served):
    assert await served.ask("models") == {}
    await until(lambda: served.renewals == 1)
    served.refuses_renewal = "The model is broken."
    await served.ask("models")
    await until(lambda: served.rig.tray.said == ["The model is broken."])


@pytest.mark.weights
async def test_the_daemon_hears_of_a_model_that_a_command_has_installed(
    served, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shutil.copytree(MOONSHINE_BASE, tmp_path / "tray_dictate" / "models" / MOONSHINE_BASE.name)
    done = await served.cli("models", "get", MOONSHINE_BASE.name)
    assert done.returncode == 0, done.stderr
    await until(lambda: served.renewals == 1)
