"""Which of the user's expressions are right, and which surely quick."""

import re

import pytest

from tray_dictate.core.text.expressions import LONGEST, compiled, is_quick

QUICK = [
    r"firefox", r"(?i)firefox", r"(?i)^firefox$|chromium", r"(firefox|chromium|brave)$", r"\bfoo\b",
    r"foo.*bar", r"(\d+) percent", r"[a-z]+@", r"(?<!x)y(?=z)", r"(?P<number>\d+)%", r"a\(?b", "",
    r"(abc)+", r"\\+",
]  # fmt: skip
NOT_SURE = [
    r"(\w+\s?)+#", r"^(\s*\w+,?)*;$", r"(a|a)+b", r"(\w+) (\w+)", r"a{2,}", r"(.)\1", r"(?P<a>.)(?P=a)",
    "(?:a|a)" * 30, r"(a)?(?(1)b|c)", r"(?x) (a|a) + b", r"\(?a+", r"[(]?a+", r".*.*b",
    r"(?:){65000}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", QUICK)
def test_what_most_people_write_is_quick(pattern):
    assert is_quick(pattern, 100)


@pytest.mark.parametrize("pattern", NOT_SURE)
def test_what_may_take_long_is_not(pattern):
    assert not is_quick(pattern, 100)


def test_a_long_text_makes_even_a_simple_one_slow():
    assert is_quick("foo.*bar", 900)
    assert not is_quick("foo.*bar", 90_000)


@pytest.mark.parametrize("pattern", QUICK)
@pytest.mark.parametrize(
    "text", ["a" * 1000, "aB1 " * 250, "foo" * 333, "(" * 1000, "firefo" * 160]
)
def test_the_quick_ones_are_quick(pattern, text):
    if is_quick(pattern, len(text)):
        re.sub(pattern, "x", text)  # a slow one would take for ever, and hit the test's time limit


WRONG = [
    ("(", "x", "missing \\)"),
    ("a", r"\1", "invalid group reference"),
    ("a", r"\g<name>", "unknown group name"),
    ("a{99999999999}", "", "too large"),
    ("(" * 5000 + ")" * 5000, "", "too many groups in groups"),
    ("a" * (LONGEST + 1), "", "more than 10000 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "value", "reason"), WRONG, ids=[r[2] for r in WRONG])
def test_a_wrong_one_is_named_whatever_is_wrong(pattern, value, reason):
    with pytest.raises(ValueError, match=reason):
        compiled(pattern, value)


def test_its_value_may_name_every_group_and_nothing_is_searched_to_learn_that():
    assert compiled(r"(?P<one>a)|(b)", r"\g<one>\2\g<0>")
    assert compiled(r"((?:a?){60000}){60000}", r"\1")  # would take for ever, even for nothing
