"""Names of items for turns, in whatever order, number and truth a server tells them."""

from __future__ import annotations

import pytest

from tray_dictate.engine.realtime.protocol.items import ItemMap
from tray_dictate.engine.realtime.protocol.turns import Turn


def bound(script, *, follows=True, echoes=True, turns=3):
    """Return which turn each asked item is of: "1", "2" ..., "-" where that is open.

    "expect" is a commit of the next turn, "b<a" an announcement, "b?" asks for a text's turn.
    """
    binding = ItemMap(follows, echoes)
    ours = [Turn(n * 10, n * 10 + 10) for n in range(turns)]
    waiting, answers = list(ours), []
    for step in script.split():
        if step == "expect":
            binding.expect(waiting.pop(0))
        elif step.endswith("?"):
            turn = binding.turn(step[:-1])
            answers.append(str(ours.index(turn) + 1) if turn else "-")
        elif step.endswith("!"):
            turn = binding.adopt(step[:-1])
            answers.append(str(ours.index(turn) + 1) if turn else "-")
        elif step.endswith("="):  # settle
            binding.turn(step[:-1]).text = "x"
        else:
            item, _, after = step.partition("<")
            answers.append("ok" if binding.announce(item, after or None) else "strange")
    return " ".join(answers)


THREE = "expect expect expect"
TABLE = [
    ("one turn", True, "expect a a?", "ok 1"),
    ("a name before its announcement is open", True, "expect a?", "-"),
    ("in order", True, f"{THREE} a b<a c<b a? b? c?", "ok ok ok 1 2 3"),
    ("the announcements in reverse", True, f"{THREE} c<b b<a a a? b? c?", "ok ok ok 1 2 3"),
    ("the last first", True, f"{THREE} c<b c? a c? b<a a? b? c?", "ok - ok - ok 1 2 3"),
    ("the first two change places", True, f"{THREE} b<a a c<b a? b? c?", "ok ok ok 1 2 3"),
    ("one by one", True, "expect a expect b<a b? a? expect c<b c?", "ok ok 2 1 ok 3"),
    ("announced twice before the others", True, f"{THREE} b<a b<a a c<b b?", "ok ok ok ok 2"),
    ("announced twice after it is bound", True, "expect a a a?", "ok ok 1"),
    ("an item that nobody committed", True, "x", "strange"),
    ("one more than was committed", True, "expect a x<a x?", "ok strange 1"),
    ("no links: arrival", True, f"{THREE} a b c a? b? c?", "ok ok ok 1 2 3"),
    ("links to nobody: arrival", True, f"{THREE} a<x b<y c<z a? b? c?", "ok ok ok 1 2 3"),
    ("links to themselves: arrival", True, f"{THREE} a<a b<b c<c a? b? c?", "ok ok ok 1 2 3"),
    ("links in a ring: arrival", True, f"{THREE} a<c b<a c<b a? b? c?", "ok ok ok 1 2 3"),
    ("two after one: arrival", True, f"{THREE} b<x a<x c<b a? b? c?", "ok ok ok 2 1 3"),
    ("links not to be trusted: arrival", False, f"{THREE} c<b b<a a a? b? c?", "ok ok ok 3 2 1"),
    ("a wrong link alone is enough to wait for", True, "expect expect b<x b? a b? a?",
     "ok - ok 1 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("follows", "script", "answers"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE]
)
def test_items_are_turns(follows, script, answers):
    assert bound(script, follows=follows) == answers


#    what the server does, it says the announced id again, what happens, which turn a text is of
IDS = [
    ("another id than announced", False, "expect a x?", "ok 1"),
    ("and no announcement at all", False, "expect x?", "1"),
    ("its duplicate is of the same turn", False, "expect expect a x? x= x? b y?",
     "ok 1 1 ok 2"),
    ("in the order of the commits", False, "expect expect a b x? x= y?", "ok ok 1 2"),
    ("no ids", False, "expect expect ? ?", "1 2"),
    ("a text that nobody waits for", False, "?", "-"),
    ("an echo for once", False, "expect expect a b b? b= x?", "ok ok 2 1"),
    ("a strange id from a server that echoes waits while one is unnamed", True,
     "expect a expect x?", "ok -"),
    ("and is of the oldest when all are named", True, "expect a x? x= x?", "ok 1 1"),
    ("it is of nobody when all have their text", True, "expect a a= y?", "ok -"),
    ("when nothing more comes it is of the oldest", True, "expect expect x! x= y! y= z!", "1 2 -"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("echoes", "script", "answers"), [r[1:] for r in IDS], ids=[r[0] for r in IDS]
)
def test_a_text_comes_under(echoes, script, answers):
    assert bound(script, echoes=echoes, follows=echoes) == answers


def test_a_server_that_finds_turns_itself_will_announce_a_strange_item():
    binding = ItemMap(follows=True, echoes=True, detects=True)
    turn = Turn(0, 10)

    assert binding.turn("x") is None
    assert not binding.announce("x", None)
    binding.bind("x", turn)
    assert binding.turn("x") is turn
    assert binding.announce("x", None), "said again"


def test_what_the_server_found_itself_is_before_what_we_committed_then():
    binding = ItemMap(follows=True, echoes=True, detects=True)
    found, first, second = Turn(0, 10), Turn(10, 20), Turn(20, 30)
    binding.bind("a", found)
    binding.expect(first)
    binding.expect(second)
    binding.announce("c", "b")
    binding.announce("b", "a")

    assert [binding.turn(item) for item in "abc"] == [found, first, second]


def test_a_refused_commit_takes_its_turn_back():
    binding = ItemMap(follows=True, echoes=True)
    first, second = Turn(0, 10), Turn(10, 20)
    binding.expect(first)
    binding.expect(second)

    assert binding.withdraw() is first
    binding.announce("b", None)
    assert binding.turn("b") is second
    assert binding.withdraw() is None


def test_what_was_said_in_an_earlier_take_is_not_kept_but_its_name_is_known():
    binding, turn = ItemMap(follows=True, echoes=True), Turn(0, 10)
    binding.expect(turn)
    binding.announce("a", None)
    turn.text = "secret"
    binding.forget_texts()

    assert binding.turn("a").text == ""
    assert binding.announce("a", None), "its duplicate is nothing new"
    assert not binding.waits
