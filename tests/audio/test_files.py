from __future__ import annotations

import os
import re

import numpy as np
import pytest
import soundfile

from tests.speech import say
from tray_dictate.audio.files import read
from tray_dictate.errors import AudioFileError

TONE = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100).astype(np.float32) / 2  # 1 s


def samples(path, rate=16000):
    return np.frombuffer(read(path, rate), "<i2") / 32768


def frequency(sound, rate=16000):
    """Return the loudest frequency in Hz."""
    return np.abs(np.fft.rfft(sound)).argmax() * rate / len(sound)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_width_is_read(tmp_path, subtype):
    soundfile.write(tmp_path / "tone.wav", TONE, 44100, subtype=subtype)
    sound = samples(tmp_path / "tone.wav")

    assert len(sound) == 16000
    assert frequency(sound) == pytest.approx(440, abs=2)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 48000, 96000])
def test_every_rate_is_read_at_the_one_that_is_asked_for(tmp_path, rate):
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) / 2
    soundfile.write(tmp_path / "tone.wav", tone, rate)

    assert len(samples(tmp_path / "tone.wav", 24000)) == 24000
    assert frequency(samples(tmp_path / "tone.wav")) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3"])
def test_compressed_files_are_read(tmp_path, kind):
    soundfile.write(tmp_path / f"tone.{kind}", TONE, 44100)

    assert frequency(samples(tmp_path / f"tone.{kind}")) == pytest.approx(440, abs=3)


def test_the_channels_are_averaged(tmp_path):
    soundfile.write(tmp_path / "two.wav", np.column_stack([TONE, np.zeros_like(TONE)]), 44100)

    assert np.abs(samples(tmp_path / "two.wav")).max() == pytest.approx(0.25, abs=0.01)


def test_samples_at_the_right_rate_and_width_are_not_touched(tmp_path):
    sound = np.round(say("Good morning.")[0] * 32767).astype(np.int16)
    sound[:2] = 32767, -32768
    soundfile.write(tmp_path / "speech.wav", sound, 24000)

    assert read(tmp_path / "speech.wav", 24000) == sound.tobytes()


def test_resampling_that_overshoots_is_clipped_not_wrapped(tmp_path):
    square = np.where(np.arange(44100) % 100 < 50, 1.0, -1.0)
    soundfile.write(tmp_path / "square.wav", square, 44100, subtype="FLOAT")
    sound = samples(tmp_path / "square.wav")

    assert np.abs(np.diff(sound)).max() < 1.9


def broken(folder, name):
    path = folder / name
    match name:
        case "nothing.wav":
            path.touch()
        case "header.wav":
            soundfile.write(path, np.zeros(0), 16000)
        case "text.wav":
            path.write_text("This is not sound.\n" * 100)
        case "cut.wav":
            soundfile.write(path, TONE, 44100)
            path.write_bytes(path.read_bytes()[:20])
        case "folder.wav":
            path.mkdir()
    return path


BROKEN = [
    ("missing.wav", r"does not exist\. Check the name\."),
    ("nothing.wav", r"is empty: it holds no sound\. Give a WAV"),
    ("header.wav", r"is empty: it holds no sound\. Give a WAV"),
    ("text.wav", r"is not a sound file that can be read: .*\. Give a WAV"),
    ("cut.wav", r"is not a sound file that can be read: .*\. Give a WAV"),
    ("folder.wav", r"cannot be read: Is a directory\."),
]


@pytest.mark.parametrize(("name", "reason"), BROKEN, ids=[row[0] for row in BROKEN])
def test_what_cannot_be_read_is_one_sentence_with_the_name(tmp_path, name, reason):
    path = broken(tmp_path, name)

    with pytest.raises(AudioFileError, match=re.escape(str(path)) + " " + reason) as caught:
        read(path, 16000)

    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_says_so(tmp_path):
    path = tmp_path / "secret.wav"
    soundfile.write(path, TONE, 44100)
    path.chmod(0)

    with pytest.raises(AudioFileError, match="cannot be read: Permission denied"):
        read(path, 16000)
