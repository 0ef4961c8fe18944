"""`tray-dictate config`, `devices` and `autostart`."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from tray_dictate.audio import devices
from tray_dictate.audio.portaudio import PortAudio
from tray_dictate.cli.options import config_file
from tray_dictate.cli.usable import usable_settings, warnings
from tray_dictate.config import template
from tray_dictate.system import autostart, files


def show_config(options: argparse.Namespace) -> int:
    """Print the default settings, the path of the settings file, or what is wrong with it."""
    if options.defaults:
        sys.stdout.write(template.render())
    elif options.path:
        print(config_file(options) or files.config_file())
    else:
        config = usable_settings(options)
        for warning in warnings(config):
            print(warning)
        path = config_file(options) or files.config_file()
        print(f"No problems found in {path if path.exists() else 'the settings'}.")
    return 0


def list_microphones(_options: argparse.Namespace) -> int:
    """Print the microphones. Raises CaptureError if there is none, or the sound system hangs."""
    portaudio = PortAudio()
    for source in portaudio.wait(partial(devices.find_sources, portaudio, "")):
        marks = {
            "default": source.default,
            "muted": source.muted,
            "not a microphone: it hears what the speakers play": source.monitor,
        }
        notes = [note for note, on in marks.items() if on]
        print(source.name + (f"  ({', '.join(notes)})" if notes else ""))
    return 0


def manage_autostart(options: argparse.Namespace) -> int:
    """Turn start at login on or off, and print its state; return 1 if `status` finds it off."""
    if options.action == "enable":
        autostart.enable(systemd=options.systemd)
    elif options.action == "disable":
        autostart.disable()
    login = autostart.status()
    print(login)
    return int(options.action == "status" and (not login.on or login.broken))
