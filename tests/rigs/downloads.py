"""A file to download, and one who notes how its download goes on."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field

CONTENT = random.Random(14).randbytes(300_000)


@dataclass(frozen=True)
class File:
    """`CONTENT`, at these mirrors."""

    urls: tuple[str, ...]
    name: str = "model.onnx"
    size: int = len(CONTENT)
    sha256: str = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Told:
    """What a download has said of itself."""

    sizes: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def advance(self, size: int) -> None:
        self.sizes.append(size)

    def skip(self, reason: str) -> None:
        self.skipped.append(reason)
