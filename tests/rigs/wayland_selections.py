"""What a program copies, and what one that pastes gets, on any Wayland desktop."""

from __future__ import annotations

import subprocess
import sys

TEXT = "text/plain;charset=utf-8"


class Selections:
    """The clipboard and the PRIMARY selection of a session, by wl-copy and wl-paste."""

    env: dict[str, str]

    def clipboard(self, type: str = TEXT, *, primary: bool = False) -> bytes:
        """Return what a program that pastes now would get; empty if there is nothing of it."""
        argv = ["wl-paste", "-n", "-t", type, *(["-p"] if primary else [])]
        done = subprocess.run(argv, env=self.env, capture_output=True, check=False, timeout=10)
        if done.returncode:  # a test that expected something shows it
            print(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}", file=sys.stderr)
        return done.stdout

    def clipboard_types(self, *, primary: bool = False) -> list[str]:
        """Return the types that the clipboard is offered in."""
        argv = ["wl-paste", "-l", *(["-p"] if primary else [])]
        done = subprocess.run(argv, env=self.env, capture_output=True, check=False, timeout=10)
        return done.stdout.decode().splitlines()

    def set_clipboard(self, data: str | bytes, type: str = TEXT, *, primary: bool = False) -> None:
        """Own a selection, as a program would after a copy."""
        subprocess.run(
            ["wl-copy", "-t", type, *(["-p"] if primary else [])],  # without -t: xdg-mime, 0.2 s
            input=data.encode() if isinstance(data, str) else data,
            env=self.env, check=True, timeout=10, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # wl-copy stays, and would hold a pipe open
        )  # fmt: skip
