"""The commands to the daemon that runs; `__main__` sends most of them without this file."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

_PATIENCE = 40.0  # seconds for it to deliver what is being said, and to end
_SHORTCUT = """\
In your desktop's keyboard settings, let a shortcut run this command. Or, in sway's own:
  bindsym --no-repeat F9 exec tray-dictate start
  bindsym --release   F9 exec tray-dictate stop
"""
_COMMANDS = {  # name: one line, more, examples
    "start": ("start listening, as when the hotkey goes down", "Start listening, as when the "
              "hotkey goes down. If it listens already, it goes on.", _SHORTCUT),
    "stop": ("stop listening, as when the hotkey is let go", "Stop listening, as when the hotkey "
             "is let go: what you said is written. If it does not listen, nothing happens; but a "
             "start within 0.3 s after it counts as the same tap, and does nothing either.",
             _SHORTCUT),
    "toggle": ("start listening or, if it listens, stop", "Start listening or, if it listens, stop "
               "and write what you said. A key that is held and repeats counts once.",
               "In your desktop's keyboard settings, let a shortcut run: tray-dictate toggle"),
    "cancel": ("stop listening and forget what was said", "Stop listening and forget what you "
               "said. If it does not listen, what is not yet written is forgotten.", ""),
    "redo": ("write the last dictation again", "Write the last dictation again, where you type "
             "now.", ""),
    "undo": ("take the last dictation back", "Take the last dictation back, if you have not typed "
             "or clicked since.", ""),
    "copy": ("copy the last dictation, to paste it yourself", "Put the last dictation on the "
             "clipboard, to paste it yourself.", ""),
    "reload": ("read the settings file again", "Read the settings file again and say what has "
               "changed. A file with mistakes changes nothing.", "The file is: tray-dictate config "
               "--path"),
    "quit": ("end tray-dictate", "End tray-dictate, as Quit in its menu does. What you are saying "
             "is written first; the command returns when all is over.", ""),
}  # fmt: skip


def add(commands: Any) -> None:
    """Add the commands."""
    for name, (what, description, epilog) in _COMMANDS.items():
        parser = commands.add_parser(
            name, help=what, description=textwrap.fill(description, 80), epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        parser.set_defaults(command=_quit if name == "quit" else _send, name=name)


def _send(options: argparse.Namespace) -> int:
    from tray_dictate.app.control import client  # noqa: PLC0415

    return client.run(options.name)


def _quit(_options: argparse.Namespace) -> int:
    import filelock  # noqa: PLC0415

    from tray_dictate.app.control import client  # noqa: PLC0415
    from tray_dictate.core.errors import ControlError  # noqa: PLC0415
    from tray_dictate.system import files  # noqa: PLC0415

    client.send("quit")
    try:  # it holds the lock to its very end; then another may be started
        filelock.FileLock(files.lock_file()).acquire(timeout=_PATIENCE).lock.release()
    except filelock.Timeout:
        raise ControlError(f"tray_dictate has not ended within {_PATIENCE:g} s.") from None
    return 0
