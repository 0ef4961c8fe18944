from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from tray_dictate.core.errors import UnavailableError
from tray_dictate.engine.model_files import MOONSHINE, SILERO, ModelWheel, find, installed, verified

WORDS = ModelWheel(
    package="words",
    distribution="words==1.0",
    folder="data",
    files={"words.bin": hashlib.sha256(b"right").hexdigest()},
    machines=frozenset({("linux", "x86_64")}),
)
HERE = ("linux", "x86_64")


def package(folder: Path, content: bytes | None) -> Path:
    (folder / "data").mkdir()
    if content is not None:
        (folder / "data" / "words.bin").write_bytes(content)
    return folder


@pytest.mark.parametrize("wheel", [MOONSHINE, SILERO], ids=lambda wheel: wheel.package)
def test_the_shipped_files_are_found_and_their_packages_stay_unimported(wheel):
    folder = find(wheel)

    assert all((folder / name).is_file() for name in wheel.files)
    assert wheel.package not in sys.modules


def test_a_file_with_the_right_content_is_trusted(tmp_path):
    folder = package(tmp_path, b"right")

    assert verified(WORDS, folder, HERE) == folder / "data"


def test_an_altered_file_is_refused_by_name(tmp_path):
    folder = package(tmp_path, b"wrong")

    with pytest.raises(UnavailableError, match=r"does not trust .*words\.bin") as caught:
        verified(WORDS, folder, HERE)

    assert "--force-reinstall words==1.0" in caught.value.remedy


def test_a_missing_file_is_named_with_the_cause(tmp_path):
    folder = package(tmp_path, None)

    with pytest.raises(UnavailableError, match=r"cannot read .*words\.bin: No such file"):
        verified(WORDS, folder, HERE)


def test_a_missing_package_comes_with_the_command_that_installs_it():
    with pytest.raises(UnavailableError, match=r"words==1\.0 is not installed") as caught:
        verified(WORDS, None, HERE)

    assert "pip install words==1.0" in caught.value.remedy


def test_a_machine_without_a_wheel_is_told_to_use_another_engine():
    with pytest.raises(UnavailableError, match="cannot run on darwin x86_64") as caught:
        verified(WORDS, None, ("darwin", "x86_64"))

    assert "engine.name" in caught.value.remedy


def test_a_package_that_nobody_installed_is_not_found():
    assert installed("there_is_no_such_package") is None
