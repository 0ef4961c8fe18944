"""Damage to a database file: each function spoils the file at a path."""

from __future__ import annotations

import os
from pathlib import Path


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 400)


def beheaded(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
