"""When a text is rewritten at all, and what is told when it cannot be."""

from __future__ import annotations

import sys

import pytest

from tests.fakes import FakeNotices
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.core.errors import ConfigError
from tray_dictate.rewrite import RewriteChain

UPPER = ["tr", "a-z", "A-Z"]


@pytest.fixture
def told():
    return []


def make(told, **settings) -> RewriteChain:
    return RewriteChain(RewriteSettings(**settings), FakeNotices(told.append))


async def test_nothing_configured_changes_nothing(told):
    rewriter = make(told)
    assert await rewriter.apply(" text ", "xterm") == " text "
    await rewriter.close()
    assert told == []


@pytest.mark.parametrize("text", ["", " ", "\n"])
async def test_no_text_asks_nobody(told, text):
    assert await make(told, command=["no-such-program"]).apply(text, "") == text
    assert told == []


MAIL, CODE = {"application": "(?i)mail", "command": UPPER}, {"application": "code", "off": True}
TITLE = ["sed", "s/t/T/"]


@pytest.mark.parametrize(
    ("profiles", "application", "expected"),
    [
        ([], "xterm", "Text"),
        ([MAIL], "Mail", "TEXT"), ([MAIL], "xterm", "Text"), ([MAIL], "", "Text"),
        ([MAIL, CODE], "vscode", "text"), ([MAIL, CODE], "VSCODE", "Text"),
        ([MAIL, {"application": "", "off": True}], "Gmail", "TEXT"),
        ([MAIL, {"application": "", "off": True}], "xterm", "text"),
        ([MAIL, {"application": "", "off": True}], "", "text"),
        ([{**MAIL, "command": []}], "mail", "text"),
        ([{**MAIL, "off": True}, MAIL], "mail", "text"),
        ([{"application": "mail"}, MAIL], "mail", "Text"), ([{"application": "mail"}], "", "Text"),
    ],
)  # fmt: skip
async def test_the_first_profile_that_matches_wins(told, profiles, application, expected):
    rewriter = make(told, command=TITLE, profiles=profiles)
    assert await rewriter.apply("text", application) == expected
    assert told == []


async def test_what_fails_is_named_where_it_stands(told):
    slow = {"application": "slow", "command": ["sleep", "9"], "timeout_seconds": 0.1}
    rewriter = make(told, command=["sleep", "9"], timeout_seconds=0.2, profiles=[MAIL, slow])
    for application in ("slow", "", "slow"):
        assert await rewriter.apply("text", application) == "text"
    head = "The text was inserted without the rewrite: sleep took longer than"
    assert told == [
        f"{head} 0.1 s; rewrite.profiles[1].timeout_seconds allows more. "
        "(rewrite.profiles[1].command)",
        f"{head} 0.2 s; rewrite.timeout_seconds allows more. (rewrite.command)",
    ]


SERVER = {"endpoint": "https://h", "model": "m"}
WRONG = [
    ({"model": "m"}, ["rewrite.endpoint: it is empty, and rewrite.model needs a server"]),
    ({"endpoint": "https://h"}, ["rewrite.model: the endpoint needs the name of a model"]),
    (
        {"endpoint": "http://h", "profiles": [{"application": "a"}, {"application": "b"}]},
        ["rewrite.endpoint: h is another machine, and http:// lets anyone on the way read what "
         "you say; use https://", "rewrite.model: the endpoint needs the name of a model"],
    ),
    (
        {**SERVER, "profiles": [{"application": "a"}, {"application": "b", "endpoint": "ftp://x"},
                                {"application": "c", "model": ""}]},
        ["rewrite.profiles[1].endpoint: 'ftp://x' is not an address such as "
         "https://api.openai.com/v1 or http://127.0.0.1:11434/v1",
         "rewrite.profiles[2].model: the endpoint needs the name of a model"],
    ),
    (
        {"profiles": [{"application": "", "endpoint": "https://h"}]},
        ["rewrite.profiles[0].model: the endpoint needs the name of a model"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "said"), WRONG)
def test_every_server_that_can_never_answer_is_a_mistake_in_the_settings(told, settings, said):
    with pytest.raises(ConfigError) as error:
        make(told, **settings)
    assert error.value.problems == said


RIGHT = [
    {}, SERVER, {**SERVER, "profiles": [{"application": "a", "endpoint": ""}]},
    {**SERVER, "profiles": [{"application": "a", "endpoint": "ftp://x", "off": True}]},
    {"model": "m", "profiles": [{"application": "a", "endpoint": "localhost:11434"}]},
]  # fmt: skip


@pytest.mark.parametrize("settings", RIGHT)
def test_what_can_work_is_no_mistake(told, settings):
    make(told, **settings)


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

    class Broken:
        async def rewrite(self, text: str, application: str) -> str:
            raise KeyError("private words")

    rewriter._profiles[0][1]["rewrite.command"] = Broken()
    assert await rewriter.apply("text", "") == "text"
    assert told == [
        "The text was inserted without the rewrite: unexpected KeyError. (rewrite.command)"
    ]


def test_a_key_or_a_command_is_not_in_what_the_settings_show():
    settings = RewriteSettings(key_command=["echo", "secret"], command=["secret"])
    assert "secret" not in repr(settings)
