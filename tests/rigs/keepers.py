"""The processes that keep a clipboard when the daemon, or the doctor, has ended."""

from __future__ import annotations

from pathlib import Path

from tests.rigs.session import Session

MODULES = {
    b"tray_dictate.output.x11.keeper",
    b"tray_dictate.output.wayland.keeper",
    b"tray_dictate.doctor.delivery.clipboard_keeper",
}


def keepers(session: Session) -> set[int]:
    """Return the processes that keep this session's clipboard now."""
    found = set[int]()
    wanted = f"XDG_RUNTIME_DIR={session.runtime}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().split(b"\0")
            environment = (path / "environ").read_bytes().split(b"\0")
            name = (path / "comm").read_bytes()  # not of a setpriv that is to become one
        except OSError:  # it has ended
            continue
        if MODULES.intersection(command) and wanted in environment and b"python" in name:
            found.add(int(path.name))
    return found
