"""The parser of the command line: commands, options, and their help.

A command names the function that carries it out, "module:function", and main.py imports it when the
command runs. So `--help`, shell completion and errors in the arguments import nothing else.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path
from typing import NoReturn

from tray_dictate import __version__
from tray_dictate.core.suggestions import closest

_HELP = """\
usage: tray-dictate [COMMAND] [OPTION ...]

Hold a key and speak: the words appear where you type, while you are still
speaking. The key is the right Ctrl key, unless you have chosen another one.

{commands}
options:
  -h, --help                  show this help, or that of a command: COMMAND --help
  --version                   show the version
  --set SECTION.NAME=VALUE    use this value of a setting for this run only
  --config FILE               use this settings file instead of your own

examples:
  tray-dictate                             start; then hold right Ctrl and speak
  tray-dictate --set hotkey.keys=f9        start with another key, for this run only
  tray-dictate status                      is it ready? which key, which microphone?
  tray-dictate doctor                      something does not work: find out why
  tray-dictate config --defaults > FILE    write a settings file that explains every setting
  tray-dictate toggle                      start or stop; for a shortcut of your desktop
"""
_COMMANDS = {  # by purpose, in the order of the help
    "dictating": {
        "run": "start tray-dictate; the same as no command",
        "status": "show whether it is ready, and its key, engine and microphone",
        "start": "start a dictation, like pressing the hotkey",
        "stop": "end the dictation, like releasing the hotkey",
        "toggle": "start a dictation, or end the current one",
        "cancel": "stop recording and discard what you said",
        "redo": "insert the last dictation again",
        "undo": "remove the last dictation",
        "copy": "copy the last dictation to the clipboard",
        "quit": "quit tray-dictate",
    },
    "what you said": {
        "history": "list your dictations and how each one ended",
        "stats": "show how fast your dictations are, and the minutes sent to a cloud",
        "transcribe": "print the text of audio files",
    },
    "setting up": {
        "doctor": "check what works on this computer, and how to fix the rest",
        "devices": "list the microphones",
        "models": "list, download and choose speech models for the offline engine",
        "config": "show or check the settings",
        "reload": "reload the settings file",
        "key": "store an API key in the system's keyring",
        "autostart": "turn start at login on or off",
        "completion": "print a completion script for your shell",
        "help": "show a page of the manual",
    },
}
_SHORTCUT = """\
Bind it to a key in your desktop's keyboard settings or, in sway's configuration:
  bindsym --no-repeat F9 exec tray-dictate start
  bindsym --release   F9 exec tray-dictate stop
"""
_STATUS = """\
examples:
  tray-dictate status                      the current status
  tray-dictate status --follow             a line for every change, until Ctrl+C
  tray-dictate status --follow --json      the same for a status bar, such as waybar

"status" in the JSON is one of: off, idle, opening, recording, transcribing, error (ready again
after a problem, which is in "detail"), not running. "microphone_open" says whether the microphone
is open, also between two dictations (audio.warm). Exit code: 0 if it is running, 1 if it is not.
"""
_MODELS = """\
examples:
  tray-dictate models                          which models there are
  tray-dictate models get moonshine-base-en    download one: more accurate English
  tray-dictate models use whisper-small        use it from now on
  tray-dictate models use ./my-model.gguf      use a file of your own

