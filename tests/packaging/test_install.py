"""install.sh and uninstall.sh as a person runs them: a new user with an empty home.

The order of the tests is an installation's life; each also works alone.
"""

from __future__ import annotations

import os
import pty
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs import hostile
from tests.rigs.processes import MARKER, marked, sweep
from tests.rigs.x11 import Desktop
from tests.waiting import wait_until

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(600)]  # pip may have to fetch all
ROOT = Path(__file__).parents[2]
SHIPPED = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "config.toml",
    "tray_dictate",
    "install_scripts",
)
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
PIP = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


class User:
    """Somebody with a checkout and an empty home; as root, really somebody else."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.checkout = folder / "checkout"
        self.mark = uuid.uuid4().hex[:12]
        self._become: list[str] = []
        self.checkout.mkdir()
        self.folder = hostile.plant(folder / "downloaded")  # where the user stands
        for name in SHIPPED:
            source = ROOT / name
            ignore = shutil.ignore_patterns("__pycache__")
            if source.is_dir():
                shutil.copytree(source, self.checkout / name, ignore=ignore)
            else:
                shutil.copy(source, self.checkout / name)
        self.name = f"rig-{self.mark}" if os.getuid() == 0 else ""
        if self.name:
            subprocess.run(["useradd", "--home-dir", str(self.home), self.name], check=True)
            uid = pwd.getpwnam(self.name).pw_uid
            self._become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        self.home.mkdir()
        if self.name:
            subprocess.run(["chown", "-R", self.name, str(self.home)], check=True)

    def run(
        self, *argv: str, stdin: bytes = b"", answer: str | None = None, **env: str
    ) -> tuple[int, str]:
        """Return the exit code and everything printed; an answer is given at a terminal."""
        if answer:
            ours, terminal = pty.openpty()
            os.write(ours, answer.encode() + b"\n")
        done = subprocess.run(
            [*self._become, "setsid", "--wait", *(["--ctty"] if answer else []), *argv],
            env={**PIP, "HOME": str(self.home), "PATH": SYSTEM_PATH, MARKER: self.mark, **env},
            cwd=self.folder,
            **({"stdin": terminal} if answer else {"input": stdin}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
        if answer:
            os.close(ours)
            os.close(terminal)
        return done.returncode, done.stdout.decode()

    def install(self, *options: str, **env: str) -> str:
        code, said = self.run(str(self.checkout / "install_scripts/install.sh"), *options, **env)
        assert code == 0, said
        return said

    def command(self, *words: str) -> str:
        """Run `tray-dictate` from the user's PATH."""
        path = f"{self.home}/.local/bin:{SYSTEM_PATH}"
        code, said = self.run("sh", "-c", 'exec tray-dictate "$@"', "sh", *words, PATH=path)
        assert code == 0, said
        return said

    def write_settings(self, text: str) -> Path:
        path = self.home / ".config/tray_dictate/config.toml"
        script = 'mkdir -p "$(dirname "$1")" && cat > "$1"'  # a file of the user's, not of root's
        assert self.run("sh", "-c", script, "sh", str(path), stdin=text.encode()) == (0, "")
        return path

    def daemons(self) -> list[int]:
        """Return the pids of what runs from the user's installation."""
        return [
            pid
            for pid in marked(self.mark)
            if b"tray_dictate/venv/bin/python" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    def files(self) -> list[str]:
        """Return every file in the home, but for the caches of libraries."""
        found = (path.relative_to(self.home) for path in self.home.rglob("*"))
        return [str(path) for path in found if path.parts[0] != ".cache" and self._is_file(path)]

    def leave(self) -> None:
        sweep(self.mark)
        if self.name:
            # what was ended is the user's until the system has taken it away
            wait_until(self._is_deleted, 10, "the user's end")

    def _is_deleted(self) -> bool:
        return subprocess.run(["userdel", self.name], check=False).returncode == 0

    def _is_file(self, path: Path) -> bool:
        return not (self.home / path).is_dir()


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="install-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # pytest's own folders are closed to other users
        someone = User(Path(folder))
        try:
            yield someone
        finally:
            someone.leave()


@pytest.fixture(scope="module")
def first_words(user: User) -> str:
    """Install by a script that is piped into bash, and return what was said."""
    script = (ROOT / "install_scripts/install.sh").read_bytes()
    options = ("--yes", "--no-start", "--from", str(user.checkout))
    code, said = user.run("bash", "-s", "--", *options, stdin=script)
    assert code == 0, said
    return said


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Desktop() as desktop:
        yield desktop.display


@pytest.mark.usefixtures("first_words")
def test_after_the_installation_the_command_works(user: User) -> None:
    assert "usage: tray-dictate" in user.command("--help")
    assert user.command("--version").startswith("tray-dictate ")
    assert user.command("config", "--path").strip() == (
        f"{user.home}/.config/tray_dictate/config.toml"
    )


def test_it_says_where_the_command_is_and_that_this_is_not_on_the_path(
    user: User, first_words: str
) -> None:
    assert f"Installed: {user.home}/.local/bin/tray-dictate" in first_words
    assert f"{user.home}/.local/bin is not on your PATH" in first_words


COMPLETION = {
    "bash": ".local/share/bash-completion/completions/tray-dictate",
    "zsh": ".local/share/zsh/site-functions/_tray-dictate",
    "fish": ".local/share/fish/vendor_completions.d/tray-dictate.fish",
}


def test_each_shell_gets_its_completion(user: User, first_words: str) -> None:
    for shell, path in COMPLETION.items():
        code, said = user.run(shell, "-n", str(user.home / path))
        assert (code, said) == (0, ""), shell
    assert "could not be written" not in first_words


@pytest.mark.usefixtures("first_words")
def test_bash_completes_a_command(user: User) -> None:
    words = (
        'source "$1"; COMP_WORDS=(tray-dictate auto) COMP_CWORD=1;'
        " $(complete -p tray-dictate | grep -o '_shtab[a-z_]*'); echo \"${COMPREPLY[@]}\""
    )
    said = user.run("bash", "-c", words, "bash", str(user.home / COMPLETION["bash"]))
    assert said == (0, "autostart\n")


@pytest.mark.usefixtures("first_words")
def test_fish_completes_a_command_from_where_it_looks(user: User) -> None:
    path = f"{user.home}/.local/bin:{SYSTEM_PATH}"
    code, said = user.run("fish", "-c", "complete --do-complete 'tray-dictate autos'", PATH=path)
    assert (code, said.split("\t")[0]) == (0, "autostart")


def test_nothing_starts_at_login_unasked(user: User, first_words: str) -> None:
    assert "To start it at login, run: tray-dictate autostart enable" in first_words
    assert not (user.home / ".config/autostart").exists()


def fetched(said: str) -> list[str]:
    """Return the packages that were named while they were fetched."""
    return re.findall(r"^  (\S+)$", said, re.MULTILINE)


def test_a_second_run_upgrades_in_place_and_keeps_settings_and_history(
    user: User, first_words: str
) -> None:
    assert len(fetched(first_words)) > 10
    settings = user.write_settings('[hotkey]\nkeys = "f9"\n')
    history = user.home / ".local/share/tray_dictate/history.sqlite"
    assert user.run("sh", "-c", f"printf kept > {history}") == (0, "")
    program = user.checkout / "tray_dictate/__init__.py"
    was = program.read_text()
    program.write_text(was + "__version__ = '9.9.9'\n")
    said = user.install("--no-start", "--autostart")
    assert fetched(said) == []
    assert "tray-dictate starts at login" in said
    entry = (user.home / ".config/autostart/tray-dictate.desktop").read_text()
    assert f'Exec="{user.home}/.local/share/tray_dictate/venv/bin/tray-dictate" "run"' in entry
    assert user.command("--version").strip() == "tray-dictate 9.9.9"
    assert settings.read_text() == '[hotkey]\nkeys = "f9"\n'
    assert history.read_text() == "kept"
    history.unlink()  # it is no database
    program.write_text(was)


@pytest.mark.usefixtures("first_words")
def test_the_desktops_menu_of_applications_can_start_it(user: User) -> None:
    path = user.home / ".local/share/applications/org.tray_dictate.TrayDictate.desktop"
    entry = path.read_text()
    assert f'Exec="{user.home}/.local/share/tray_dictate/venv/bin/tray-dictate" "run"' in entry
    assert "NoDisplay" not in entry


def test_it_shows_what_it_fetches(first_words: str) -> None:
    shown = first_words.splitlines()
    assert any(line.startswith("  onnxruntime==") for line in shown)
    assert "  installing them" in shown


@pytest.mark.usefixtures("first_words")
def test_a_file_with_another_hash_is_refused(user: User) -> None:
    listed = user.checkout / "install_scripts/requirements.txt"
    text = listed.read_text()
    name = "shtab"
    user.run(f"{user.home}/.local/share/tray_dictate/venv/bin/pip", "uninstall", "--yes", name)
    start = text.index(f"{name}==")
    head, body = text[:start], text[start:]
    wrong = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", body, count=2)
    listed.write_text(head + wrong)
    said = failure(user, "--yes", "--no-start")
    listed.write_text(text)
    assert "DO NOT MATCH THE HASHES" in said
    assert said.endswith("install.sh: pip could not install it; the lines above say why.\n")


@pytest.mark.usefixtures("first_words")
def test_without_a_display_it_installs_says_so_and_starts_nothing(user: User) -> None:
    said = user.install("--yes")
    assert "Not started: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)" in said
    assert user.daemons() == []


@pytest.fixture
def noted_path() -> Iterator[str]:
    """A folder whose setsid writes into the file `noted` what it is called with."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        noted, setsid = Path(folder, "noted"), Path(folder, "setsid")
        noted.touch()
        noted.chmod(0o666)
        setsid.write_text(f'#!/bin/sh\necho "$@" >{noted}\nexec /usr/bin/setsid "$@"\n')
        setsid.chmod(0o755)
        yield folder


@pytest.mark.usefixtures("first_words")
def test_it_starts_the_daemon_and_a_second_run_restarts_it_where_it_was(
    user: User, display: str, noted_path: str
) -> None:
    user.write_settings('[hotkey]\nkeys = "f9"\n')
    said = user.install("--yes", DISPLAY=display, SECRET="a key")
    (old,) = user.daemons()
    assert f"tray-dictate is running (pid {old}): hold F9 and speak." in said, (
        "as the settings have it"
    )
    # as from a console: the display is the old one's
    said = user.install("--yes", PATH=f"{noted_path}:{SYSTEM_PATH}")
    (new,) = user.daemons()
    assert f"Restarting tray-dictate (pid {old})" in said
    assert new != old
    environment = Path(f"/proc/{new}/environ").read_bytes().split(b"\0")
    assert {f"DISPLAY={display}".encode(), b"SECRET=a key"} <= set(environment)
    assert Path(f"/proc/{new}/fd/0").readlink() == Path("/dev/null")
    words = Path(noted_path, "noted").read_text()
    assert "tray-dictate" in words
    assert "a key" not in words  # anybody could have read it there


@pytest.mark.usefixtures("first_words")
@pytest.mark.usefixtures("first_words")
def test_nothing_was_run_from_the_folder_that_the_user_stood_in(user: User) -> None:
    assert hostile.ran(user.folder) == []


def test_what_it_installs_into_is_the_users_alone(user: User) -> None:
    folder = user.home / ".local/share/tray_dictate"
    assert folder.stat().st_mode & 0o777 == 0o700
    log = folder / "start.log"
    assert not log.exists() or log.stat().st_mode & 0o777 == 0o600


def test_piped_into_bash_it_does_not_know_the_checkout_unless_told(user: User) -> None:
    script = (ROOT / "install_scripts/install.sh").read_bytes()
    code, said = user.run("bash", "-s", "--", "--no-start", stdin=script)
    assert (code, said) == (
        1,
        f"install.sh: {user.folder} is not a checkout of tray_dictate; "
        "name one with --from FOLDER.\n",
    )  # fmt: skip


@pytest.mark.usefixtures("first_words")
def test_uninstalling_ends_the_daemon_and_leaves_only_what_is_the_users(
    user: User, display: str
) -> None:
    if not user.daemons():  # the test before has left one
        user.install("--yes", DISPLAY=display)
    assert len(user.daemons()) == 1
    user.command("autostart", "enable")
    assert (user.home / ".config/autostart/tray-dictate.desktop").exists()
    user.write_settings("")
    uninstall = str(user.checkout / "install_scripts/uninstall.sh")
    code, said = user.run(uninstall)
    assert (code, said.splitlines()[0]) == (0, "tray-dictate is uninstalled.")
    assert f"are kept; uninstall.sh --purge removes them:\n{user.home}/.local/share" in said
    assert user.daemons() == []
    spoken = (".local/state/tray_dictate/", ".local/share/tray_dictate/history.sqlite")
    left = [path for path in user.files() if not path.startswith(spoken)]
    assert left == [".config/tray_dictate/config.toml"]
    code, said = user.run(uninstall, "--purge")
    assert code == 0
    assert f"Removed: {user.home}/.config/tray_dictate\n" in said
    assert "remove the entries named tray_dictate" in said, "the program that could do it is gone"
    assert user.files() == []


@pytest.fixture
def bare_path() -> Iterator[str]:
    """A PATH on which no system package is installed, and sudo refuses."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        for name in ("dpkg-query", "sudo"):
            (Path(folder) / name).write_text("#!/bin/sh\nexit 1\n")
            (Path(folder) / name).chmod(0o755)
        yield f"{folder}:{SYSTEM_PATH}"


def failure(user: User, *options: str, **run: str) -> str:
    """Return the one line that install.sh ends with; it must fail."""
    code, said = user.run(str(user.checkout / "install_scripts/install.sh"), *options, **run)
    assert code == 1
    return said


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--fast"], "install.sh: unknown option --fast; --help lists them.\n"),
        (["--from"], "install.sh: --from needs a folder.\n"),
        (["--from", "/nowhere"], "install.sh: /nowhere is not a folder.\n"),
    ],
    ids=["an unknown option", "an option without its value", "a folder that is not there"],
)
def test_what_cannot_be_done_is_one_sentence(
    user: User, options: list[str], complaint: str
) -> None:
    assert failure(user, *options) == complaint


