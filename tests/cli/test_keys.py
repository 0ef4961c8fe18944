"""`tray-dictate key` as a user runs it: a process of its own, a keyring of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rigs import commands

ROOT = Path(__file__).parents[2]
KEY = "sk-this-is-the-secret-0123456789"
KEYRINGS = "tests.rigs.keyrings"
AZURE = ("--set", "engine.name=azure")


class Cli:
    def __init__(self, home: Path, backend: str = f"{KEYRINGS}.FileKeyring", **more: str) -> None:
        self.kept = home / "keyring.json"
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT),
            "TEST_KEYRING": str(self.kept), "PYTHON_KEYRING_BACKEND": backend,
            "LC_ALL": "C.UTF-8", **more,
        }  # fmt: skip

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "tray_dictate", "key", *args]

    def __call__(
        self, *args: str, typed: str | bytes = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        given = typed.encode() if isinstance(typed, str) else typed
        done = commands.run(["key", *args], {**self.env, **env}, cwd=self.env["HOME"], typed=given)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err
        assert KEY not in out + err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)


@pytest.fixture
def key(tmp_path):
    return Cli(tmp_path)


def kept(key):
    return json.loads(key.kept.read_text())


def test_a_key_is_set_tested_and_forgotten(key):
    done = key("set", *AZURE, typed=f"{KEY}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The key for azure is in the keyring (32 characters).\n"
    assert kept(key) == {"tray_dictate/azure": KEY}

    done = key("test", *AZURE)
    assert done.returncode == 0
    assert done.stdout.startswith("The key for azure comes from the keyring (32 characters).")
    assert "tray-dictate doctor engine --live" in done.stdout

    done = key("forget", *AZURE)
    assert (done.returncode, kept(key)) == (0, {})
    assert done.stdout == "The key for azure is no longer in the keyring.\n"

    done = key("test", *AZURE)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the keyring has none" in done.stderr
    assert "tray-dictate key set" in done.stderr


def test_each_engine_has_a_key_of_its_own(key):
    key("set", *AZURE, typed="first\n")
    key("set", "--set", "engine.name=openai", typed="second\n")
    key("set", *AZURE, typed="third\n")
    assert kept(key) == {"tray_dictate/azure": "third", "tray_dictate/openai": "second"}
    key("forget", *AZURE)
    assert kept(key) == {"tray_dictate/openai": "second"}


def test_the_engine_comes_from_the_settings_file(key, tmp_path):
    (tmp_path / "own.toml").write_text('[engine]\nname = "vllm"\n')
    key("set", "--config", "own.toml", typed=KEY)
    assert kept(key) == {"tray_dictate/vllm": KEY}


def test_of_stdin_the_first_line_is_the_key_without_what_surrounds_it(key):
    key("set", *AZURE, typed=f"  {KEY} \r\nand a note\n")
    assert kept(key) == {"tray_dictate/azure": KEY}


@pytest.mark.parametrize("typed", ["", "\n", "  \n"], ids=ascii)
def test_no_key_is_an_error_and_the_stored_one_stays(key, typed):
    key("set", *AZURE, typed=KEY)
    done = key("set", *AZURE, typed=typed)
    assert (done.returncode, kept(key)) == (1, {"tray_dictate/azure": KEY})
    assert "No key was entered." in done.stderr


@pytest.mark.parametrize(
    "typed", [f"{KEY}\x07x", f"{KEY}é", f"{KEY}\0x", b"\xff\xfe" + KEY.encode()]
)
def test_a_key_that_no_header_can_carry_is_not_stored(key, typed):
    done = key("set", *AZURE, typed=typed)
    assert done.returncode == 1
    assert "cannot be sent" in done.stderr
    assert not key.kept.exists()


def test_a_key_is_never_an_argument(key):
    done = key("set", "secret-argument", *AZURE)
    assert done.returncode == 2
    assert not key.kept.exists()


@pytest.mark.parametrize("action", ["set", "test", "forget"])
def test_the_offline_engine_needs_none_and_the_way_to_choose_another_is_told(key, action):
    done = key(action, typed=KEY)
    assert done.returncode == 1
    assert "The offline engine needs no key" in done.stderr
    assert "--set engine.name=azure" in done.stderr
    assert not key.kept.exists()


def test_to_forget_what_is_not_there_is_an_error(key):
    done = key("forget", *AZURE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tray-dictate: There is no key for azure in the keyring.\n"


GOES_FIRST = [
    (("--set", 'engine.key_command=["echo"]'), {}, "engine.key_command takes precedence"),
    ((), {"AZURE_OPENAI_API_KEY": "x"}, "variable AZURE_OPENAI_API_KEY takes precedence"),
    (("--set", "engine.auth=entra"), {}, "engine.auth is entra: it is not used"),
    (("--set", "engine.auth=none"), {}, "engine.auth is none: it is not used"),
]


@pytest.mark.parametrize(("args", "env", "said"), GOES_FIRST, ids=[said for *_, said in GOES_FIRST])
def test_what_goes_before_the_stored_key_is_told(key, args, env, said):
    done = key("set", *AZURE, *args, typed=KEY, **env)
    assert done.returncode == 0
    assert said in done.stdout


def test_the_source_is_told_wherever_the_key_comes_from(key):
    done = key("test", *AZURE, AZURE_OPENAI_API_KEY=KEY)
    assert "comes from AZURE_OPENAI_API_KEY (32 characters)" in done.stdout
    command = [sys.executable, "-c", f"print('{KEY}')"]
    done = key("test", *AZURE, "--set", f"engine.key_command={json.dumps(command)}")
    assert "comes from engine.key_command (32 characters)" in done.stdout


def test_the_command_that_prints_the_key_cannot_read_our_stdin(key):
    command = [sys.executable, "-c", "import sys; print('x' * (1 + len(sys.stdin.read())))"]
    done = key("test", *AZURE, "--set", f"engine.key_command={json.dumps(command)}", typed="more")
    assert "(1 characters)" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"), [((), "none was found"), (("--set", "engine.auth=none"), "auth is none")]
)
def test_a_server_of_ones_own_without_a_key_fails_the_test(key, args, said):
    done = key("test", "--set", "engine.name=speaches", *args)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_the_rewrite_has_a_key_of_its_own_whatever_the_engine(key):
    done = key("set", "--for", "rewrite", typed=f"{KEY}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The key for the rewrite is in the keyring (32 characters).\n"
    assert kept(key) == {"tray_dictate/rewrite": KEY}

    done = key("test", "--for", "rewrite")
    assert done.stdout == "The key for the rewrite comes from the keyring (32 characters).\n"

    done = key("forget", "--for", "rewrite")
    assert done.stdout == "The key for the rewrite is no longer in the keyring.\n"
    assert kept(key) == {}

    done = key("test", "--for", "rewrite")
    assert (done.returncode, done.stdout) == (1, "")
    assert "tray-dictate key set --for rewrite" in done.stderr
    assert key("forget", "--for", "rewrite").returncode == 1


def test_no_key_for_the_rewrite_is_an_error_with_its_own_remedy(key):
    done = key("set", "--for", "rewrite", typed="\n")
    assert done.returncode == 1
    assert "tray-dictate key set --for rewrite < FILE" in done.stderr
    done = key("set", "--for", "rewrite", typed=f"{KEY}é")
    assert "cannot be sent" in done.stderr
    assert not key.kept.exists()


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (("--set", 'rewrite.key_command=["echo", "x"]'), {}, "rewrite.key_command"),
        ((), {"TRAY_DICTATE_REWRITE_KEY": "x"}, "TRAY_DICTATE_REWRITE_KEY"),
    ],
)
def test_what_goes_before_the_rewrites_stored_key_is_told_and_tested(key, args, env, said):
    done = key("set", "--for", "rewrite", *args, typed=KEY, **env)
    assert f"{said} takes precedence over it." in done.stdout
    done = key("test", "--for", "rewrite", *args, **env)
    assert done.stdout == f"The key for the rewrite comes from {said} (1 characters).\n"


@pytest.mark.parametrize("action", ["set", "forget"])
def test_without_a_keyring_the_ways_round_it_are_told(tmp_path, action):
    key = Cli(tmp_path, backend="keyring.backends.fail.Keyring")
    done = key(action, *AZURE, typed=KEY)
    assert (done.returncode, done.stdout) == (1, "")
    for word in ("no keyring", "gnome-keyring", "environment variable", "set key_command"):
        assert word in done.stderr


def test_a_keyring_that_is_not_installed_is_an_error_like_any_other(tmp_path):
    done = Cli(tmp_path, backend="nowhere.Keyring")("set", *AZURE, typed=KEY)
    assert done.returncode == 1
    assert "The keyring cannot be used: ModuleNotFoundError" in done.stderr


def test_a_keyring_that_keeps_nothing_is_found_out(tmp_path):
    done = Cli(tmp_path, backend="keyring.backends.null.Keyring")("set", *AZURE, typed=KEY)
    assert done.returncode == 1
    assert "did not keep the key" in done.stderr


def test_a_keyring_that_does_not_forget_is_found_out(tmp_path):
    key = Cli(tmp_path, backend=f"{KEYRINGS}.StubbornKeyring")
    key("set", *AZURE, typed=KEY)
    done = key("forget", *AZURE)
    assert done.returncode == 1
    assert "still in the keyring" in done.stderr


# --- at a terminal

at_a_terminal = pytest.mark.skipif(sys.platform != "linux", reason="setsid --ctty is Linux's")


class Terminal:
    """A terminal of its own with a program in it."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        import pty  # noqa: PLC0415 - Windows has none

        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command], stdin=slave, stdout=slave, stderr=slave,
            env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def read_until(self, text: str = "") -> None:
        """Read until the text is shown, or to the end."""
        end = time.monotonic() + 20
        while not text or text not in self.shown:
            assert time.monotonic() < end, self.shown
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._master, 4096).decode()
                except OSError:  # EIO: the program has ended
                    return


