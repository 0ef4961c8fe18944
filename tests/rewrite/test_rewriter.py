"""When a text is rewritten at all, and what is told when it cannot be."""

from __future__ import annotations

import sys

import pytest

from tray_dictate import config_load
from tray_dictate.config import RewriteSettings
from tray_dictate.errors import ConfigError
from tray_dictate.rewrite import Rewriter

UPPER = ["tr", "a-z", "A-Z"]


@pytest.fixture
def told():
    return []


def make(told, **settings) -> Rewriter:
    return Rewriter(RewriteSettings(**settings), told.append)


async def test_nothing_configured_changes_nothing(told):
    rewriter = make(told)
    assert await rewriter.apply(" text ", "xterm") == " text "
    await rewriter.close()
    assert told == []


@pytest.mark.parametrize("text", ["", " ", "\n"])
async def test_no_text_asks_nobody(told, text):
    assert await make(told, command=["no-such-program"]).apply(text, "") == text
    assert told == []


@pytest.mark.parametrize(
    ("pattern", "application", "rewritten"),
    [
        ("", "", True), ("", "xterm", True), ("^xterm$", "XTerm", True),
        ("^xterm$", "uxterm", False), ("mail|slack", "Slack", True), ("mail", "", False),
    ],
)  # fmt: skip
async def test_only_the_applications_that_are_named(told, pattern, application, rewritten):
    rewriter = make(told, command=UPPER, applications=pattern)
    assert await rewriter.apply("text", application) == ("TEXT" if rewritten else "text")


def test_a_pattern_that_is_none_is_a_mistake_in_the_settings():
    with pytest.raises(ConfigError, match=r"rewrite\.applications: got '\(', it is no regular"):
        config_load.load(None, ['rewrite.applications="("'], {})


async def test_a_failure_is_told_once_for_each_kind_until_it_has_worked(told, tmp_path):
    mode = tmp_path / "mode"
    code = f"import sys; exec(open({str(mode)!r}).read())"
    rewriter = make(told, command=[sys.executable, "-c", code], timeout_seconds=20)

    async def apply(program: str, answer: str = "text") -> None:
        mode.write_text(program)
        assert await rewriter.apply("text", "") == answer

    await apply("exit(1)")
    await apply("exit(2)")
    assert len(told) == 1
    await apply("pass")
    assert len(told) == 2
    await apply("exit(1)")
    assert len(told) == 2
    await apply("print('fine')", "fine")
    await apply("exit(1)")
    assert len(told) == 3


async def test_what_goes_wrong_in_an_unforeseen_way_loses_no_text(told):
    rewriter = make(told, command=UPPER)

    async def broken(_text: str, _application: str) -> str:
        raise KeyError("private words")

    rewriter._ways["rewrite.command"] = broken
    assert await rewriter.apply("text", "") == "text"
    assert told == ["Text goes in as it is said: KeyError was not expected. (rewrite.command)"]


def test_a_key_or_a_command_is_not_in_what_the_settings_show():
    settings = RewriteSettings(key_command=["echo", "secret"], command=["secret"])
    assert "secret" not in repr(settings)
