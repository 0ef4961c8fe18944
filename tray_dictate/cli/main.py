"""The command line. Every failure is one clear sentence on stderr and a non-zero exit.

A command lives in cli_<name>.py, which adds its words and imports what it runs only when it runs.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn

from tray_dictate import __version__
from tray_dictate.cli import (
    autostart,
    cli_transcribe,
    completion,
    control,
    devices,
    doctor,
    help,
    history,
    keys,
    run,
    setup,
    status,
)
from tray_dictate.cli import options as cli_settings
from tray_dictate.core.errors import ConfigError, DictateError, OutputError, RunningError
from tray_dictate.core.suggestions import closest

_HELP = """\
usage: tray-dictate [COMMAND] [OPTION ...]

Hold a key, speak, and let go: the words appear where you type, while you still
speak. The key is the right Ctrl key, unless you have chosen another.

{commands}
options:
  -h, --help                  show this, or what a command does: tray-dictate COMMAND --help
  --version                   show the version
  --set SECTION.NAME=VALUE    use another value for a setting, this time
  --config FILE               read this settings file instead of your own

examples:
  tray-dictate                             start; then hold right Ctrl and speak
  tray-dictate --set hotkey.keys=f9        ... with another key, this time
  tray-dictate status                      is it ready? which key, which microphone?
  tray-dictate doctor                      it does not work: find out why
  tray-dictate config --defaults > FILE    a settings file with every setting explained
  tray-dictate toggle                      start or stop, from a shortcut of your desktop
"""
_GROUPS = {
    "dictating": "run status start stop toggle cancel redo undo copy quit",
    "what you said": "history stats transcribe",
    "setting up": "doctor devices config reload key autostart completion help",
}
_COMMANDS = (
    run,
    control,
    status,
    cli_transcribe,
    history,
    doctor,
    devices,
    setup,
    keys,
    autostart,
    completion,
    help,
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
    except OutputError:  # for the caller, whose output it is
        raise
    except DictateError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        return 1
    except MemoryError:
        sys.stderr.write("tray-dictate: There is not enough memory for it.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return what understands the whole command line."""
    parser = _Parser(prog="tray-dictate", description="Hold a key, speak, and the words appear.")
    parser.add_argument("--version", action="version", version=f"tray-dictate {__version__}")
    cli_settings.add_settings(parser)
    parser.set_defaults(command=run.run)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", parser_class=CommandParser
    )
    parser.commands = _Commands(commands)
    for module in _COMMANDS:
        module.add(parser.commands)
    return parser


class CommandParser(argparse.ArgumentParser):
    """Understands the words of a command, and which was meant by one that it does not know."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and end with 2."""
        found = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if found:
            known = [word.strip("' ") for word in found[2].split(",")]
            close = closest(found[1], known)
            meant = f"did you mean {close}?" if close else f"{self.prog} --help lists what is."
            message = f"{found[1]!r} is not known; {meant}"
        super().error(message)


class _Parser(CommandParser):
    """The whole command line, whose help has the commands by what they are for."""

    commands: _Commands

    def format_help(self) -> str:
        """Return the whole page."""
        groups = {title: names.split() for title, names in _GROUPS.items()}
        listed = {name for names in groups.values() for name in names}
        if others := [name for name in self.commands.helps if name not in listed]:
            groups["more"] = others
        lines: list[str] = []
        for title, names in groups.items():
            lines += [f"{title}:", *(f"  {name:<12}{self.commands.helps[name]}" for name in names)]
            lines.append("")
        return _HELP.format(commands="\n".join(lines))


class _Commands:
    """Takes the commands, and keeps their words."""

    def __init__(self, commands: argparse._SubParsersAction[CommandParser]) -> None:  # pyright: ignore[reportPrivateUsage]
        self._commands = commands
        self.helps: dict[str, str] = {}

    def add_parser(self, name: str, *, help: str, **words: Any) -> argparse.ArgumentParser:
        """Add a command, as argparse does."""
        self.helps[name] = help
        return self._commands.add_parser(name, help=help, **words)