@at_a_terminal
def test_at_a_terminal_the_key_is_asked_for_once_and_not_shown(key):
    with Terminal(key.command("set", *AZURE), key.env) as terminal:
        terminal.read_until("Key for azure")
        terminal.type(f"{KEY}\n")
        terminal.read_until()
        assert terminal.process.wait(10) == 0
    assert KEY not in terminal.shown
    assert "in the keyring (32 characters)" in terminal.shown
    assert kept(key) == {"tray_dictate/azure": KEY}


@at_a_terminal
@pytest.mark.parametrize(("pressed", "code"), [("\x04", 1), ("\x03", 130)], ids=["end", "Ctrl+C"])
def test_at_a_terminal_the_question_can_be_left(key, pressed, code):
    with Terminal(key.command("set", *AZURE), key.env) as terminal:
        terminal.read_until("Key for azure")
        terminal.type(pressed)
        terminal.read_until()
        assert terminal.process.wait(10) == code
    assert "Traceback" not in terminal.shown
    assert not key.kept.exists()


# --- the real Secret Service


@pytest.fixture
def secret_service(tmp_path):
    """A private session bus, with GNOME's keyring unlocked on it."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    env = {**Cli(tmp_path).env, "XDG_RUNTIME_DIR": str(runtime), "G_MESSAGES_DEBUG": ""}
    for name in ("CONFIG", "DATA", "CACHE"):
        env[f"XDG_{name}_HOME"] = str(tmp_path / name.lower())
    del env["PYTHON_KEYRING_BACKEND"]
    (tmp_path / "bus.conf").write_text(
        f"<busconfig><type>session</type><listen>unix:path={runtime}/bus</listen>"
        '<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/>'
        '<allow own="*"/></policy></busconfig>'
    )  # without services: nothing is started that the test has not started
    env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime}/bus"
    bus = ["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork", "--print-address"]
    daemon = ["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"]
    quiet = {"stderr": subprocess.DEVNULL, "env": env}
    with subprocess.Popen(bus, stdout=subprocess.PIPE, **quiet) as the_bus:
        try:
            assert the_bus.stdout.readline()
            with subprocess.Popen(daemon, stdin=subprocess.PIPE, **quiet) as the_keyring:
                try:
                    the_keyring.stdin.write(b"\n")  # no password
                    the_keyring.stdin.close()
                    wait_for_name("org.freedesktop.secrets", env)
                    yield env
                finally:
                    the_keyring.terminate()
        finally:
            the_bus.terminate()


def wait_for_name(name: str, env: dict[str, str]) -> None:
    ask = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
           "org.freedesktop.DBus.NameHasOwner", f"string:{name}"]  # fmt: skip
    end = time.monotonic() + 10
    while b"true" not in subprocess.run(ask, env=env, capture_output=True, check=False).stdout:
        assert time.monotonic() < end, f"{name} is not on the bus"
        time.sleep(0.05)


@pytest.mark.desktop
def test_a_key_is_set_tested_and_forgotten_in_gnomes_keyring(secret_service, tmp_path):
    key = Cli(tmp_path)
    key.env = secret_service
    assert "(32 characters)" in key("set", *AZURE, typed=KEY).stdout
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    assert not key.kept.exists()
    assert "comes from the keyring (32 characters)" in key("test", *AZURE).stdout
    assert key("forget", *AZURE).returncode == 0
    assert key("forget", *AZURE).returncode == 1
    for words in (AZURE, ("--for", "rewrite")):
        assert key("set", *words, typed=KEY).returncode == 0
    done = key("forget", "--for", "all")
    assert (done.returncode, done.stdout) == (
        0, "Deleted from the keyring: the keys for azure, rewrite.\n",
    )  # fmt: skip
    assert key("forget", "--for", "all").stdout == "There is no key in the keyring.\n"
    assert key("set", "--for", "all", typed=KEY).returncode == 2
    assert "the keyring has none" in key("test", *AZURE).stderr
