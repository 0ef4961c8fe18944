"""Checks the microphone: which one is used, how soon it delivers sound, and how loud that is."""

from __future__ import annotations

import asyncio
import math
import time

import numpy as np

from tray_dictate.audio.devices import (
    NONE_FOUND,
    Picked,
    Source,
    find_sources,
    missing_plugin,
    pick,
)
from tray_dictate.audio.microphone import Microphone
from tray_dictate.audio.portaudio import NO_ANSWER, PortAudio
from tray_dictate.config.schema import AudioSettings
from tray_dictate.core.errors import CaptureError
from tray_dictate.core.pcm import SAMPLE
from tray_dictate.core.samples import peak
from tray_dictate.doctor.check import Finding, failed
from tray_dictate.system import threads
from tray_dictate.system.logs import LoggedNotices
from tray_dictate.system.threads import Bridge

_RATE = 16000  # samples per second
_RECORDED = 1.0  # seconds
_CLOSE = (
    "Close the program that uses it, or set audio.device; `tray-dictate devices` lists the "
    "microphones."
)
_PLUGINS = {
    "pipewire": "; by PipeWire's plugin for ALSA",
    "pulse": "; by PulseAudio's plugin for ALSA",
    None: "",
}
_UNMUTE = "Unmute it in the sound settings, or with its switch"


async def check_microphone(settings: AudioSettings) -> list[Finding]:
    """Record for a second, even while a daemon is recording."""
    bridge = Bridge()  # the microphone's callbacks come to this loop
    bridge.start()
    try:
        return await asyncio.wrap_future(bridge.run(_check(settings, bridge)))
    except CaptureError as error:
        for words in (NONE_FOUND, NO_ANSWER):
            before, _, remedy = str(error).partition(words)
            if not before and remedy:
                return [Finding("microphone", "failed", words, remedy=remedy.strip())]
        return [failed("microphone", error, _CLOSE)]
    finally:
        await threads.run_in_thread(bridge.stop)


async def _check(settings: AudioSettings, bridge: Bridge) -> list[Finding]:
    portaudio = PortAudio()
    wanted = settings.model_copy(update={"warm": 0})  # it is closed after the check
    microphone = Microphone(wanted, portaudio, bridge, LoggedNotices())
    try:
        await microphone.warm_up(_RATE)
        found = await portaudio.call(lambda: find_sources(portaudio, settings.device))
        picked = pick(found, settings.device)
        lacking = await portaudio.call(lambda: missing_plugin(portaudio))
        milliseconds, pcm = await _record(microphone)
    finally:
        await microphone.close()
        portaudio.close()
    findings = [_first_sample(picked, milliseconds), _level(picked.source, pcm)]
    if lacking:
        findings.append(_missing(lacking))
    return findings


async def _record(microphone: Microphone) -> tuple[float, bytes]:
    """Return the milliseconds until the first sample, and a second of sound as PCM16."""
    capture = microphone.capture(_RATE)
    pcm, first = b"", 0.0
    began = time.monotonic()
    async with capture.open() as chunks:
        async for chunk in chunks:
            first = first or (time.monotonic() - began) * 1e3
            pcm += chunk
            if len(pcm) >= _RECORDED * _RATE * SAMPLE:
                capture.stop()
    return first, pcm


def _first_sample(picked: Picked, milliseconds: float) -> Finding:
    name = picked.source.name
    if picked.source.muted:
        words = f"{name} is muted."
        return Finding("microphone", "failed", words, milliseconds, "ms", f"{_UNMUTE}.")
    if picked.source.monitor:
        words = f"{name} hears what the speakers play, not you."
        remedy = "Set audio.device to a microphone; `tray-dictate devices` lists them."
        return Finding("microphone", "warning", words, milliseconds, "ms", remedy)
    if picked.note:
        words, _, remedy = picked.note.rpartition(". ")
        return Finding("microphone", "warning", f"{words}.", milliseconds, "ms", remedy)
    words = f"{name}, until the first sample{_PLUGINS[picked.source.route]}"
    return Finding("microphone", "ok", words, milliseconds, "ms")


def _missing(lacking: str) -> Finding:
    """Return a finding where PortAudio has the hardware, but not what the sound server has."""
    why, _, remedy = lacking.partition(". ")
    words = f"{why}: microphones have other names, and mute is not seen."
    return Finding("sound server", "warning", words, remedy=remedy)


def _level(source: Source, pcm: bytes) -> Finding:
    loudest = peak(pcm)
    if loudest == 0:
        words = "Only silence: a working microphone always has some noise."
        remedy = f"{_UNMUTE}, or choose another one with audio.device."
        if source.muted:
            remedy = ""  # in the finding above
        return Finding("level", "warning", words, remedy=remedy)
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    mean = 10 * math.log10(float(np.mean(samples**2)))
    words = f"average over a second; peak {20 * math.log10(loudest):.0f} dBFS"
    return Finding("level", "ok", words, mean, "dBFS")
