"""Finds the processes of the X server's clients, by the X-Resource extension."""

from __future__ import annotations

from pathlib import PurePath

from Xlib.display import Display

from tray_dictate.system.desktop.x11 import process_of
from tray_dictate.system.programs import processes

UNKNOWN = 0  # a client on another machine, or a server that does not report processes


class Clients:
    """Processes of the X server's clients; for one thread, with that thread's connection."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def process(self, client: int) -> int:
        """Return the process of a client, or of the client that made this window."""
        return process_of(self._display, f"{client:#x}")

    def command(self, client: int) -> list[str]:
        """Return the command line of a client's process; empty if unknown."""
        pid = self.process(client)
        return processes.command(pid) if pid else []

    def are_kin(self, client: int, others: frozenset[int]) -> bool | None:
        """Tell whether a client was started by the process of one of `others`; None if unknown.

        Programs on Wine read for each other without being related: for those it is unknown.
        """
        pid = self.process(client)
        pids = frozenset(map(self.process, others))
        if not pid or UNKNOWN in pids:
            return None
        if processes.is_within(pid, pids):
            return True
        return None if _is_on_wine(pid) and any(map(_is_on_wine, pids)) else False


def _is_on_wine(pid: int) -> bool:
    return PurePath(processes.executable(pid)).name.startswith("wine")
