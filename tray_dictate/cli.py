"""The command line. Every failure is one clear sentence on stderr and a non-zero exit.

A command lives in cli_<name>.py, which adds its words and imports what it runs only when it runs.
"""

from __future__ import annotations

import argparse
import sys

from tray_dictate import (
    __version__,
    cli_autostart,
    cli_completion,
    cli_config,
    cli_control,
    cli_devices,
    cli_doctor,
    cli_history,
    cli_key,
    cli_run,
    cli_settings,
    cli_status,
    cli_transcribe,
)
from tray_dictate.errors import ConfigError, DictateError, RunningError

_EPILOG = """\
Hold the hotkey (right Ctrl unless configured), speak, and release: the words
appear in the window that has the focus, while you still speak.

examples:
  tray-dictate                             start dictating
  tray-dictate --set hotkey.keys=f9        ... with another key, this time
  tray-dictate transcribe talk.wav         print what is said in a file
  tray-dictate config --defaults > FILE    a settings file with every setting explained
  tray-dictate toggle                      start or stop speaking, from a shortcut of your desktop
"""
_COMMANDS = (  # in the order of --help
    cli_run,
    cli_control,
    cli_status,
    cli_transcribe,
    cli_history,
    cli_doctor,
    cli_devices,
    cli_config,
    cli_key,
    cli_autostart,
    cli_completion,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrongly asked."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except ConfigError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        return 2
    except RunningError as told:  # a session that starts it twice need not try again
        sys.stderr.write(f"tray-dictate: {told}\n")
        return 0
    except DictateError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
        return 0


def parser() -> argparse.ArgumentParser:
    """Return what understands the whole command line."""
    parser = argparse.ArgumentParser(
        prog="tray-dictate",
        description="Hold a key, speak, and the words land in the focused window.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tray-dictate {__version__}")
    cli_settings.add_settings(parser)
    parser.set_defaults(command=cli_run.run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for module in _COMMANDS:
        module.add(commands)
    return parser
