"""Credits and marks in many languages, and what resembles them: tests/data/unsaid*.txt."""

from pathlib import Path

import pytest

from tray_dictate.core.text.filters import HallucinationFilter

DATA = Path(__file__).parents[2] / "data"
TABLES = [(DATA / name).read_text(encoding="utf-8") for name in ("unsaid.txt", "unsaid_later.txt")]
UNSAID = HallucinationFilter("sure")


def part(name: str) -> list[str]:
    parts = [table.partition(f"== {name}\n")[2].partition("\n\n")[0] for table in TABLES]
    return "\n".join(parts).strip().splitlines()


DROPPED = [line for line in [*part("credits"), *part("marks")] if not line.startswith("?")]


# each of these tables is one test: thousands of tests take longer to collect than to run
def test_what_nobody_said_is_dropped():
    assert DROPPED
    assert [line for line in DROPPED if not UNSAID(line)] == []


def test_what_resembles_it_is_inserted():
    said = part("said")
    assert said
    assert [line for line in said if UNSAID(line)] == []


def test_few_are_still_inserted():
    whole = [*part("credits"), *part("marks")]
    assert len(DROPPED) >= 0.95 * len(whole)


@pytest.mark.parametrize(
    "line", ["Untertitel der Amara.org-Community", "Thanks for watching!", "[Music]", "谢谢观看。"]
)
@pytest.mark.parametrize("times", [2, 7, 40])
def test_they_are_dropped_however_often_they_are_repeated(line, times):
    assert UNSAID(" ".join([line] * times))


def test_so_are_they_where_nothing_is_between_them():
    assert UNSAID("谢谢观看" * 9)
    assert UNSAID("请订阅" * 9)


def test_several_of_them_are_no_speech_either():
    assert UNSAID("[Music] Thanks for watching! Please like and subscribe. Subtitles by Steamteam")
    assert not UNSAID("[Music] Thanks for watching! We meet at noon.")


def test_a_long_text_is_no_credit():
    assert not UNSAID("Subtitles by " + "Anna " * 200 + "Smith")
    assert not UNSAID("Subtitles by Anna Smith and " + "Bert Brown and " * 9 + "Cem Demir")


def test_with_the_level_off_they_are_inserted():
    off = HallucinationFilter("off")
    assert [line for line in DROPPED if off(line)] == []
