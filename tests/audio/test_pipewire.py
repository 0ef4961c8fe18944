"""Microphones on a real PipeWire, with PipeWire's plugin for ALSA, PulseAudio's, or none."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.rigs.daemon import ROOT
from tests.rigs.line_program import LineProgram
from tests.rigs.pipewire import PipeWire, Plugin
from tests.rigs.session import Session
from tests.waiting import wait_until

pytestmark = pytest.mark.desktop  # it mostly waits
OTHER = "virtmic2"  # not the default
LOUD, QUIET = 4000, 100  # of 32767
ROUTES: list[tuple[Plugin, ...]] = [("pipewire",), ("pulse",), ("pipewire", "pulse")]


class PipeWireSession(Session):
    """A session without a display."""

    SOUND = PipeWire
    sound: PipeWire  # type: ignore[assignment] - it is what SOUND makes


class Recorder(LineProgram):
    """Microphones as the daemon uses them, on a sound server: tests/audio/recorder.py."""

    def __init__(self, env: dict[str, str], device: str = "") -> None:
        super().__init__("from tests.audio import recorder; recorder.main()", env, device)

    def begin(self) -> None:
        assert self.answers() == "open"

    def end(self) -> dict[str, Any]:
        return json.loads(self.answers())


def loud(recorder: Recorder) -> bool:
    """End the recording, after a moment of what is played to it."""
    time.sleep(0.5)
    return recorder.end()["peak"] > LOUD


@pytest.fixture(scope="module")
def session() -> Iterator[PipeWireSession]:
    with PipeWireSession("XFCE", type="x11", sound=True) as running:
        yield running


@pytest.fixture(params=ROUTES, ids="+".join)
def env(session: PipeWireSession, request: pytest.FixtureRequest) -> dict[str, str]:
    """The session with each set of plugins."""
    return session.env | session.sound.lead_alsa(request.param)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of a loud tone."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    seconds = np.arange(48_000 * 30) / 48_000
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 440 * seconds), 48_000, subtype="PCM_16")
    return path


DOCTOR = """
import asyncio
from tray_dictate.config.schema import AudioSettings
from tray_dictate.doctor.microphone import check_microphone
for finding in asyncio.run(check_microphone(AudioSettings())):
    print(finding.name, finding.state, finding.words, finding.remedy, sep="|")
"""


def python(session: PipeWireSession, env: dict[str, str], *words: str) -> list[str]:
    """Return the lines that a program of ours prints."""
    given = [f"{name}={value}" for name, value in env.items() if session.env.get(name) != value]
    argv = ("env", "-C", str(ROOT), *given, sys.executable, "-P", *words)
    return session.run(*argv, timeout=60).splitlines()


def devices(session: PipeWireSession, env: dict[str, str]) -> list[str]:
    """Return what `tray-dictate devices` prints."""
    return python(session, env, "-m", "tray_dictate", "devices")


def test_microphones_have_their_names_whatever_leads_alsa_to_them(session, env) -> None:
    listed = devices(session, env)
    assert listed[0] == "virtmic  (default)"
    assert OTHER in listed
    assert "Monitor of speaker  (not a microphone: it hears what the speakers play)" in listed


def test_the_chosen_microphone_is_heard_and_no_other(session, env, tone) -> None:
    player = session.sound.play(tone, "mic2")
    try:
        with Recorder(env, OTHER.upper()) as recorder:
            recorder.begin()
            wait_until(lambda: session.sound.recorders() == [OTHER], 5, "it records from there")
            assert loud(recorder)
        with Recorder(env) as recorder:
            recorder.begin()
            wait_until(lambda: session.sound.recorders() == ["virtmic"], 5, "from the default")
            assert recorder.end()["peak"] < QUIET
    finally:
        session.processes.end(player)


def test_a_chosen_monitor_hears_what_the_speakers_play(session, env, tone) -> None:
    player = session.sound.play(tone, "speaker")
    try:
        with Recorder(env, "Monitor of speaker") as recorder:
            recorder.begin()
            wait_until(
                lambda: session.sound.recorders() == ["speaker.monitor"], 5, "it records from there"
            )
            assert loud(recorder)
    finally:
        session.processes.end(player)


def test_a_muted_microphone_is_told(session, env) -> None:
    session.sound.pactl("set-source-mute", OTHER, "1")
    try:
        assert f"{OTHER}  (muted)" in devices(session, env)
        with Recorder(env, OTHER) as recorder:
            recorder.begin()
            told = recorder.end()["told"]
    finally:
        session.sound.pactl("set-source-mute", OTHER, "0")
    assert told == [f"The microphone {OTHER!r} is muted. Unmute it in the sound settings."]


def test_pipewires_own_plugin_is_taken_where_both_are(session) -> None:
    for plugins in (("pipewire", "pulse"), ("pulse", "pipewire")):
        env = session.env | session.sound.lead_alsa(plugins)
        for device in ("", OTHER):
            with Recorder(env, device) as recorder:
                recorder.begin()
                wait_until(session.sound.recorders, 5, "it records")
                outputs = session.sound.pactl("list", "source-outputs")
                assert recorder.end()["told"] == []
            assert 'client.api = "pipewire-pulse"' not in outputs, "that of PulseAudio's plugin"


def test_without_a_plugin_the_package_is_named(session) -> None:
    env = session.env | session.sound.lead_alsa(())
    with Recorder(env) as recorder:
        assert recorder.answers() == "failed"
        [told] = recorder.end()["told"]
    assert told == (
        "No microphone was found. PipeWire runs, but ALSA has no plugin for it. "
        "Install pipewire-alsa."
    )


@pytest.mark.parametrize(
    ("plugins", "words"),
    [
        (("pipewire",), "ok|virtmic, until the first sample; by PipeWire's plugin for ALSA|"),
        (("pulse",), "ok|virtmic, until the first sample; by PulseAudio's plugin for ALSA|"),
        (
            (),
            "failed|No microphone was found.|PipeWire runs, but ALSA has no plugin for it. "
            "Install pipewire-alsa.",
        ),
    ],
)
def test_doctor_says_what_leads_to_the_microphone_and_what_is_missing(
    session, plugins, words
) -> None:
    env = session.env | session.sound.lead_alsa(plugins)
    microphone = python(session, env, "-c", DOCTOR)[0]
    assert microphone == f"microphone|{words}"


def test_the_users_environment_does_not_bend_the_choice(session, env, tone) -> None:
    player = session.sound.play(tone, "mic2")
    bent = {"PULSE_SOURCE": "virtmic", "PIPEWIRE_NODE": "virtmic"}
    try:
        with Recorder(env | bent, OTHER) as recorder:
            recorder.begin()
            wait_until(lambda: session.sound.recorders() == [OTHER], 5, "it records from there")
            assert loud(recorder)
    finally:
        session.processes.end(player)


def test_a_microphone_is_chosen_by_name_while_pipewire_pulse_restarts(session, tone) -> None:
    env = session.env | session.sound.lead_alsa(("pipewire",))
    with Recorder(env, OTHER) as recorder:
        recorder.begin()
        assert recorder.end()["told"] == []
        session.sound.stop_pulse()
        recorder.begin()
        session.sound.start_pulse()
        player = session.sound.play(tone, "mic2")
        try:
            wait_until(lambda: session.sound.recorders() == [OTHER], 5, "it records from there")
            time.sleep(0.5)
            heard = recorder.end()
        finally:
            session.processes.end(player)
        assert heard["told"] == []
        assert heard["peak"] > LOUD
