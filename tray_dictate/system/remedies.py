"""Remedies that differ from system to system."""

from __future__ import annotations

import sys


def on(*, linux: str, windows: str, macos: str, platform: str = sys.platform) -> str:
    """Return the remedy for this system; any but Windows and macOS is like Linux."""
    return {"win32": windows, "darwin": macos}.get(platform, linux)


ALLOW_MICROPHONE = on(
    linux="see that a sound server (PipeWire or PulseAudio) runs",
    windows="let desktop apps use it: Settings, Privacy & security, Microphone",
    macos="allow it: System Settings, Privacy & Security, Microphone",
)
RESTART_SOUND = on(
    linux="Restart the sound server: `systemctl --user restart pipewire wireplumber`, or "
    "`pulseaudio -k`.",
    windows="Restart the service Windows Audio, or the computer.",
    macos="Log out and in again, or run `sudo killall coreaudiod`.",
)
# ALSA's way to each sound server; the same name everywhere where only one is given
ALSA_PLUGINS = {
    "PipeWire": "Install pipewire-alsa.",
    "PulseAudio": "Install libasound2-plugins (Debian, Ubuntu), alsa-plugins-pulseaudio (Fedora) "
    "or pulseaudio-alsa (Arch).",
}
SOUND_LIBRARY = on(
    linux="apt install libportaudio2",
    windows="run install.ps1 again",
    macos="run install.sh again",
)
CLIPBOARD = on(
    linux="Install xclip (X11) or wl-clipboard (Wayland).",
    windows="Close the program that keeps the clipboard to itself, and try again.",
    macos="Close the program that keeps the clipboard to itself, and try again.",
)
RUNTIME_FOLDER = on(
    linux="Set XDG_RUNTIME_DIR to a folder of yours.",
    windows="Make that folder yours.",
    macos="Make that folder yours.",
)
