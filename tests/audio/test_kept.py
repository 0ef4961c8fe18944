"""Recordings that could not be turned into text."""

from __future__ import annotations

import wave

import pytest

from tray_dictate.audio import kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tray_dictate.paths.kept_audio", lambda: tmp_path / "kept")
    return tmp_path / "kept"


def test_a_recording_is_kept_for_its_owner_only(folder):
    sentence = kept.save(b"\1\0" * 16000, 16000)
    (path,) = folder.iterdir()
    assert str(path) in sentence
    assert "tray-dictate transcribe" in sentence
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    with wave.open(str(path)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getnframes()) == (16000, 1, 16000)


def test_two_in_one_second_are_two_files(folder):
    kept.save(b"", 16000)
    kept.save(b"", 16000)
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tray_dictate.paths.kept_audio", lambda: tmp_path / "file" / "kept")
    assert "could not be kept" in kept.save(b"", 16000)
