"""What the doctor says of the daemon, and of what starts it."""

from __future__ import annotations

import pytest

from tray_dictate import __version__
from tray_dictate.app.control import client
from tray_dictate.app.control.server import ControlServer
from tray_dictate.doctor import installation
from tray_dictate.system import autostart, threads


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path


@pytest.mark.parametrize(
    ("program", "state", "words"),
    [
        (__version__, "ok", "running (idle)"),
        ("0.0.1", "warning", f"tray_dictate 0.0.1 is running, but {__version__} is installed."),
        (None, "warning", "of an older version is running"),
    ],
)
async def test_a_daemon_of_another_version_is_to_be_started_again(program, state, words):
    async def status():
        return {"status": "idle", **({"program": program} if program else {})}

    server = ControlServer({"status": status})
    await server.start()
    try:
        [found] = await threads.run_in_thread(installation.check_daemon)
    finally:
        await server.close()
    assert (found.name, found.state, found.unit) == ("daemon", state, "ms")
    assert words in found.words
    assert bool(found.remedy) == (state == "warning")


async def test_a_daemon_that_says_no_has_failed():
    server = ControlServer({})
    await server.start()
    try:
        [found] = await threads.run_in_thread(installation.check_daemon)
    finally:
        await server.close()
    assert (found.state, bool(found.remedy)) == ("failed", True)


def test_no_daemon_is_no_failure():
    assert not installation.daemon_is_running()
    [found] = installation.check_daemon()
    assert found.state == "unchecked"


def test_an_entry_whose_program_is_gone_fails_and_one_that_is_off_does_not(home):
    assert [one.state for one in installation.check_autostart()] == ["ok"]
    entry = home / "config" / "autostart" / "tray-dictate.desktop"
    entry.parent.mkdir(parents=True)
    entry.write_text("[Desktop Entry]\nType=Application\nExec=/gone/tray-dictate run\n")
    [found] = installation.check_autostart()
    assert (found.name, found.state) == ("autostart", "failed")
    assert "/gone/tray-dictate is gone" in found.words
    assert "tray-dictate autostart enable" in found.remedy
    autostart.enable()
    [found] = installation.check_autostart()
    assert found.state == "ok"
    assert str(entry) in found.words


def test_the_words_for_no_daemon_are_those_that_it_is_known_by():
    with pytest.raises(client.ControlError, match="is not running"):
        client.send("status")
