"""Start at login, by the programs that start a session's own: XFCE's, and the user's systemd."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.daemon import READY, ROOT
from tests.rigs.processes import marked
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

SESSION = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-session" version="1.0">
  <property name="general" type="empty">
    <property name="FailsafeSessionName" type="string" value="Failsafe"/>
    <property name="SaveOnExit" type="bool" value="false"/>
  </property>
  <property name="sessions" type="empty">
    <property name="Failsafe" type="empty">
      <property name="IsFailsafe" type="bool" value="true"/>
      <property name="Count" type="int" value="1"/>
      <property name="Client0_Command" type="array">
        <value type="string" value="true"/>
      </property>
      <property name="Client0_PerScreen" type="bool" value="false"/>
    </property>
  </property>
</channel>
"""
WITNESS = "[Desktop Entry]\nType=Application\nName=Witness\nExec=touch {}\n"


@pytest.fixture(scope="module")
def session() -> Iterator[Desktop]:
    """A desktop whose session may start programs; ours runs from the checkout."""
    with Desktop() as desktop:
        desktop.env["PYTHONPATH"] = str(ROOT)
        channels = Path(desktop.env["XDG_CONFIG_HOME"], "xfce4/xfconf/xfce-perchannel-xml")
        (channels / "xfce4-session.xml").write_text(SESSION)
        yield desktop


def autostart(desktop: Desktop, *words: str) -> str:
    return desktop.run(sys.executable, "-m", "tray_dictate", "autostart", *words, timeout=60)


def daemons(desktop: Desktop) -> list[int]:
    return [pid for pid in marked(desktop.env["RIG_ID"]) if is_daemon(words_of(pid))]


def is_daemon(words: list[str]) -> bool:
    """Whether started by the installed command or by `python -m`."""
    named = words[1:4] in (["-P", "-m", "tray_dictate"], ["-m", "tray_dictate", *words[3:4]])
    installed = any(Path(word).name == "tray-dictate" for word in words[:2])
    return (named or installed) and words[-1] == "run"


def words_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


def log(desktop: Desktop) -> str:
    found = Path(desktop.env["XDG_STATE_HOME"]).rglob("tray_dictate.log")
    return "".join(path.read_text() for path in found)


def ready(desktop: Desktop, times: int = 1) -> bool:
    return log(desktop).count(f"daemon: {READY}") >= times


def log_in(desktop: Desktop) -> subprocess.Popen[bytes]:
    """Start XFCE's session, and return when it has started what it starts."""
    seen = desktop.folder / "witness"
    seen.unlink(missing_ok=True)
    entry = Path(desktop.env["XDG_CONFIG_HOME"], "autostart/witness.desktop")
    entry.parent.mkdir(exist_ok=True)
    entry.write_text(WITNESS.format(seen))
    running = desktop.processes.start("session", ["xfce4-session"])
    desktop.processes.wait_for("session", running, seen.exists, 60)
    return running


def test_a_session_starts_the_daemon_while_that_is_enabled_and_only_one(session: Desktop) -> None:
    assert "starts at login" in autostart(session, "enable")
    running = log_in(session)
    wait_until(lambda: ready(session), 60, "the daemon, which the session starts")
    (daemon,) = daemons(session)
    second = session.daemon(ready=None)
    assert second.process.wait(60) == 0
    assert daemons(session) == [daemon]

    os.kill(daemon, signal.SIGTERM)
    wait_until(lambda: not daemons(session), 30, "the daemon's end")
    session.processes.end(running)
    assert "does not start" in autostart(session, "disable")
    running = log_in(session)
    time.sleep(1)  # the witness need not be the last to be started
    assert daemons(session) == []
    assert log(session).count(f"daemon: {READY}") == 1
    session.processes.end(running)
