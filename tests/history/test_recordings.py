"""Recordings that could not be turned into text."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import wave

import pytest

from tray_dictate.history import recordings
from tray_dictate.system import files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return files.kept_audio()


def test_a_recording_is_kept_for_its_owner_only(folder):
    sentence, saved = recordings.save(b"\1\0" * 16000, 16000, "The server is gone.", [])
    path = next(folder.glob("*.wav"))
    assert saved == str(path)
    assert "tray-dictate history retry" in sentence
    modes = {entry.stat().st_mode & 0o777 for entry in folder.iterdir()}
    assert (modes, folder.stat().st_mode & 0o777) == ({0o600}, 0o700)
    with wave.open(str(path)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getnframes()) == (16000, 1, 16000)


def test_its_record_says_why_it_is_kept_and_what_of_it_is_text_already(folder):
    recordings.save(bytearray(48000), 24000, "The server is gone.", [(0.0, 0.25), (0.25, 0.5)])
    record = json.loads(next(folder.glob("*.json")).read_text())
    assert record.pop("recorded")[:2] == "20"
    assert record == {
        "seconds": 1.0, "reason": "The server is gone.", "text_done": [[0, 0.25], [0.25, 0.5]],
    }  # fmt: skip


def test_two_in_one_second_are_two_files(folder):
    recordings.save(b"", 16000, "", [])
    recordings.save(b"", 16000, "", [])
    assert len(list(folder.glob("*.wav"))) == 2


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    lost = recordings.save(b"", 16000, "", [])
    assert "could not be saved" in lost.sentence
    assert lost.path == ""


@pytest.fixture
def small_disk():
    """No file can grow beyond 4096 bytes, as on a disk that has become full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("small_disk")
def test_on_a_full_disk_no_stump_is_left(folder):
    lost = recordings.save(b"\1\0" * 16000, 16000, "", [])
    assert "could not be saved" in lost.sentence
    assert lost.path == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_on_a_full_disk_space_is_asked_for(number):
    assert "Free some space" in recordings.not_kept(OSError(number, os.strerror(number)))


@pytest.mark.usefixtures("small_disk")
def test_what_lacks_only_its_record_is_kept(folder):
    _, saved = recordings.save(b"\1\0" * 1000, 16000, "x" * 5000, [])
    assert [str(path) for path in folder.iterdir()] == [saved]
