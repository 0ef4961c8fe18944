"""A process that holds a connection to the X server for a moment longer than we live.

A server that is busy with a burst of our keys looks at the connection meanwhile, and drops the rest
of them where its other end is closed: killed in that moment we would leave keys down, or Caps Lock
changed (after 13 of 200 kills on a busy machine, X.Org 21.1.7; with this process after none). It
sleeps in a read until then.
"""

from __future__ import annotations

import logging
import subprocess

from Xlib.display import Display

from tray_dictate.errors import why

log = logging.getLogger(__name__)

_PATH = "/usr/bin:/bin"
# seconds for the server to do what it has; what we have grabbed of it is the user's again then
_LONGER = 0.5
# a session that ends asks every process of ours to end, this one too early
_SLEEP = f"trap '' HUP INT TERM; read -r _; exec sleep {_LONGER}"


class Survivor:
    """The process, from here to `end`; without one (no `sh`) a kill is what it was."""

    def __init__(self, display: Display) -> None:
        quiet = subprocess.DEVNULL
        self._process = None
        try:
            self._process = subprocess.Popen(
                ["sh", "-c", _SLEEP], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/",
                env={"PATH": _PATH}, start_new_session=True, pass_fds=[display.fileno()],
            )  # fmt: skip
        except OSError as reason:
            log.info("nothing holds the connection when we are killed: %s", why(reason))

    def end(self) -> None:
        """Let go of the connection now; idempotent."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
