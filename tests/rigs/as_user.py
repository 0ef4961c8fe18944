"""The commands of `tray-dictate` as a user runs them who has nothing set up."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.rigs import commands

ROOT = Path(__file__).parents[2]
KEY = "sk-this-is-the-secret-0123456789"
MODEL = "gpt-4o-transcribe"
ASKED = ["✓ settings", "✓ address", "✓ key", "✓ handshake", "✓ session", "✓ round trip"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return that of a user who has nothing set up, and no keyring."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "LC_ALL": "C.UTF-8", **more,
    }  # fmt: skip


def settings(kind: str, endpoint: str, *more: str) -> list[str]:
    """Return the words that choose a server."""
    chosen = f"name={kind}", f"endpoint={endpoint}", f"model={MODEL}", *more
    return [part for setting in chosen for part in ("--set", f"engine.{setting}")]


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; it knows the key, and does not show it."""
    env = environment(home, **{"TRAY_DICTATE_KEY": KEY, **env})
    done = commands.run([*words], env)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert KEY not in out + err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def doctor(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Let the engine be examined."""
    done = run(home, "doctor", "engine", *words, **env)
    assert done.stderr == ""
    return done


def marks(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the mark and the name of each step that the doctor took."""
    lines = re.findall(r"^([✓✗!]) (\w[\w ,]*?\w)  ", done.stdout, re.MULTILINE)
    return [f"{mark} {name}" for mark, name in lines]