def test_system_packages_are_not_installed_unasked(user: User, bare_path: str) -> None:
    said = failure(user, PATH=bare_path)
    assert said.startswith(
        "install.sh: no terminal to ask on: rerun with --yes to install python3 "
    )


def test_no_is_an_answer(user: User, bare_path: str) -> None:
    assert (
        failure(user, PATH=bare_path, answer="n") == "install.sh: aborted; nothing was installed.\n"
    )


def test_yes_goes_to_sudo_whose_refusal_is_told(user: User, bare_path: str) -> None:
    assert "apt-get update failed" in failure(user, PATH=bare_path, answer="y")


@pytest.fixture
def foreign(user: User) -> Iterator[Callable[..., str]]:
    """Run install.sh where these are the programs, not Debian's; it ends at the packages."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for program in (
            "bash", "dirname", "env", "getconf", "grep", "id", "setpriv", "setsid", "sh", "uname",
        ):  # fmt: skip
            (folder / program).symlink_to(Path("/usr/bin", program))

        def run(*options: str, **programs: str) -> str:
            for program, script in programs.items():
                (folder / program).unlink(missing_ok=True)
                (folder / program).write_text(f"#!/bin/sh\n{script}\n")
                (folder / program).chmod(0o755)
            return failure(user, *options, PATH=name)

        yield run


APT = (
    "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "
    "install --yes --no-install-recommends"
)
# what it is asked to do: only an installation fails
SUDO = 'echo "$@" >&2; case "$*" in *update) ;; *) exit 1 ;; esac'


def dpkg_query(*installed: str) -> str:
    """Return a dpkg-query that knows these packages."""
    return f'case "$4" in {"|".join(installed)}) echo installed ;; *) exit 1 ;; esac'


MAC = {"uname": "[ $1 = -m ] && echo arm64 || echo Darwin", "sw_vers": "echo 15.1"}


@pytest.mark.parametrize(
    ("programs", "complaint"),
    [
        (
            {"getconf": "echo glibc 2.31"},
            "glibc 2.31 is too old: the speech model needs glibc 2.34",
        ),
        ({"getconf": "exit 1"}, "the speech model needs glibc, which this system does not have."),
        (
            {**MAC, "sw_vers": "echo 14.7.1"},
            "macOS 14.7.1 is too old: the speech model needs macOS",
        ),
        ({"uname": "[ $1 = -m ] && echo x86_64 || echo Darwin"}, "x86_64 is not supported: "),
        ({"uname": "[ $1 = -m ] && echo riscv64 || echo Linux"}, "riscv64 is not supported: "),
    ],
    ids=["an old glibc", "no glibc", "an old macOS", "an Intel Mac", "another processor"],
)
def test_what_the_speech_model_needs_is_said_before_anything_is_done(
    foreign: Callable[..., str], programs: dict[str, str], complaint: str
) -> None:
    said = foreign("--yes", **{"dnf": "exit 1", **programs})
    assert said.startswith(f"install.sh: {complaint}")


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        (
            {"dnf": "exit 1", "rpm": "exit 1", "sudo": "echo $@ >&2; exit 1"},
            "dnf --quiet --assumeyes --setopt=install_weak_deps=False install python3 "
            "python3-devel gcc portaudio pulseaudio-libs xclip wl-clipboard "
            "alsa-plugins-pulseaudio",
        ),
        (
            {"dnf": "exit 1", "rpm": '[ "$3" = pipewire-alsa ]', "sudo": "echo $@ >&2; exit 1"},
            "dnf --quiet --assumeyes --setopt=install_weak_deps=False install python3 "
            "python3-devel gcc portaudio pulseaudio-libs xclip wl-clipboard",
        ),
        (
            {
                "dnf": "exit 1",
                "rpm": '[ "$3" = pipewire-pulseaudio ]',
                "sudo": "echo $@ >&2; exit 1",
            },
            "dnf --quiet --assumeyes --setopt=install_weak_deps=False install python3 "
            "python3-devel gcc portaudio pulseaudio-libs xclip wl-clipboard pipewire-alsa",
        ),
        (
            {"apt-get": "exit 1", "dpkg-query": dpkg_query("pipewire-pulse"), "sudo": SUDO},
            f"{APT} python3 python3-venv python3-dev gcc libportaudio2 libpulse0 xclip "
            "wl-clipboard pipewire-alsa",
        ),
        (
            {
                "apt-get": "exit 1",
                "dpkg-query": dpkg_query("pipewire-pulse", "pulseaudio"),
                "sudo": SUDO,
            },
            f"{APT} python3 python3-venv python3-dev gcc libportaudio2 libpulse0 xclip "
            "wl-clipboard libasound2-plugins",
        ),
        (
            {"apt-get": "exit 1", "dpkg-query": dpkg_query("libasound2-plugins"), "sudo": SUDO},
            f"{APT} python3 python3-venv python3-dev gcc libportaudio2 libpulse0 xclip "
            "wl-clipboard",
        ),
        (
            {"pacman": '[ "$3" = pipewire-pulse ]', "sudo": "echo $@ >&2; exit 1"},
            "pacman --noconfirm --needed --sync python gcc portaudio libpulse xclip wl-clipboard "
            "pipewire-alsa",
        ),
        (
            {"pacman": "exit 1", "sudo": "echo $@ >&2; exit 1"},
            "pacman --noconfirm --needed --sync python gcc portaudio libpulse xclip wl-clipboard "
            "pulseaudio-alsa",
        ),
        (
            {**MAC, "brew": '[ "$1" = install ] && echo brew $@ >&2; exit 1'},
            "brew install --quiet python@3.13",
        ),
    ],
    ids=[
        "Fedora",
        "Fedora with PipeWire's plugin",
        "Fedora with PipeWire",
        "Debian with PipeWire",
        "Debian with PulseAudio, and PipeWire beside it",
        "Debian with PulseAudio's plugin",
        "Arch with PipeWire",
        "Arch",
        "macOS",
    ],
)
def test_each_system_is_asked_for_packages_by_its_own_names(
    foreign: Callable[..., str], programs: dict[str, str], command: str
) -> None:
    said = foreign("--yes", **programs).splitlines()
    assert command in said
    installer = "apt-get" if command.startswith(APT) else command.split(maxsplit=1)[0]
    assert said[-1].startswith(f"install.sh: {installer} could not install ")


def test_without_homebrew_the_remedy_is_named(foreign: Callable[..., str]) -> None:
    said = foreign("--yes", **MAC)
    assert said.startswith("install.sh: Python 3.11 or newer is needed: install it from python.org")


def test_a_linux_without_a_known_installer_is_told_apart(foreign: Callable[..., str]) -> None:
    said = foreign("--yes")
    assert said.endswith("is not supported: it has neither apt-get, dnf nor pacman.\n")


def test_another_system_is_told_apart(foreign: Callable[..., str]) -> None:
    said = foreign(uname="echo FreeBSD")
    assert said == "install.sh: FreeBSD is not supported, only Linux and macOS.\n"
