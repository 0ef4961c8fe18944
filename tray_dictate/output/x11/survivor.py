"""A process that holds our connections to the X server for a moment longer than we live.

A server that is busy with a burst of our keys looks at the connection meanwhile, and drops the rest
of them where its other end is closed: killed in that moment we would leave keys down, or Caps Lock
changed (after 13 of 200 kills on a busy machine, X.Org 21.1.7; with this process after none). And a
selection ends with its owner's connection: here it lasts until its heir has it, x11_keeper.py.

It is a shell, which sleeps in a read until then: it costs 0.2 MB, where the heir has 18.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterable, Sequence

from Xlib.display import Display

from tray_dictate.core.errors import why
from tray_dictate.output.keeper import environment

log = logging.getLogger(__name__)

LIVES = "OWNER_LIVES"  # a variable that is not empty where the heir began before our end
_PATH = "/usr/bin:/bin"
# seconds for the server to do what it has; what we have grabbed of it is the user's again then
_LONGER = 0.5
# a session that ends asks every process of ours to end, this one too early
_SLEEP = f"trap '' HUP INT TERM; read -r _; exec sleep {_LONGER}"
# both are nobody's children then, so that nobody need wait for them
_INHERIT = f"""trap '' HUP INT TERM; read -r {LIVES}; export {LIVES}; sleep {_LONGER} & "$@" &"""


class Survivor:
    """The process, from here to `end`; without one (no `sh`) a kill is what it was."""

    def __init__(
        self, *displays: Display, heir: Sequence[str] = (), files: Iterable[int] = ()
    ) -> None:
        """`heir` is a command that is run, with these files, as soon as we have ended."""
        quiet = subprocess.DEVNULL
        self._process = None
        script = [_INHERIT, "sh", *heir] if heir else [_SLEEP]
        try:
            self._process = subprocess.Popen(
                ["sh", "-c", *script], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, cwd="/",
                env={**environment("DISPLAY", "XAUTHORITY", "HOME"), "PATH": _PATH},
                start_new_session=True,
                pass_fds=[*(display.fileno() for display in displays), *files],
            )  # fmt: skip
        except OSError as reason:
            log.info("nothing holds the connection when we are killed: %s", why(reason))

    def end(self) -> None:
        """Let go of the connections now, and leave nothing; idempotent."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def pass_on(self) -> bool:
        """Have the heir begin before our end; return whether it does."""
        process, self._process = self._process, None
        if process is None:
            return False
        process.communicate(b"yes\n")
        return process.returncode == 0
