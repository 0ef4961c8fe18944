"""Our folders, beside another user who was there first, and whatever the umask is."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tray_dictate.app import main
from tray_dictate.app.control import client
from tray_dictate.app.control.server import ControlServer
from tray_dictate.core.errors import ControlError
from tray_dictate.system import files

NOBODY = 65534
ROOT = Path(__file__).parents[2]
MAKE_ALL = """
import os
os.umask(0)
from tray_dictate.system.autostart import xdg as autostart_xdg
from tray_dictate.config import edit as config_edit
from tray_dictate.system import logs as log
from tray_dictate.app import main as only_one
from tray_dictate.system import files as paths
from tray_dictate.history import recordings as kept
from tray_dictate.app.control.unix import UnixListener
from tray_dictate.history.entries import Entry, History
from tray_dictate.history.statistics import Stats
log.start("info")
history = History()
history.add(Entry(0, 1.0, "words", "words", "delivered", "editor"))
history.close()
stats = Stats()
stats.sent("2026-11")
stats.close()
kept.save(bytes(3200), 16000, "no engine", [])
lock = only_one.only_one()
UnixListener().open()
config_edit.write(paths.config_file(), "[log]\\n", "")
autostart_xdg.DesktopEntry().write(("tray-dictate", "run"))
os._exit(0)
"""
two_users = pytest.mark.skipif(os.getuid() != 0, reason="needs a second user")


@pytest.fixture(autouse=True)
def home(monkeypatch) -> Iterator[Path]:
    """A home without any folder; its path can be passed by others and is short for a socket."""
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("HOME", folder)
        yield Path(folder)


@pytest.fixture
def shared(monkeypatch) -> Iterator[Path]:
    """Where everybody may make something, as in /tmp."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


def as_nobody(*words: str | Path) -> None:
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    subprocess.run([*become, *words], check=True)


@two_users
@pytest.mark.parametrize("variable", ["XDG_RUNTIME_DIR", "TMPDIR"])
@pytest.mark.parametrize("what", ["folder", "open folder", "link"])
async def test_a_folder_that_another_user_has_made_is_not_used(
    home, shared, monkeypatch, variable, what
):
    monkeypatch.setenv(variable, str(shared))
    name = "tray_dictate" if variable == "XDG_RUNTIME_DIR" else f"tray_dictate-{os.getuid()}"
    precious = home / "precious"
    precious.write_text("precious")
    if what == "link":
        as_nobody("ln", "-s", home, shared / name)
    else:
        as_nobody("mkdir", "-m", "755" if what == "folder" else "777", shared / name)
        as_nobody("ln", "-s", precious, shared / name / "tray_dictate.lock")
        as_nobody("ln", "-s", precious, shared / name / "control.sock.lock")
    lock = main.only_one()

    async def start() -> dict[str, str]:
        return {"message": "served"}

    server = ControlServer({"start": start})
    await server.start()
    try:
        answer = await asyncio.to_thread(client.send, "start")
    finally:
        await server.close()
        lock.release()
    assert answer == {"message": "served"}
    assert precious.read_text() == "precious"
    assert (home / ".local/state/tray_dictate/control.sock.lock").exists()


@two_users
def test_what_another_user_has_made_in_our_place_is_refused_and_said(shared):
    for name in ("folder", "link"):
        folder = shared / name
        as_nobody(*(["mkdir", folder] if name == "folder" else ["ln", "-s", "/root", folder]))
        with pytest.raises(PermissionError, match=r"another user|a link that others can make"):
            files.private_folder(folder)
    as_nobody("mkdir", "-m", "777", shared / "above")
    files.make_folder(shared / "above" / "below")
    assert files.private_folder(shared / "above" / "below").is_dir()


def test_a_folder_that_others_could_write_in_a_shared_place_is_refused(shared):
    folder = shared / "tray_dictate"
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(PermissionError, match="other users may write into it"):
        files.private_folder(folder)


def test_our_own_folder_that_an_older_version_left_open_is_closed(home):
    folder = home / ".local/share/tray_dictate/kept"
    folder.mkdir(parents=True)
    for one in (folder, folder.parent):
        one.chmod(0o777)
    folder.parents[1].chmod(0o775)  # as umask 002 makes it
    home.chmod(0o700)
    files.private_folder(files.kept_audio())
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent)} == {0o700}
    assert stat.S_IMODE(folder.parents[1].stat().st_mode) & 0o777 != 0o700, "that is not ours"


def test_the_users_own_link_to_another_disk_is_followed(home):
    disk, link = home / "disk", home / "link"
    disk.mkdir()
    link.symlink_to(disk)
    home.chmod(0o700)
    assert files.private_folder(link) == link
    assert stat.S_IMODE(disk.stat().st_mode) == 0o700


def test_whatever_the_umask_nothing_of_ours_is_open_to_others(home):
    subprocess.run(
        [sys.executable, "-c", MAKE_ALL], check=True, stderr=subprocess.DEVNULL, timeout=60,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
             "TMPDIR": str(home)},
    )  # fmt: skip
    found = {str(path.relative_to(home)): stat.S_IMODE(path.lstat().st_mode)
             for path in home.rglob("*")}  # fmt: skip
    entry = ".config/autostart/tray-dictate.desktop"  # the session reads it
    assert found.pop(entry) == 0o644
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}
    assert sum("tray_dictate" in name for name in found) > 10


async def test_without_a_daemon_there_is_one_sentence_wherever_the_socket_may_be(
    home, shared, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(shared))
    with pytest.raises(ControlError, match="not running"):
        client.send("start")
