"""The command line. Every failure is one clear sentence on stderr and a non-zero exit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tray_dictate import __version__
from tray_dictate.errors import ConfigError, DictateError

if TYPE_CHECKING:
    from tray_dictate.config import Config

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
_CONTROL = {
    "start": "begin a dictation in the running daemon",
    "stop": "end it: what you said is inserted",
    "toggle": "begin a dictation, or end it",
    "cancel": "drop it",
    "redo": "insert the last dictation again",
    "undo": "take the last dictation back",
    "copy": "put the last dictation on the clipboard",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrongly asked."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except ConfigError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        return 2
    except DictateError as error:
        sys.stderr.write(f"tray-dictate: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tray-dictate",
        description="Hold a key, speak, and the words land in the focused window.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tray-dictate {__version__}")
    _add_settings(parser)
    parser.set_defaults(command=_run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    run = commands.add_parser("run", help="run the daemon (what happens without a command)")
    _add_settings(run)
    run.set_defaults(command=_run)

    for name, what in _CONTROL.items():
        control = commands.add_parser(name, help=what)
        control.set_defaults(command=_control, name=name)

    _add_transcribe(commands.add_parser("transcribe", help="print what is said in sound files"))
    _add_doctor(commands.add_parser("doctor", help="find out what works, and what would mend it"))

    devices = commands.add_parser("devices", help="list the microphones")
    devices.set_defaults(command=_devices)

    config = commands.add_parser("config", help="show or check the settings")
    which = config.add_mutually_exclusive_group(required=True)
    which.add_argument("--defaults", action="store_true", help="print every setting, explained")
    which.add_argument("--path", action="store_true", help="print where your settings file is")
    which.add_argument("--check", action="store_true", help="name every mistake in your settings")
    _add_settings(config)
    config.set_defaults(command=_config)

    key = commands.add_parser("key", help="keep an API key in the system's keyring")
    key.add_argument("action", choices=("set", "test", "forget"))
    key.add_argument(
        "--for", dest="purpose", choices=("engine", "rewrite"), default="engine",
        help="what the key is for (the engine, unless given)",
    )  # fmt: skip
    _add_settings(key)
    key.set_defaults(command=_key)
    return parser


def _add_transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC or OGG")
    parser.add_argument("--json", action="store_true", help="a JSON object for each file")
    parser.add_argument("--engine", metavar="NAME", help="short for --set engine.name=NAME")
    parser.add_argument(
        "--realtime", action="store_true", help="no faster than speech, as in a dictation"
    )
    _add_settings(parser)
    parser.set_defaults(command=_transcribe)


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    topics = parser.add_subparsers(title="topics", metavar="TOPIC", required=True)
    engine = topics.add_parser("engine", help="the engine: its server, its key, its speed")
    engine.add_argument(
        "--live", action="store_true", help="send a recording, too: it may cost money"
    )
    engine.add_argument("--json", action="store_true", help="one JSON object")
    _add_settings(engine)
    engine.set_defaults(command=_doctor_engine)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Both before and after the command; SUPPRESS keeps the later from erasing the earlier."""
    parser.add_argument(
        "--set", action="append", dest="overrides", metavar="SECTION.NAME=VALUE",
        default=argparse.SUPPRESS, help="use another value for a setting, this time",
    )  # fmt: skip
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS,
        help="read this settings file instead of your own",
    )  # fmt: skip


def _settings(
    options: argparse.Namespace, check: Callable[[Config], list[str]] | None = None
) -> Config:
    from tray_dictate import config_load, paths  # noqa: PLC0415 - `--help` needs none of it

    given: Path | None = getattr(options, "config", None)
    if given is not None and not given.is_file():
        raise ConfigError(["there is no such file; name another with --config"], where=str(given))
    overrides = getattr(options, "overrides", None)
    return config_load.load(given or paths.config_file(), overrides, check=check)


def _problems(config: Config) -> list[str]:
    """Return what the parts that are given these settings say of them; nothing is started."""
    from tray_dictate import engine, rewrite  # noqa: PLC0415

    return [*engine.problems(config.engine), *rewrite.problems(config.rewrite)]


def _run(options: argparse.Namespace) -> int:
    from tray_dictate import app  # noqa: PLC0415

    return app.run(_settings(options, _problems))


def _control(options: argparse.Namespace) -> int:
    from tray_dictate import control  # noqa: PLC0415

    message = control.send(options.name).get("message")
    if message:
        print(message)  # noqa: T201
    return 0


def _transcribe(options: argparse.Namespace) -> int:
    from tray_dictate import transcribe  # noqa: PLC0415

    if options.engine is not None:  # the last one counts
        named = f"engine.name={options.engine}"
        options.overrides = [*getattr(options, "overrides", []), named]
    return transcribe.files(
        options.files, _settings(options), as_json=options.json, realtime=options.realtime
    )


def _doctor_engine(options: argparse.Namespace) -> int:
    from tray_dictate import doctor  # noqa: PLC0415

    return doctor.engine(_settings(options), live=options.live, as_json=options.json)


def _devices(_options: argparse.Namespace) -> int:
    from tray_dictate.audio import sources  # noqa: PLC0415
    from tray_dictate.audio.portaudio import PortAudio  # noqa: PLC0415
    from tray_dictate.errors import CaptureError  # noqa: PLC0415

    found = sources.sources(PortAudio())
    if not found:
        raise CaptureError(
            "No microphone was found. Connect one, and see that a sound server (PipeWire or "
            "PulseAudio) runs."
        )
    for source in found:
        notes = [note for note, on in (("default", source.default), ("muted", source.muted)) if on]
        print(source.name + (f"  ({', '.join(notes)})" if notes else ""))  # noqa: T201
    return 0


def _config(options: argparse.Namespace) -> int:
    from tray_dictate import config_file, paths  # noqa: PLC0415

    if options.defaults:
        sys.stdout.write(config_file.render())
    elif options.path:
        print(getattr(options, "config", None) or paths.config_file())  # noqa: T201
    else:
        _settings(options, _problems)
        print("The settings are right.")  # noqa: T201
    return 0


def _key(options: argparse.Namespace) -> int:
    from tray_dictate import log  # noqa: PLC0415
    from tray_dictate.engine import key_actions as engine  # noqa: PLC0415
    from tray_dictate.rewrite import key_actions as rewrite  # noqa: PLC0415

    log.start_plain()
    config = _settings(options)
    if options.purpose == "rewrite":
        of_rewrite = {
            "set": rewrite.set_key, "test": rewrite.test_key, "forget": rewrite.forget_key,
        }  # fmt: skip
        print(of_rewrite[options.action](config.rewrite))  # noqa: T201
    else:
        of_engine = {"set": engine.set_key, "test": engine.test_key, "forget": engine.forget_key}
        print(of_engine[options.action](config.engine))  # noqa: T201
    return 0
