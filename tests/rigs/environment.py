"""The environment of a private desktop: nothing of the session around it gets through."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from tests.rigs.processes import MARKER

FOREIGN = (
    "DBUS_",
    "PULSE_",
    "PIPEWIRE_",
    "ALSA_",
    "XDG_",
    "TRAY_DICTATE_",
    "OPENAI_",
    "AZURE_OPENAI_",
)
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}  # and in small letters
SESSION = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SESSION_MANAGER"}


# no accessibility bus, which takes its time to be missed
INACCESSIBLE = {"NO_AT_BRIDGE": "1", "GTK_A11Y": "none"}
ACCESSIBLE = {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}


def private_environment(folder: Path, *, accessible: bool = False) -> dict[str, str]:
    """Return the environment, and make its folders (and "log") under `folder`."""
    homes = {f"XDG_{name}_HOME": name.lower() for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    homes |= {"HOME": "home", "XDG_RUNTIME_DIR": "run"}
    for name in (*homes.values(), "log"):
        (folder / name).mkdir(mode=0o700)
    (folder / "state" / "tray_dictate").mkdir(mode=0o700)
    (folder / "state" / "tray_dictate" / "welcomed").touch()  # not a first run: that is a test's
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name.upper() not in SESSION | PROXIES
    }
    return {
        **inherited,
        **{name: str(folder / home) for name, home in homes.items()},
        "PULSE_RUNTIME_PATH": str(folder / "run" / "pulse"),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/run/bus",
        "XDG_SESSION_TYPE": "x11",
        "XDG_CURRENT_DESKTOP": "XFCE",
        "LC_ALL": "C.UTF-8",
        **(ACCESSIBLE if accessible else INACCESSIBLE),
        "GIO_USE_VFS": "local",
        "GSETTINGS_BACKEND": "memory",
        MARKER: uuid.uuid4().hex[:12],
    }
