"""A folder as somebody may have downloaded it: whatever Python imports from it leaves a trace."""

from __future__ import annotations

from pathlib import Path

NAMES = (
    "tray_dictate/__init__", "argparse", "json", "typing_extensions", "runpy", "venv/__init__",
    "ensurepip/__init__", "pip/__init__", "sitecustomize", "usercustomize", "numpy/__init__",
    "Xlib/__init__", "pydantic/__init__",
)  # fmt: skip
CODE = """\
import os, sys
open(os.path.join({folder!r}, "ran"), "a").write({name!r} + "\\n")
raise SystemExit("code of the working directory ran")
"""


def plant(folder: Path) -> Path:
    """Make the folder; anybody's process may leave its trace there."""
    folder.mkdir(exist_ok=True)
    (folder / "ran").touch()
    (folder / "ran").chmod(0o666)
    for name in NAMES:
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CODE.format(folder=str(folder), name=name))
    return folder


def ran(folder: Path) -> list[str]:
    """Return what was imported from there."""
    return (folder / "ran").read_text().split()
