"""What reaches a window, and how segments join."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.core.text.capitals import Spelling
from tray_dictate.core.text.caret import UNKNOWN, Around
from tray_dictate.core.text.normalize import clean, continues, fit, join, label, without_comma

CLEAN = [
    ("text stays", "Grüße, ça va? 今天 😀 5%", "Grüße, ça va? 今天 😀 5%"),
    ("blanks at the ends and doubled blanks go", "  a \t b\n", "a b"),
    ("a line break becomes a blank", "a\r\nb\u2028c", "a b c"),
    ("a terminal's colour sequence goes whole", "a\x1b[31mred\x1b[0m", "ared"),
    ("a terminal's title sequence goes whole", "a\x1b]0;rm -rf\x07b", "ab"),
    ("an unfinished title sequence goes", "a\x1b]0;x", "a"),
    ("a lone escape goes", "a\x1b", "a"),
    ("a NUL, a backspace and a C1 control go", "a\x00b\x08c\x9bd", "abcd"),
    ("bidirectional overrides go", "a\u202eb\u2066c\u200fd", "abcd"),
    ("a joined emoji stays joined", "👩\u200d💻", "👩\u200d💻"),
    ("a byte order mark and a lone surrogate go", "\ufeffa\ud800b", "ab"),
    ("nothing stays nothing", "", ""),
    ("a French blank before a question mark stays narrow", "Ça va\u202f?", "Ça va\u202f?"),
    ("a no-break blank among others stays one", "Ça va \u00a0 ?", "Ça va\u00a0?"),
    ("an ideographic blank stays", "東京　大阪", "東京　大阪"),
    (
        "Chinese and Latin stay as close as they were",
        "用GitHub写 Python 代码",
        "用GitHub写 Python 代码",
    ),
    ("Thai stays without blanks", "สวัสดีครับ", "สวัสดีครับ"),
    ("an escape that a removed character had hidden is no sequence", "a\x1b\u200b[31mb", "a[31mb"),
]


@pytest.mark.parametrize(("text", "want"), [r[1:] for r in CLEAN], ids=[r[0] for r in CLEAN])
def test_only_text_is_left(text, want):
    assert clean(text) == want


LINES = [
    ("every line break is a new line", "a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
    ("an empty line stays, blanks at a line's end go", "\n a \n\n b\n", "\na\n\nb\n"),
    ("controls go from each line", "a\x00\n\x1b[0mb", "a\nb"),
]


@pytest.mark.parametrize(("text", "want"), [r[1:] for r in LINES], ids=[r[0] for r in LINES])
def test_lines_stay_where_they_are_wanted(text, want):
    assert clean(text, lines=True) == want


ANY = st.text(st.characters(codec=None))  # with surrogates


@given(ANY, st.booleans())
def test_no_control_character_is_ever_left(text, lines):
    left = clean(text, lines=lines)
    kinds = {unicodedata.category(c) for c in left if c != "\n" or not lines}
    assert not kinds & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not set(left) & set(
        "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )


@given(ANY, st.booleans())
def test_what_is_clean_stays_as_it_is(text, lines):
    assert clean(clean(text, lines=lines), lines=lines) == clean(text, lines=lines)


@given(st.text("\x1b[]0;m\x07\\A\n a\u200d👩\u00a0", max_size=12), st.booleans())
def test_escapes_in_any_order_leave_nothing_that_a_second_look_would_take(text, lines):
    assert clean(clean(text, lines=lines), lines=lines) == clean(text, lines=lines)


@given(st.lists(st.text("abäß今กم1.,'", min_size=1), max_size=9))
def test_no_word_is_lost(words):
    assert clean("  ".join(words)).split() == [word for word in words if word]


JOIN = [
    ("the first segment is as it is", "", "Hello there.", "Hello there."),
    ("a space between sentences", "Hello.", "How are you?", " How are you?"),
    ("a sentence after a full stop gets its capital", "Hello.", "how are you?", " How are you?"),
    ("after a closing quote, too", 'He said "go."', "then he went.", " Then he went."),
    ("a small word goes on in mid-sentence", "I went home,", "And then slept.", " and then slept."),
    ("a name keeps its capital in mid-sentence", "I met", "Margaret there.", " Margaret there."),
    ("I keeps its capital", "so", "I think", " I think"),
    ("capitals all through stay", "so", "AND THEN", " AND THEN"),
    ("no second space", "Hello ", "there", "there"),
    ("no space before a full stop", "Hello", ". And", ". And"),
    ("no space after an opening bracket", "see (", "below", "below"),
    ("no space between Chinese segments", "今天天气", "很好", "很好"),
    ("no space after an ideographic full stop", "今天。", "很好", "很好"),
    ("a space between Korean segments", "안녕", "하세요", " 하세요"),
    ("nothing is nothing", "Hello.", " \x00 ", ""),
    ("a symbol first is left alone", "Hello", "5 apples", " 5 apples"),
    ("no word first is left alone", "Hello", "😀 fun", " 😀 fun"),
    ("an emoji after a full stop is left alone", "Hello.", "😀 fun", " 😀 fun"),
    ("a line break that an engine wrote is a blank", "Hello.", "a\nb", " A b"),
    ("a capital after a new line, and no blank", "Dear John,\n", "thank you", "Thank you"),
    ("a blank after the new line changes nothing", "Dear John,\n ", "and so", "And so"),
    (
        "a name with its own capitals keeps them after a full stop",
        "Hello.",
        "iPhone sales",
        " iPhone sales",
    ),
    ("an identifier keeps its small letter", "Hello.", "tray_dictate runs", " tray_dictate runs"),
    ("an address keeps its small letter", "Hello.", "a@b.de is it", " a@b.de is it"),
    ("a domain keeps its small letter", "Hello.", "github.com is up", " github.com is up"),
    ("a hyphenated word gets its capital", "Hello.", "well-known, too", " Well-known, too"),
    ("a letter without one capital stays", "Hallo.", "ß ist selten", " ß ist selten"),
    ("the capital goes behind the opening mark", "Hola.", "¿cómo estás?", " ¿Cómo estás?"),
    ("a small word goes small behind a bracket", "this", "(The best)", " (the best)"),
    ("a German conjunction goes on in mid-sentence", "Ich kam,", "Und ging.", " und ging."),
    ("the German polite form keeps its capital", "Danke,", "Sie haben.", " Sie haben."),
    ("a German noun keeps its capital", "Ich sah das", "Haus dort.", " Haus dort."),
    ("no space before a closing bracket or quote", "(see below", ") and", ") and"),
    ("no space before a contraction", "he", "'s there", "'s there"),
    ("a name that begins with a dot is a word", "I use", ".NET here", " .NET here"),
    ("a decimal goes on", "3", ".5 metres", ".5 metres"),
    ("no space after an opening straight quote", 'He said "', "go on", "go on"),
    ("a quote that begins the text opens", '"', "go on", "go on"),
    ("a quote in brackets opens", '("', "go on", "go on"),
    ("no space before a straight quote that closes", 'He said "go', '" and left', '" and left'),
    ("a space before a straight quote that opens", "He said", '"go on"', ' "go on"'),
    ("a space after a straight quote that closed", 'He said "go"', "now", " now"),
    ("no space after an English opening quote", "He said “", "go", "go"),
    ("a space after a German closing quote", "Er sagt „ja“", "und geht", " und geht"),
    ("no space before a German closing quote", "Er sagt „ja", "“ und", "“ und"),
    ("a space before an English opening quote", "He said", "“go” now", " “go” now"),
    ("an English quote opens after a German pair", "„a“ “", "go", "go"),
    ("no space after a German opening quote", "Er sagt „", "ja", "ja"),
    ("no space between Latin and Chinese", "用GitHub", "写代码", "写代码"),
    ("no space between Chinese and Latin", "我用", "GitHub", "GitHub"),
    ("a space after a Latin full stop before Chinese", "Hello.", "你好", " 你好"),
    ("no space between Thai segments", "สวัสดี", "ครับ", "ครับ"),
    ("no space between Japanese halfwidth letters", "ｱｲ", "ｳｴ", "ｳｴ"),
    ("a French question mark keeps its distance to itself", "Ça va", "?", "?"),
]


@pytest.mark.parametrize(
    ("before", "segment", "want"), [r[1:] for r in JOIN], ids=[r[0] for r in JOIN]
)
def test_segments_join(before, segment, want):
    assert join(before, segment) == want


NEW_LINES = [
    ("a segment that begins with a new line has no space", "Hello.", "\nHow", "\nHow"),
    ("a new line alone is one", "Hello.", "\n", "\n"),
    ("a new line after another stays", "Hello.\n", "\nhow", "\nhow"),
    ("a new line at the end stays", "so", "It is:\n", " it is:\n"),
    ("at the beginning, too", "", "\n\nHello", "\n\nHello"),
]


@pytest.mark.parametrize(
    ("before", "segment", "want"), [r[1:] for r in NEW_LINES], ids=[r[0] for r in NEW_LINES]
)
def test_segments_with_lines_join(before, segment, want):
    assert join(before, segment, lines=True) == want


@given(ANY, ANY)
def test_joining_changes_nothing_but_a_blank_and_a_letters_case(before, segment):
    piece, alone = join(before, segment), clean(segment)
    assert piece.lstrip().casefold() == alone.casefold()
    assert piece.removeprefix(" ") == piece.lstrip()


ENGLISH = Spelling.of([], ["en"])
FIT = [
    ("an empty field", Around("\n", ""), "smart", "can you come?", "Can you come?"),
    ("an empty field of which nothing is known", Around(), "smart", "Can you?", "Can you?"),
    ("after a word that was typed", Around("\nHello", ""), "smart", "Margaret.", " Margaret."),
    ("after a comma", Around("\nHello Margaret,", ""), "smart", "Can you?", " can you?"),
    ("after a full stop and a blank", Around("Done. ", ""), "smart", "can you?", "Can you?"),
    ("after an opening bracket", Around("see (", ")"), "smart", "Below.", "below."),
    ("after an opening quote", Around('He said "', '"'), "smart", "Go.", "Go."),
    ("after a closing quote", Around('He said "go"', ""), "smart", "Then he", " then he"),
    ("after a new line", Around("Dear John,\n", ""), "smart", "thanks.", "Thanks."),
    ("between two words", Around("I think that", " is good."), "smart", "Your plan", " your plan"),
    ("a sentence that goes on has no full stop in it", Around("I think that", " is good."), "smart", "Your plan.", " your plan"),
    ("a whole sentence keeps its own", Around("Good. ", "that is it"), "smart", "Your plan.", "Your plan. "),
    ("also before another", Around("I think that", " It is"), "smart", "Your plan.", " your plan."),
    ("directly before a word", Around("that ", "is good."), "smart", "Your plan", "your plan "),
    ("in the middle of a word", Around("wo", "rd"), "smart", "Your plan", " your plan "),
    ("at the start of a line with text", Around("\n", "is good."), "smart", "Your plan", "Your plan "),
    ("before a closing mark", Around("this", "!"), "smart", "Your plan", " your plan"),
    ("one full stop is enough", Around("this", ". And"), "smart", "Your plan.", " your plan"),
    ("one comma is enough", Around("this", ", and"), "smart", "Your plan.", " your plan"),
    ("a full stop alone stays", Around("this", "."), "smart", ".", "."),
    ("before a new line", Around("this", "\nand"), "smart", "Your plan.", " your plan."),
    ("in a path", Around("cd src/", ""), "smart", "Tests", "tests"),
    ("after a slash", Around("and/", ""), "smart", "Or", "or"),
    ("behind a mention's sign", Around("Hi @", ""), "smart", "Margaret", "Margaret"),
    ("behind a language's sign", Around("I use C#", ""), "smart", "Daily", " daily"),
    ("Chinese needs no blanks", Around("今天", "很好"), "smart", "天气", "天气"),
    ("something unknown on both sides", Around(UNKNOWN, UNKNOWN), "smart", "Go.", " Go. "),
    ("something unknown before a mark", Around(UNKNOWN, ""), "smart", ", and", ", and"),
    ("before: there alone", Around(UNKNOWN, UNKNOWN), "before", "Go.", " Go."),
    ("before: what is known is heeded", Around("a ", "b"), "before", "Go.", "go "),
    ("after: there alone", Around(UNKNOWN, UNKNOWN), "after", "Go.", "Go. "),
    ("after: also at the end", Around("so", ""), "after", "Go.", " go. "),
    ("after: not behind a new line", Around("so", ""), "after", "go\n", " go\n"),
    ("after: not before a blank", Around("so", " b"), "after", "Go.", " go"),
    ("never: on neither side", Around("so", "b"), "never", "Go.", "go."),
    ("nothing stays nothing", Around("so", "b"), "smart", "\x00", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("around", "space", "text", "want"), [r[1:] for r in FIT], ids=[r[0] for r in FIT]
)
def test_a_dictation_fits_into_what_stands_there(around, space, text, want):
    assert fit(around, text, space, ENGLISH) == want


WORDS = st.text("ab.,!?( \"'\n", max_size=6)


@given(WORDS, WORDS, st.sampled_from("Go Go. Go, Margaret".split()))
def test_no_two_words_are_joined(before, after, text):
    piece = fit(Around(before, after), text, "smart", ENGLISH)
    stands = f"{before}{piece}{after}"
    start, end = len(before), len(before) + len(piece)
    assert not (start and stands[start - 1].isalnum() and stands[start].isalnum())
    assert not (end < len(stands) and stands[end - 1].isalnum() and stands[end].isalnum())


def test_a_comma_that_was_held_back_becomes_a_full_stop_before_a_new_thought():
    assert continues(",", "Can you come?") == "."
    assert continues("，", "明天") == "。"  # noqa: RUF001
    assert continues(",", "But not today.") == ","
    assert continues(",", "- a") == "."


def test_a_comma_is_taken_from_the_end_alone():
    assert without_comma("So, I,") == ("So, I", ",")
    assert without_comma("So, I") == ("So, I", "")
    assert without_comma("") == ("", "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("firefox", "firefox"),
        ("\x1b]0;title\x07\nforged line \x9b31m", "forged line 31m"),
        ("W" * 200_000, "W" * 100),
        ("\x00" * 900 + "late", ""),
    ],
    ids=["as it is", "no command and one line", "cut", "what comes late is not sought"],
)
def test_a_name_of_somebody_elses_is_short_and_text(name, shown):
    assert label(name) == shown
