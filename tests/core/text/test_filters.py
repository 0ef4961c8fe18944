"""What an engine writes when nothing was said."""

# ruff: noqa: RUF001 - the real characters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.filters import LEVELS, HallucinationFilter

PROMPT = "A letter to the bank, please."
KEYWORDS = ["Kubernetes", "Postgres", "tray dictate"]
UNSAID = [
    ("a film's thanks", "sure", "Thanks for watching!", True),
    ("a film's credits", "sure", " Subtitles by the Amara.org community", True),
    ("credits in German", "sure", "Untertitel der Amara.org-Community", True),
    ("credits in French with a curly apostrophe", "sure", "Sous-titres réalisés para la communauté d’Amara.org", True),
    ("thanks in Japanese", "sure", "ご視聴ありがとうございました。", True),
    ("begging in Chinese", "sure", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", True),
    ("a marker of silence", "sure", "[BLANK_AUDIO]", True),
    ("music in brackets", "sure", "(upbeat music)", True),
    ("notes", "sure", "♪♪", True),
    ("thanks that people say stay", "sure", "Thank you.", False),
    ("unless they are wanted away", "likely", "Thank you.", True),
    ("you alone", "likely", "you", True),
    ("thanks within a segment stay", "likely", "Thank you for the letter.", False),
    ("credits within a segment stay", "sure", "Write: thanks for watching!", False),
    ("music without brackets stays", "sure", "Music", False),
    ("other words in brackets stay", "sure", "[see below]", False),
    ("with the table off credits stay", "off", "Thanks for watching!", False),
    ("with the table off markers stay", "off", "[BLANK_AUDIO]", False),
    ("the prompt echoed", "sure", "a letter to the bank please", True),
    ("the prompt echoed with the table off", "off", PROMPT, True),
    ("the prompt echoed twice", "sure", f"{PROMPT} {PROMPT}", True),
    ("the keywords echoed", "sure", "Kubernetes, Postgres, tray dictate.", True),
    ("the prompt and the keywords", "sure", f"{PROMPT} Kubernetes, Postgres, tray dictate", True),
    ("one keyword stays", "sure", "Kubernetes.", False),
    ("more than the prompt stays", "sure", f"{PROMPT} Dear Sir", False),
    ("half of the prompt stays", "sure", "A letter to", False),
    ("nothing is nothing", "sure", "", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "text", "want"), [r[1:] for r in UNSAID], ids=[r[0] for r in UNSAID]
)
def test_only_what_nobody_said_is_found(level, text, want):
    assert HallucinationFilter(level, PROMPT, KEYWORDS)(text) is want


def test_a_short_prompt_and_few_keywords_may_have_been_said():
    unsaid = HallucinationFilter("off", "Medical report.", ["New York City", "Boston"])
    assert not unsaid("Medical report.")
    assert not unsaid("New York City, Boston")
    assert not unsaid("")


@given(st.sampled_from(LEVELS), st.text())
def test_words_before_a_credit_make_it_said(level, text):
    assert not HallucinationFilter(level)(text + " I said thanks for watching")
