"""The user's expressions, in a process that can be ended."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.daemon_rig import Rig
from tests.waiting import until
from tray_dictate.app.daemon import Limits
from tray_dictate.config.schema import OutputRule, RewriteProfile, RewriteSettings
from tray_dictate.output.rules import Rules
from tray_dictate.rewrite.profiles import profiles
from tray_dictate.system.expressions import EXPRESSIONS, LARGEST, Expressions

SLOW = r"(\w+\s?)+#"
SENTENCE = "please send the invoice to accounting before noon and then call me back"
CATASTROPHIC = [SLOW, r"^(\s*\w+,?)*;$", r"(?P<w>\w+\s?)+(?P=w)#", r"(?=((\w|e|\s)*)*#)"]


@pytest.fixture
def told():
    """What is told of expressions that this program applies."""
    messages: list[str] = []
    EXPRESSIONS.again()
    unsubscribe = EXPRESSIONS.skipped.subscribe(messages.append)
    yield messages
    unsubscribe()
    EXPRESSIONS.again()


@pytest.fixture
def expressions():
    """Ones of the test's own."""
    expressions = Expressions()
    yield expressions
    expressions.close()


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_the_text_goes_in_without_one_that_takes_too_long(expressions, pattern):
    told: list[str] = []
    expressions.skipped.subscribe(told.append)
    rules = {"invoice": "bill", pattern: "x", "accounting": "them"}
    for _ in range(2):
        text = expressions.sub("text.patterns", rules, SENTENCE)
        assert text.startswith("please send the bill to them")
    [message] = told
    assert message.startswith(f"text.patterns: the expression {pattern!r} is skipped")


def test_what_python_knows_works_where_it_may_be_slow(expressions):
    rules = {r"(?i)(\w+) (?:and|or) (?!then)(\w+)": r"\2 & \1", r"(.)\1{2,}": r"\1"}
    assert expressions.sub("", rules, "Salt AND pepper, sooooo") == "pepper & Salt, so"


def test_it_is_tried_anew_after_a_change_of_the_settings(expressions):
    told: list[str] = []
    expressions.skipped.subscribe(told.append)
    for _ in range(2):
        assert not expressions.found("output.rules", SLOW, SENTENCE)
        expressions.again()
    assert len(told) == 2


def test_after_many_slow_ones_the_text_goes_in_as_it_is(expressions):
    told: list[str] = []
    expressions.skipped.subscribe(told.append)
    slow = {f"{SLOW}{n}": "x" for n in range(9)}
    assert expressions.sub("text.patterns", {**slow, "a(a|b)+": "x"}, SENTENCE) == SENTENCE
    assert (
        told[-1] == "text.patterns: some expressions were skipped for one text: they take too long."
    )
    assert len(told) < len(slow)


def test_one_that_makes_far_too_much_is_left_out(expressions):
    told: list[str] = []
    expressions.skipped.subscribe(told.append)
    rules = {"(a|b)+?": "x" * (LARGEST // 2), "a": "y" * 10_000_000}
    assert expressions.sub("", rules, "aaa") == "aaa"
    assert "produces more than" in told[0]
    assert len(told) == 2


def test_a_process_that_was_killed_is_started_anew(expressions):
    assert expressions.found("", "(a|b)+c", "abc")
    assert expressions._process
    os.kill(expressions._process.pid, signal.SIGKILL)
    expressions._process.wait()
    assert expressions.found("", "(a|b)+c", "abc")


def test_the_windows_of_a_rule_are_told_apart_without_one_that_takes_too_long(told):
    rules = [
        OutputRule(application=SLOW, method="off"),
        OutputRule(application="(invoice|letter)+", method="type"),
    ]
    assert Rules("auto", rules).treatment([SENTENCE]).method == "type"
    assert len(told) == 1


def test_so_are_those_of_a_rewrite(told):
    slow = RewriteProfile(application=SLOW, off=True)
    first = profiles(RewriteSettings(profiles=[slow]))[0]
    assert not first.matches(SENTENCE)
    assert len(told) == 1


async def test_the_loop_goes_on_while_one_runs(told):
    async with Rig(f"text.patterns={{'{SLOW}' = 'x'}}") as rig:
        rig.press()
        await rig.say(SENTENCE + ".")
        ticks = 0
        while not rig.output.text:
            await asyncio.sleep(0.005)
            ticks += bool(rig.engine.open_sessions)
        assert ticks >= 5, "a frozen loop ticks once"
        assert rig.output.text == SENTENCE + "."
        await until(lambda: rig.tray.said)
        assert "text.patterns: the expression" in rig.tray.said[0]
        rig.release()
        await rig.idle()


async def test_what_is_polished_when_the_program_ends_is_in_the_history():
    rig = Rig(f"text.patterns={{'{SLOW}' = 'x'}}", limits=Limits(farewell=0))
    await rig.daemon.start()
    rig.press()
    await rig.say(SENTENCE + ".")
    await until(lambda: rig.daemon.delivery.inserts)
    await rig.daemon.stop()
    await asyncio.sleep(0)  # the history's own task
    [entry] = await rig.history.last()
    await rig.history.close()
    assert (entry.raw, entry.text) == (SENTENCE + ".", SENTENCE + ".")
