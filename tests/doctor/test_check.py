"""What a check finds, and that none of them raises or goes on for ever."""

from __future__ import annotations

import asyncio
import time

import pytest

from tray_dictate.core.errors import CaptureError, UnavailableError
from tray_dictate.doctor.check import Check, Finding, as_json, lines
from tray_dictate.system import threads


async def fine() -> list[Finding]:
    return [Finding("fine", "ok", "all well", 3)]


async def test_what_is_found_is_handed_on():
    hung: list[str] = []
    assert await Check("fine", fine).findings(hung) == await fine()
    assert hung == []


@pytest.mark.parametrize(
    ("error", "words", "remedy"),
    [
        (UnavailableError("It is not there.", "Install it."), "It is not there.", "Install it."),
        (CaptureError("No microphone."), "No microphone.", ""),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero", "--bundle"),
    ],
)
async def test_what_is_raised_is_a_failure_with_its_remedy(error, words, remedy):
    async def raising() -> list[Finding]:
        raise error

    [found] = await Check("it", raising).findings([])
    assert (found.name, found.state) == ("it", "failed")
    assert words in found.words
    assert remedy in found.remedy


async def test_a_check_that_waits_for_ever_is_given_up_and_may_tidy_up():
    tidied: list[str] = []

    async def waiting() -> list[Finding]:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append("clipboard")
        return []

    hung: list[str] = []
    [found] = await Check("it", waiting, 0.05, "Wake it.").findings(hung)
    assert (found.state, found.remedy, tidied) == ("failed", "Wake it.", ["clipboard"])
    assert "did not finish within 0.05 s" in found.words
    assert hung == ["it"]


async def test_a_check_that_blocks_does_not_block_the_others():
    blocked = Check("it", lambda: threads.run_in_thread(lambda: time.sleep(2) or []), 0.05)
    hung: list[str] = []
    found = [*await blocked.findings(hung), *await Check("fine", fine).findings(hung)]
    assert [(one.name, one.state) for one in found] == [("it", "failed"), ("fine", "ok")]


def test_a_line_has_mark_name_number_unit_and_words_and_the_remedy_is_below():
    found = Finding("microphone", "failed", "It is\nmuted.", 12.4, "ms", "Unmute it.")
    first, second = lines(found).split("\n")
    assert first.split() == ["✗", "microphone", "12", "ms", "It", "is", "muted."]
    assert second.strip() == "Unmute it."


def test_the_json_of_a_finding_has_every_field():
    assert as_json(Finding("level", "ok", "words", -41.23456, "dBFS")) == {
        "name": "level", "state": "ok", "words": "words", "value": -41.235, "unit": "dBFS",
        "remedy": "",
    }  # fmt: skip
