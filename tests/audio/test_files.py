from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.speech import say
from tray_dictate.audio.files import Sound, read
from tray_dictate.core.errors import AudioFileError

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


def wave(sound: bytes, *, rate=16000, channels=1, bits=16, claim=None, riff=None, order="<",
         before=b"", after=b"") -> bytes:  # fmt: skip
    """Return a WAV file whose header says whatever it says."""
    step = channels * bits // 8
    claim = len(sound) if claim is None else claim
    speed = rate * step & 0xFFFFFFFF
    form = struct.pack(f"{order}4sIHHIIHH", b"fmt ", 16, 1, channels, rate, speed, step, bits)
    body = b"WAVE" + form + before + struct.pack(f"{order}4sI", b"data", claim) + sound + after
    riff = len(body) if riff is None else riff
    return {"<": b"RIFF", ">": b"RIFX"}[order] + struct.pack(f"{order}I", riff) + body


PCM = np.round(TONE[:4000] * 32767).astype("<i2").tobytes()
TITLE = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf59.27.100\0"


@pytest.mark.parametrize(
    "claim", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x7FFFFFFF - 36, 99999999]
)
@pytest.mark.parametrize("riff", [0, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("before", [b"", TITLE, b"JUNK" + struct.pack("<I", 27) + bytes(28)])
def test_a_header_that_was_never_finished_hides_no_sound(tmp_path, claim, riff, order, before):
    if order == ">":
        before = before[:4] + before[4:8][::-1] + before[8:]
    sound = PCM if order == "<" else np.frombuffer(PCM, "<i2").astype(">i2").tobytes()
    path = tmp_path / "killed.wav"
    path.write_bytes(wave(sound, claim=claim, riff=riff, order=order, before=before))
    assert read(path, 16000) == PCM


@pytest.mark.parametrize("lengths", [(0, 0, 0), (2**64 - 1,) * 3, (10**12, 10**12, 0)])
def test_a_long_file_that_was_never_finished_hides_no_sound(tmp_path, lengths):
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, *lengths, 0)
    whole = wave(PCM, claim=0xFFFFFFFF, riff=0xFFFFFFFF)
    path = tmp_path / "killed.wav"
    path.write_bytes(b"RF64" + whole[4:12] + ds64 + whole[12:])
    assert read(path, 16000) == PCM


def unfinished(kind: str, content: bytearray) -> None:
    """Make the header one of a recorder that was killed, or that writes into a pipe."""
    match kind:
        case "flac":
            content[21] &= 0xF0
            content[22:26] = bytes(4)
        case "au":
            content[8:12] = bytes(4)
        case "aiff":
            for name, at, length in ((b"SSND", 4, 4), (b"COMM", 10, 4), (b"FORM", 4, 4)):
                start = content.index(name) + at
                content[start : start + length] = bytes(length)
        case "caf":
            start = content.index(b"data") + 4
            content[start : start + 8] = b"\xff" * 8
        case _:
            start = content.index(b"data") + 16
            content[start : start + 8] = bytes(8)


@pytest.mark.parametrize("kind", ["flac", "au", "aiff", "caf", "w64"])
def test_a_header_of_any_kind_that_was_never_finished_hides_no_sound(tmp_path, kind):
    path = tmp_path / f"killed.{kind}"
    noise = np.random.default_rng(1).normal(0, 0.1, 80000).astype(np.float32)
    soundfile.write(path, noise, 16000, subtype="PCM_16")
    whole = read(path, 16000)
    content = bytearray(path.read_bytes())
    unfinished(kind, content)
    path.write_bytes(content)
    assert read(path, 16000)[: len(whole)] == whole


@pytest.mark.parametrize("after", [b"", TITLE, TITLE + TITLE, TITLE[:-1]])
def test_an_empty_file_with_a_title_is_empty(tmp_path, after):
    path = tmp_path / "empty.wav"
    path.write_bytes(wave(b"", after=after))
    with pytest.raises(AudioFileError, match="it holds no sound"):
        read(path, 16000)


def test_a_length_that_is_right_is_believed(tmp_path):
    path = tmp_path / "half.wav"
    path.write_bytes(wave(PCM, claim=len(PCM) // 2))
    assert read(path, 16000) == PCM[: len(PCM) // 2]


HOSTILE = {
    "one sample a second": wave(b"\x80" * 200_000, rate=1, bits=8),
    "a hundred": wave(b"\x80" * 1_000_000, rate=100, bits=8),
    "none": wave(bytes(1000), rate=0),
    "four billion": wave(bytes(1000), rate=0xFFFFFFFF),
    "a million": wave(bytes(1000), rate=1_000_000),
    "a thousand channels": wave(bytes(1024 * 2000), channels=1024, bits=8),
    "33 channels": wave(bytes(33 * 2000), channels=33, bits=8),
    "torn flac": b"fLaC\0\0\0\x22\x10\0\x10\0" + bytes(6) + b"\x0a\xc4\x40\xf0" + b"\xff" * 20,
    "noise": bytes(np.random.default_rng(2).integers(0, 256, 100_000, np.uint8)),
    "riff only": b"RIFF",
    "a loop of chunks": b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 9999,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence(tmp_path, name, capfd):
    path = tmp_path / "hostile.wav"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(AudioFileError) as caught:
        read(path, 16000)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == "", "libsndfile's callbacks print what they cannot raise"


def test_weeks_of_compressed_silence_are_refused_before_they_are_unpacked(tmp_path):
    path = tmp_path / "weeks.wav"
    with path.open("wb") as file:
        file.write(wave(b"", rate=8000, bits=8, claim=8000 * 3600 * 25))
        file.truncate(8000 * 3600 * 25 + 44)  # without taking room on the disk
    with pytest.raises(AudioFileError, match="more than 24 hours"):
        Sound(path)


# not by ru_maxrss, which counts this process, too: it is kept where a program is started
FLAT = r"""
import re, sys
from pathlib import Path
from tray_dictate.audio.files import Sound
def heard(path):
    total = sum(map(len, Sound(Path(path)).blocks(16000)))
    most = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return total, int(most[1])
_, before = heard(sys.argv[1])
total, after = heard(sys.argv[2])
print(total, after - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts in KiB")
def test_half_an_hour_needs_no_more_memory_than_three_seconds(tmp_path):
    lengths = {"short.wav": 3, "long.wav": 1800}
    for name, seconds in lengths.items():
        with (tmp_path / name).open("wb") as file:
            file.write(wave(b"", rate=8000, claim=16000 * seconds))
            file.truncate(16000 * seconds + 44)
    done = subprocess.run(
        [sys.executable, "-c", FLAT, *(tmp_path / name for name in lengths)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    total, more = map(int, done.stdout.split())
    assert total == 1800 * 32000
    assert more < 20_000, "KiB"


def test_the_sound_before_the_damage_is_heard(tmp_path):
    path = tmp_path / "torn.flac"
    noise = np.random.default_rng(3).normal(0, 0.1, 16000 * 20).astype(np.float32)
    soundfile.write(path, noise, 16000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] + b"\xff" * 5000)
    sound = Sound(path)
    heard = sum(map(len, sound.blocks(16000)))
    sound.close()
    assert heard > 16000 * 2 * 5


def test_a_pipe_is_read_to_its_end(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = wave(PCM, claim=0, riff=0)
    with ThreadPoolExecutor(1) as writing:
        writing.submit(path.write_bytes, content)
        assert read(path, 16000) == PCM


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_says_so(tmp_path):
    path = tmp_path / "secret.wav"
    soundfile.write(path, TONE, 44100)
    path.chmod(0)

    with pytest.raises(AudioFileError, match="cannot be read: Permission denied"):
        read(path, 16000)