"speed" is that of a laptop without a graphics card: fast, medium or slow. A "live" model gives
final text while you are still speaking.
"""
SINCE = "2h, 3d, today, yesterday, 2026-11-01 or '2026-11-01 14:30'"  # times that --since takes
_ARCHIVES = (".zip", ".tar.gz", ".tgz")


class CommandParser(argparse.ArgumentParser):
    """Parses the arguments of a command, and suggests a known word for an unknown one."""

    def error(self, message: str) -> NoReturn:
        """Print the error in one line, and exit with 2."""
        found = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if found:
            known = [word.strip("' ") for word in found[2].split(",")]
            close = closest(found[1], known)
            hint = f"did you mean {close}?" if close else f"see {self.prog} --help."
            message = f"{found[1]!r} is not known; {hint}"
        super().error(message)


class _MainParser(CommandParser):
    """The parser of the whole command line, whose help groups the commands by purpose."""

    def __init__(self) -> None:
        super().__init__(
            prog="tray-dictate", description="Hold a key, speak, and the words appear."
        )
        self.add_argument("--version", action="version", version=f"tray-dictate {__version__}")
        _add_settings(self)
        self._commands = self.add_subparsers(
            title="commands", metavar="COMMAND", parser_class=CommandParser
        )

    def add_command(
        self, name: str, function: str, description: str, epilog: str = ""
    ) -> CommandParser:
        """Add a command of `_COMMANDS` that `function` carries out; `epilog` keeps its lines."""
        [summary] = [named[name] for named in _COMMANDS.values() if name in named]
        command = self._commands.add_parser(
            name, help=summary, description=description, epilog=epilog
        )
        if "\n" in epilog:
            command.formatter_class = argparse.RawDescriptionHelpFormatter
            command.description = textwrap.fill(description, 80)
        command.set_defaults(command=function)
        return command

    def format_help(self) -> str:
        """Return the whole page."""
        lines: list[str] = []
        for purpose, named in _COMMANDS.items():
            lines += [f"{purpose}:", *(f"  {name:<12}{named[name]}" for name in named), ""]
        return _HELP.format(commands="\n".join(lines))


def build_parser() -> CommandParser:
    """Return the parser of the whole command line; the parsed options have `command`."""
    parser = _MainParser()
    parser.set_defaults(command="tray_dictate.cli.run:run")
    _add_control(parser)
    _add_history(parser)
    _add_transcribe(parser)
    _add_doctor(parser)
    _add_models(parser)
    _add_setup(parser)
    return parser


def _add_control(parser: _MainParser) -> None:
    run = parser.add_command(
        "run", "tray_dictate.cli.run:run",
        "Start tray-dictate. It runs until you choose Quit in the tray menu or run `tray-dictate "
        "quit`.",
    )  # fmt: skip
    _add_settings(run)
    status = parser.add_command(
        "status", "tray_dictate.cli.control:show_status",
        "Show what the running tray-dictate is doing, and which key, engine and microphone it "
        "uses.",
        _STATUS,
    )  # fmt: skip
    status.add_argument(
        "--follow", action="store_true",
        help="print a line for every change, until Ctrl+C or until tray-dictate quits",
    )  # fmt: skip
    status.add_argument("--json", action="store_true", help="print each line as a JSON object")
    for name, description, epilog in (
        ("start", "Start a dictation, like pressing the hotkey. If one is in progress, it "
         "continues.", _SHORTCUT),
        ("stop", "End the dictation, like releasing the hotkey: what you said is inserted. If "
         "nothing is being recorded, nothing happens; but a start within 0.3 s after that counts "
         "as the same tap, and is ignored too.", _SHORTCUT),
        ("toggle", "Start a dictation or, while one is being recorded, end it and insert what you "
         "said. A key that you hold, and that repeats, counts once.",
         "Bind this command to a key in your desktop's keyboard settings."),
        ("cancel", "Stop recording and discard what you said. If nothing is being recorded, "
         "discard the text that has not been inserted yet.", ""),
        ("redo", "Insert the last dictation again, where you are typing now.", ""),
        ("undo", "Remove the last dictation, if you have not typed or clicked since.", ""),
        ("copy", "Copy the last dictation to the clipboard, to paste it yourself.", ""),
        ("reload", "Reload the settings file and say what has changed. A file with mistakes "
         "changes nothing.", "To find the file: tray-dictate config --path"),
    ):  # fmt: skip
        command = parser.add_command(name, "tray_dictate.cli.control:send", description, epilog)
        command.set_defaults(name=name)
    parser.add_command(
        "quit", "tray_dictate.cli.control:quit_daemon",
        "Quit tray-dictate, like Quit in its menu. What you are saying is inserted first; the "
        "command returns when tray-dictate has ended.",
    )  # fmt: skip


def _add_history(parser: _MainParser) -> None:
    history = parser.add_command(
        "history", "tray_dictate.cli.history:list_entries",
        "List your dictations, the newest first. tray-dictate need not be running.",
    )  # fmt: skip
    history.add_argument("--search", metavar="TEXT", default="", help="only those with this text")
    history.add_argument(
        "--since", metavar="WHEN", default="", help=f"only those since then: {SINCE}"
    )
    history.add_argument(
        "--limit", metavar="N", type=_count, default=20, help="at most this many (20); 0: all"
    )
    history.add_argument("--json", action="store_true", help="print a JSON object per dictation")
    _add_settings(history)
    actions = history.add_subparsers(title="actions", metavar="ACTION")
    retry = actions.add_parser(
        "retry",
        help="transcribe the recording of a failed dictation",
        description="Transcribe a recording with the current engine. The text is printed, copied "
        "to the clipboard and added to the history; the recording is deleted.",
    )
    retry.add_argument(
        "id", nargs="?", type=int, metavar="ID", help="which dictation (the latest that failed)"
    )
    _add_settings(retry)
    retry.set_defaults(command="tray_dictate.cli.history_retry:retry_recording")
    clear = actions.add_parser(
        "clear",
        help="delete all texts and recordings",
        description="Delete all texts and recordings, also those in the memory of a running "
        "tray-dictate.",
    )
    clear.add_argument("--yes", action="store_true", help="do not ask")
    _add_settings(clear)
    clear.set_defaults(command="tray_dictate.cli.history:clear")
    stats = parser.add_command(
        "stats", "tray_dictate.cli.history:show_stats",
        "Show figures of your dictations. They contain nothing of what you said, and are kept even "
        "if the history is off.",
    )  # fmt: skip
    stats.add_argument("--json", action="store_true", help="print one JSON object")
    _add_settings(stats)


def _add_transcribe(parser: _MainParser) -> None:
    transcribe = parser.add_command(
        "transcribe", "tray_dictate.cli.transcribe:transcribe",
        "Print the text of audio files. tray-dictate need not be running.",
    )  # fmt: skip
    transcribe.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3; - for stdin"
    )
    transcribe.add_argument("--json", action="store_true", help="print a JSON object per file")
    transcribe.add_argument("--engine", metavar="NAME", help="short for --set engine.name=NAME")
    transcribe.add_argument(
        "--realtime", action="store_true",
        help="send the audio no faster than it was spoken, as a dictation does",
    )  # fmt: skip
    _add_settings(transcribe)


def _add_doctor(parser: _MainParser) -> None:
    doctor = parser.add_command(
        "doctor", "tray_dictate.cli.doctor:check_computer",
        "Check the display, settings, hotkey, microphone, engine, typing, clipboard, tray and "
        "files, with figures, and say how to fix what does not work. A small window opens for a "
        "moment, and a test text is typed into it. Exit code: 1 if a check failed, otherwise 0.",
    )  # fmt: skip
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.add_argument(
        "--no-input", action="store_true", help="do not ask you to press the hotkey"
    )
    doctor.add_argument(
        "--bundle", type=_archive, metavar="FILE",
        help="also write an archive (.zip or .tar.gz) to attach to a bug report: without keys, "
        "without your name, and without anything you said",
    )  # fmt: skip
    doctor.add_argument(
        "--write", action="store_true",
        help="no checks: bind the hotkey in the configuration file of sway, Hyprland, river or "
        "niri",
    )  # fmt: skip
    doctor.add_argument(
        "--fix", action="store_true",
        help="no checks: bind the hotkey in GNOME's keyboard settings",
    )  # fmt: skip
    _add_settings(doctor)
    topics = doctor.add_subparsers(title="topics", metavar="TOPIC")
    engine = topics.add_parser(
        "engine",
        help="check only the engine: its server, key and speed",
        description="Check the engine step by step. A server gets no audio without --live.",
    )
    engine.add_argument(
        "--live", action="store_true", help="also send a recording, which may cost money"
    )
    engine.add_argument("--json", action="store_true", help="print one JSON object")
    _add_settings(engine)
    engine.set_defaults(command="tray_dictate.cli.doctor:check_engine")


def _add_models(parser: _MainParser) -> None:
    models = parser.add_command(
        "models", "tray_dictate.cli.models:list_models",
        "List the speech models that can be downloaded for the offline engine, and those that are "
        "installed. Nothing is downloaded until you ask for it.",
        _MODELS,
    )  # fmt: skip
    models.add_argument("--json", action="store_true", help="print a JSON object per model")
    models.add_argument(  # see cli/models.py
        "--catalogue", type=Path, metavar="FILE", default=None, help=argparse.SUPPRESS
    )
    _add_settings(models)
    actions = models.add_subparsers(title="actions", metavar="ACTION", parser_class=CommandParser)
    listed = actions.add_parser(
        "list",
        help="list the models; the same as no action",
        description="List the models that can be downloaded, and those that are installed.",
    )
    listed.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS,
        help="print a JSON object per model",
    )  # fmt: skip
    listed.set_defaults(command="tray_dictate.cli.models:list_models")
    get = actions.add_parser(
        "get",
        help="download a model",
        description="Download a model. A download that broke off is continued; every file is "
        "checked by its SHA-256.",
    )
    get.add_argument("id", metavar="ID", help="as `tray-dictate models` lists it")
    get.add_argument("--yes", action="store_true", help="accept the licence without being asked")
    get.set_defaults(command="tray_dictate.cli.models:get_model")
    remove = actions.add_parser(
        "remove",
        help="delete a downloaded model",
        description="Delete a downloaded model, or what has arrived of it.",
    )
    remove.add_argument("id", metavar="ID", help="as `tray-dictate models` lists it")
    remove.set_defaults(command="tray_dictate.cli.models:remove_model")
    use = actions.add_parser(
        "use",
        help="choose the model of the offline engine",
        description="Choose the model that the offline engine uses: write engine.local_model into "
        "your settings file. A running tray-dictate changes to it at once.",
    )
    use.add_argument(
        "model", metavar="ID|FOLDER|FILE",
        help="a model of the list, or one of your own; automatic: the best installed one",
    )  # fmt: skip
    use.add_argument(
        "--yes", action="store_true", help="download it if it is not installed, without being asked"
    )
    use.set_defaults(command="tray_dictate.cli.models:use_model")
    for action in (listed, get, remove, use):
        _add_settings(action)


def _add_setup(parser: _MainParser) -> None:
    parser.add_command(
        "devices", "tray_dictate.cli.setup:list_microphones",
        "List the microphones. To use one of them, set audio.device to its name.",
    )  # fmt: skip
    config = parser.add_command(
        "config", "tray_dictate.cli.setup:show_config",
        "Show or check the settings. Without a settings file, every setting has its default.",
    )  # fmt: skip
    choice = config.add_mutually_exclusive_group(required=True)
    choice.add_argument("--defaults", action="store_true", help="print every setting, explained")
    choice.add_argument("--path", action="store_true", help="print the path of your settings file")
    choice.add_argument("--check", action="store_true", help="list every mistake in your settings")
    _add_settings(config)
    key = parser.add_command(
        "key", "tray_dictate.cli.keys:manage_key",
        "Store the API key of an online service in the system's keyring, say where the key comes "
        "from, or delete it. The offline engine needs no key.",
    )  # fmt: skip
    key.add_argument("action", choices=("set", "test", "forget"))
    key.add_argument(
        "--for", dest="purpose", choices=("engine", "rewrite", "all"), default="engine",
        help="what the key is for (default: engine); forget --for all deletes every key",
    )  # fmt: skip
    _add_settings(key)
    autostart = parser.add_command(
        "autostart", "tray_dictate.cli.setup:manage_autostart",
        "Turn start at login on or off. It does not affect a running tray-dictate.",
        "After moving the installation, run `tray-dictate autostart enable` again. Exit code of "
        "status: 0 if it starts at login, 1 if it does not or if the program is gone.",
    )  # fmt: skip
    autostart.add_argument("action", choices=("enable", "disable", "status"))
    autostart.add_argument(
        "--systemd", action="store_true", default=None,
        help="Linux: enable a systemd user service, which restarts after a failure, instead of the "
        "desktop's autostart entry",
    )  # fmt: skip
    completion = parser.add_command(
        "completion", "tray_dictate.cli.completion:print_script",
        "Print a script that lets your shell complete the commands of tray-dictate with the Tab "
        "key. install.sh installs it for you.",
    )  # fmt: skip
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    manual = parser.add_command(
        "help", "tray_dictate.cli.help:show_page",
        "Show a page of the manual; without PAGE, list the pages.",
    )  # fmt: skip
    manual.add_argument("page", metavar="PAGE", nargs="?", help="such as wayland or settings")


def _add_settings(parser: CommandParser) -> None:
    """Add --set and --config.

    Both are accepted before and after the command; SUPPRESS keeps the parser of the command from
    overwriting values that stand before it.
    """
    parser.add_argument(
        "--set", action="append", dest="overrides", metavar="SECTION.NAME=VALUE",
        default=argparse.SUPPRESS, help="use this value of a setting for this run only",
    )  # fmt: skip
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS,
        help="use this settings file instead of your own",
    )  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of dictations; 0 means all")
    return int(text)


def _archive(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.name.endswith(_ARCHIVES):
        raise argparse.ArgumentTypeError(f"{text!r} must end with one of {', '.join(_ARCHIVES)}")
    if path.exists():
        raise argparse.ArgumentTypeError(f"{text!r} exists already; choose another name")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}")
    return path
