"""The words of the command line, without running a command."""

from __future__ import annotations

import argparse
import pkgutil
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import pytest

from tray_dictate.cli.parser import build_parser


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of the commands below, and of their own commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from parsers(command)


COMMANDS = list(parsers(build_parser()))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.prog)
def test_every_command_names_a_function_that_takes_its_options(command):
    function = pkgutil.resolve_name(command.get_default("command"))
    [(_, options), (_, result)] = function.__annotations__.items()
    assert (options, result) == ("argparse.Namespace", "int")


def test_without_a_command_the_daemon_runs():
    assert build_parser().parse_args([]).command == build_parser().parse_args(["run"]).command


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.prog)
def test_every_command_says_what_it_does_in_sentences(command):
    with redirect_stdout(StringIO()) as printed, pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*command.prog.split()[1:], "--help"])
    assert ended.value.code == 0
    usage, description, *_ = printed.getvalue().split("\n\n")
    assert usage.startswith(f"usage: {command.prog}")
    assert re.match(r"[A-Z].*\.$", description, re.DOTALL), description


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["strat"], "start"), (["tgogle"], "toggle"), (["transcibe", "x.wav"], "transcribe"),
        (["history", "retyr"], "retry"), (["doctor", "enigne"], "engine"),
        (["autostart", "enabel"], "enable"), (["completion", "bsh"], "bash"),
    ],
    ids=str,
)  # fmt: skip
def test_a_slip_in_a_command_is_answered_with_what_was_meant(words, meant, capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(words)
    assert ended.value.code == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err
