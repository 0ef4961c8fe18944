"""Start at login: entries as other programs read them, and what becomes of them over the years."""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rigs import as_user
from tray_dictate.cli import main
from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import autostart
from tray_dictate.system.autostart import launchd, run_key, systemd, xdg
from tray_dictate.system.autostart.entry import Entry, program

NASTY = '/opt/it\'s a "test" $HOME `id` 100% \\new café/tray-dictate'
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1)
WINDOWS_PATHS = st.text("ab Z&%'()-\\", max_size=200).map("C:\\{}.exe".format)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, on a system without systemd."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def entry(home: Path) -> Path:
    return home / ".config/autostart/tray-dictate.desktop"


@pytest.fixture
def programs(tmp_path_factory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder of the PATH."""
    folder = tmp_path_factory.mktemp("programs")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def executable(path: Path, text: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# the user's view


def test_nothing_starts_at_login_until_it_is_asked_for():
    assert autostart.status() == autostart.Login(on=False)


def test_what_is_enabled_is_on_until_it_is_disabled(entry):
    autostart.enable()
    assert autostart.enabled()
    assert entry.is_file()
    autostart.disable()
    autostart.disable()
    assert not autostart.enabled()
    assert not entry.exists()


def test_the_command_says_what_it_did_and_status_is_an_exit_code(home):
    def run(action: str) -> tuple[int, str]:
        done = as_user.run(home, "autostart", action)
        assert done.stderr == ""
        return done.returncode, done.stdout

    path = f"{home}/.config/autostart/tray-dictate.desktop"
    assert run("status") == (1, "tray-dictate does not start at login.\n")
    assert run("enable") == (0, f"tray-dictate starts at login (autostart entry: {path}).\n")
    assert run("status")[0] == 0
    assert run("disable") == (0, "tray-dictate does not start at login.\n")


@pytest.mark.parametrize("switch", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktops_settings_switched_off_is_off_and_can_be_switched_on(entry, switch):
    autostart.enable()
    entry.write_text(entry.read_text() + switch + "\n")
    assert not autostart.enabled()
    assert str(autostart.status()).endswith(f"{entry} is switched off.")
    autostart.enable()
    assert autostart.enabled()


def test_an_entry_whose_program_is_gone_says_so_and_is_mended(entry, home, capsys):
    autostart.enable()
    moved = executable(home / "old place/tray-dictate")
    entry.write_text(xdg.render((str(moved), "run")))
    moved.unlink()
    assert main.main(["autostart", "status"]) == 1
    said = capsys.readouterr().out
    assert f"{moved} is gone or cannot be run. Run tray-dictate autostart enable." in said
    assert autostart.repair()
    assert autostart.status().command == program()
    assert autostart.status().problem == ""
    assert not autostart.repair()


def test_an_entry_of_another_installation_is_told_and_left_alone(entry, home):
    other = executable(home / "other/tray-dictate")
    autostart.enable()
    entry.write_text(xdg.render((str(other), "run")))
    assert not autostart.repair()
    now = autostart.status()
    assert now.command == (str(other), "run")
    assert f"Another installation starts: {other}." in now.problem
    assert not now.broken


def test_a_daemon_that_cannot_mend_its_entry_starts_all_the_same(entry, caplog):
    autostart.enable()
    entry.write_text(xdg.render(("/gone", "run")))
    autostart.repair_quietly()
    assert autostart.status().problem == ""
    entry.unlink()
    entry.mkdir()
    autostart.repair_quietly()
    assert "Cannot tell whether" in caplog.text


def test_nobody_who_switched_it_off_gets_it_mended(entry):
    autostart.enable()
    entry.write_text(xdg.render(("/gone", "run")) + "Hidden=true\n")
    assert not autostart.repair()
    assert not autostart.enabled()


@pytest.mark.parametrize("written", ["", "what is this?", "[Desktop Entry]\nExec=\n"])
def test_an_entry_that_nobody_can_read_is_mended(entry, written):
    autostart.enable()
    entry.write_text(written)
    assert autostart.status().problem == (
        "The entry names no program. Run tray-dictate autostart enable."
    )
    assert autostart.repair()
    assert autostart.status().problem == ""


def test_a_linked_entry_stays_a_link(entry, home):
    kept = home / "dotfiles/mine.desktop"
    kept.parent.mkdir()
    kept.touch()
    entry.parent.mkdir(parents=True)
    entry.symlink_to(kept)
    autostart.enable()
    assert entry.is_symlink()
    assert "Exec=" in kept.read_text()


def test_a_folder_that_cannot_be_made_is_named(home, capsys):
    (home / ".config").write_text("a file")
    assert main.main(["autostart", "enable"]) == 1
    said = capsys.readouterr().err
    assert f"Could not change start at login: {home}/.config" in said
    assert "Make it writable for you" in said


def test_a_full_disk_leaves_the_old_entry_whole(entry, home):
    autostart.enable()
    was = entry.read_text()
    script = (  # a limit on the size of files is how a process has a full disk of its own
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "from tray_dictate.cli.main import main; raise SystemExit(main(['autostart', 'enable']))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], env=as_user.environment(home),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"Could not change start at login: {entry}: File too large." in done.stderr
    assert entry.read_text() == was
    assert list(entry.parent.iterdir()) == [entry]


def test_without_a_systemd_session_the_service_is_refused_with_a_remedy(home, entry, capsys):
    autostart.enable()
    assert main.main(["autostart", "enable", "--systemd"]) == 1
    assert "leave out --systemd" in capsys.readouterr().err
    assert entry.exists(), "what worked still works"
    assert not (home / ".config/systemd").exists()


def systemctl(programs: Path, *, active: str) -> None:
    """A systemd with these units active, and that does as it is told."""
    script = f'[ "$2" != is-active ] || case " {active} " in *" $4 "*) ;; *) exit 3 ;; esac'
    executable(programs / "systemctl", script)


def test_a_service_that_runs_keeps_its_unit_so_that_it_ends_with_its_session(home, programs):
    systemctl(programs, active="graphical-session.target tray-dictate.service")
    autostart.enable(systemd=True)
    autostart.disable()
    unit = home / ".config/systemd/user/tray-dictate.service"
    assert unit.exists()
    assert not autostart.enabled()
    systemctl(programs, active="graphical-session.target")
    autostart.disable()
    assert not unit.exists()


def test_the_entry_and_the_service_are_never_both(home, entry, programs):
    systemctl(programs, active="graphical-session.target")
    unit = home / ".config/systemd/user/tray-dictate.service"
    link = unit.parent / "graphical-session.target.wants/tray-dictate.service"
    autostart.enable()
    autostart.enable(systemd=True)
    assert (entry.exists(), unit.exists(), link.exists()) == (False, True, True)
    assert autostart.status().backend == "systemd"
    autostart.enable()
    assert unit.exists(), "the tray's item keeps the way that was chosen"
    autostart.enable(systemd=False)
    assert (entry.exists(), unit.exists(), link.is_symlink()) == (True, False, False)


# as the programs that honour an entry read it


def test_the_desktops_own_library_starts_the_program_of_a_nasty_path(tmp_path):
    told = tmp_path / "told"
    path = tmp_path / NASTY.removeprefix("/").replace("%", "")  # GLib itself looks for "100%%"
    program = executable(path, f'printf "%s\\n" "$0" "$@" > "{told}"')
    desktop = tmp_path / "x.desktop"
    desktop.write_text(xdg.render((str(program), "run", "a b%f")))
    launch = (
        "import os, sys; from gi.repository import Gio, GLib;"
        "Gio.DesktopAppInfo.new_from_filename(sys.argv[1]).launch_uris_as_manager("
        "[], None, GLib.SpawnFlags.DO_NOT_REAP_CHILD, None, None,"
        "lambda app, pid, *_: os.waitpid(pid, 0), None)"
    )
    # GTK's Python is the system's
    subprocess.run(["/usr/bin/python3", "-c", launch, str(desktop)], check=True, timeout=60)
    assert told.read_text().splitlines() == [str(program), "run", "a b%f"]


def test_systemd_finds_nothing_wrong_with_the_unit_of_a_nasty_path(tmp_path):
    program = executable(tmp_path / "a $HOME `id` 100% n\u00e9w/tray-dictate")
    unit = tmp_path / "tray-dictate.service"
    unit.write_text(systemd.render((str(program), "run")))
    verify = ["systemd-analyze", "verify", "--user", str(unit)]
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(verify, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    program.unlink()  # it looks, and unescapes what it looks for
    done = subprocess.run(verify, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert f"Command {program} is not executable" in done.stderr


@pytest.mark.parametrize("path", ["/it's/x", '/a "b"/x', "/a\\b/x"])
def test_a_path_that_systemd_refuses_is_refused_at_once(path):
    with pytest.raises(UnavailableError, match="leave out --systemd"):
        systemd.render((path, "run"))


def test_a_service_that_has_no_use_is_not_started_for_ever():
    unit = systemd.render(("/usr/$x/tray-dictate", "run"))
    assert 'ExecStart=:"/usr/$x/tray-dictate" "run"' in unit, "the colon: $x is no variable"
    assert "Restart=on-failure" in unit
    assert "RestartPreventExitStatus=2\n" in unit
    assert "StartLimitBurst=5" in unit


def test_systemd_leaves_alone_what_keeps_the_clipboard_when_the_daemon_has_ended():
    assert "\nKillMode=process\n" in systemd.render(("/x", "run"))


def test_the_property_list_is_one_and_names_the_program():
    agent = plistlib.loads(launchd.render((NASTY, "run")).encode())
    assert agent["ProgramArguments"] == [NASTY, "run"]
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_a_launch_agent_lives_in_the_users_library(home, programs):
    said = programs / "said"
    executable(programs / "launchctl", f'echo "$@" >> {said}')
    agent = launchd.LaunchAgent()
    assert agent.read() is None
    agent.write(("/a b/tray-dictate", "run"))
    path = home / "Library/LaunchAgents/org.tray-dictate.daemon.plist"
    assert agent.read() == Entry(str(path), ("/a b/tray-dictate", "run"), on=True)
    assert f"enable gui/{os.getuid()}/org.tray-dictate.daemon" in said.read_text()
    agent.remove()
    agent.remove()
    assert not path.exists()
    assert "bootout" not in said.read_text(), "that would end the daemon that runs"


@pytest.mark.parametrize(
    ("printed", "off"),
    [
        ('\t\t"org.tray-dictate.daemon" => disabled\n', True),
        ('\t\t"org.tray-dictate.daemon" => true\n', True),
        ('\t\t"org.tray-dictate.daemon" => enabled\n', False),
        ('\t\t"org.another" => disabled\n', False),
        ("", False),
    ],
    ids=["disabled", "as older systems say it", "enabled", "another's", "nothing"],
)
def test_what_launchctl_says_of_it_counts(printed, off):
    assert launchd.switched_off(printed) is off


@pytest.mark.parametrize("written", [b"", b"<plist", b"<plist><array/></plist>", b"\xff"])
def test_a_property_list_that_nobody_can_read_starts_nothing(written):
    assert launchd.parse(written) == ()


def test_the_value_of_the_run_key_is_quoted_as_windows_does():
    program = r"C:\Users\Ann Lee\AppData\Local\tray_dictate\venv\Scripts\pythonw.exe"
    assert run_key.render((program, "-m", "tray_dictate", "run")) == (
        f'"{program}" -m tray_dictate run'
    )


def test_a_command_too_long_for_windows_is_refused_not_cut():
    with pytest.raises(UnavailableError, match="more than 260 characters"):
        run_key.render(("C:\\" + "long\\" * 60 + "pythonw.exe", "run"))


@pytest.mark.parametrize(
    ("approved", "off"),
    [(None, False), (b"\x02" + bytes(11), False), (b"\x03" + bytes(11), True), (b"", False)],
    ids=["no note", "on", "off", "an empty note"],
)
def test_what_the_task_manager_switched_off_is_off(approved, off):
    assert run_key.switched_off(approved) is off


# what is written is what is read


@given(st.lists(WORDS, min_size=1))
def test_an_entry_is_read_as_it_was_written(words):
    command = tuple(words)
    read = xdg.parse(xdg.render(command), "here")
    assert read == Entry("here", command, on=True)


@given(st.lists(WORDS))
def test_a_unit_is_read_as_it_was_written(words):
    command = ("/usr/bin/x", *words)
    assert systemd.parse(systemd.render(command)) == command


@given(st.lists(WORDS, min_size=1))
def test_a_property_list_is_read_as_it_was_written(words):
    assert launchd.parse(launchd.render(tuple(words)).encode()) == tuple(words)


@given(WINDOWS_PATHS)
def test_a_run_key_is_read_as_it_was_written(path):
    command = (path, "-m", "tray_dictate", "run")
    assert run_key.parse(run_key.render(command)) == command
