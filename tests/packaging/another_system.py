"""Windows or macOS, as far as Linux can be it: what they lack is gone before we are imported.

`python another_system.py win32|darwin` prints a JSON object: the modules of ours that cannot be
imported there with why, and what some of the doctor's checks say. The libraries are loaded as they
are here, for theirs are other files there.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys

PACKAGES = {
    "fcntl", "pwd", "grp", "termios", "resource", "tty", "pty", "syslog", "readline", "curses",
    "Xlib", "dbus_fast", "pulsectl", "evdev", "gi",
}  # fmt: skip
POSIX = {  # not: what asyncio, which is Linux' own here, runs by
    os: "O_NONBLOCK O_CLOEXEC O_NOFOLLOW O_DIRECTORY O_NOCTTY getuid geteuid getgid getegid "
    "getgroups fork forkpty killpg setsid getpgid memfd_create fchmod fchown chown lchown mkfifo "
    "pidfd_open sysconf eventfd posix_spawn wait4 WNOHANG readv writev preadv sched_getaffinity "
    "setuid setgid openpty sendfile getloadavg nice getpriority ttyname",
    signal: "SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGPIPE SIGQUIT SIGTSTP alarm setitimer "
    "pthread_kill sigwait",
    socket: "SO_PEERCRED SCM_RIGHTS SOCK_CLOEXEC SOCK_NONBLOCK",
    select: "poll epoll",
}
LOOKED_AT = {"version", "display", "typing", "tray", "notifications", "folders", "disk", "history"}


class Gone:
    """The packages that are not there."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in PACKAGES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def names() -> list[str]:
    import tray_dictate  # noqa: PLC0415

    found = pkgutil.walk_packages(tray_dictate.__path__, "tray_dictate.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def become(platform: str) -> None:
    if platform == "darwin":  # it is a POSIX system, which has these
        PACKAGES.difference_update({"grp", "pwd", "resource"})
    gone = PACKAGES | {"tray_dictate"}
    for name in [name for name in sys.modules if name.partition(".")[0] in gone]:
        del sys.modules[name]
    sys.meta_path.insert(0, Gone())
    for module, attributes in (POSIX if platform == "win32" else {}).items():
        for attribute in attributes.split():
            if hasattr(module, attribute):
                delattr(module, attribute)
    sys.platform = platform


def refused(modules: list[str]) -> dict[str, str]:
    found = {}
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as reason:  # noqa: BLE001 - whatever it is
            found[name.removeprefix("tray_dictate.")] = f"{type(reason).__name__}: {reason}"
    return found


async def checks() -> dict[str, list[str]]:
    from tray_dictate.config.schema import Config  # noqa: PLC0415
    from tray_dictate.doctor import main  # noqa: PLC0415

    said = {}
    for check in main.list_checks(Config(), [], None):
        if check.name in LOOKED_AT:
            said[check.name] = [f"{one.state}: {one.words}" for one in await check.findings([])]
    return said


def remedies() -> list[str]:
    from tray_dictate.audio import devices, portaudio  # noqa: PLC0415
    from tray_dictate.output import clipboard  # noqa: PLC0415
    from tray_dictate.system.remedies import RUNTIME_FOLDER, SOUND_LIBRARY  # noqa: PLC0415

    shown = [portaudio._REMEDY, devices.CONNECT, portaudio.HANGS, clipboard.REMEDY]
    return [*shown, RUNTIME_FOLDER, SOUND_LIBRARY]


if __name__ == "__main__":
    os.environ["PYNPUT_BACKEND"] = "dummy"
    ours = names()
    for ours_too in ours:
        importlib.import_module(ours_too)
    with asyncio.Runner() as runner:
        runner.get_loop()  # this system's: 3.14 looks for the other's when it is needed
        become(sys.argv[1])
        seen = runner.run(checks())
    result = {"refused": refused(ours), "checks": seen, "remedies": remedies()}
    print(json.dumps(result))
