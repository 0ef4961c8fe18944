from __future__ import annotations

import pytest

pytest.importorskip("dbus_fast", reason="Linux only")

from dbus_fast import DBusError, introspection

from tests.fakes import FakeTrayCommands
from tray_dictate.ui.tray.dbusmenu import REMEMBERED, ROOT, MenuInterface, Tree
from tray_dictate.ui.tray.menu import Entry, View, menu


def numbers(tree: Tree) -> dict[str, int]:
    return {node.entry.name: node.number for node in tree.nodes.values() if node.entry}


def test_a_label_and_a_tick_change_as_properties_of_the_same_revision() -> None:
    tree = Tree()
    tree.update((Entry("a", "Start"), Entry("b", "On", checked=True)))
    known, revision = numbers(tree), tree.revision
    change = tree.update((Entry("a", "Stop"), Entry("b", "On", checked=False)))
    assert not change.layout
    assert change.updated == {known["a"]: {"label": "Stop"}, known["b"]: {"toggle-state": 0}}
    assert change.removed == {}
    assert (numbers(tree), tree.revision) == (known, revision)


def test_nothing_changed_is_nothing_to_tell() -> None:
    tree = Tree()
    entries = (Entry("a", "A"), Entry("-"), Entry("b", "B", children=(Entry("c", "C"),)))
    tree.update(entries)
    change = tree.update(entries)
    assert (change.layout, change.updated, change.removed) == (False, {}, {})


def test_a_property_that_goes_is_told_by_name() -> None:
    tree = Tree()
    tree.update((Entry("a", "A", checked=True),))
    change = tree.update((Entry("a", "A"),))
    assert change.removed == {numbers(tree)["a"]: ["toggle-type", "toggle-state"]}


@pytest.mark.parametrize(
    "after",
    [
        pytest.param((Entry("a", "A"),), id="one goes"),
        pytest.param((Entry("b", "B"), Entry("a", "A")), id="they change places"),
        pytest.param((Entry("a", "A"), Entry("x", "X"), Entry("b", "B")), id="one comes between"),
        pytest.param((Entry("a", "A", children=(Entry("c", "C"),)), Entry("b", "B")), id="below"),
    ],
)
def test_another_layout_has_another_revision(after: tuple[Entry, ...]) -> None:
    tree = Tree()
    tree.update((Entry("a", "A"), Entry("b", "B")))
    revision = tree.revision
    assert tree.update(after).layout
    assert tree.revision == revision + 1


def test_a_number_never_comes_to_mean_another_entry() -> None:
    tree = Tree()
    tree.update((Entry("a", "A"), Entry("b", "B")))
    before = numbers(tree)
    tree.update((Entry("c", "C"), Entry("b", "B")))
    assert numbers(tree)["b"] == before["b"]
    assert before["a"] not in numbers(tree).values()
    tree.update((Entry("a", "A"),))
    assert numbers(tree) == {"a": before["a"]}


def test_numbers_of_what_is_long_gone_are_forgotten_and_not_given_again() -> None:
    tree = Tree()
    for number in range(3 * REMEMBERED):
        tree.update((Entry("a", "A"), Entry(f"recent {number}", "R")))
    assert len(tree._numbers) <= REMEMBERED + 3
    assert numbers(tree) == {"a": 1, f"recent {number}": number + 2}


def test_entries_of_one_name_in_two_submenus_are_two() -> None:
    tree = Tree()
    tree.update((
        Entry("m", "M", children=(Entry("x", "X"),)),
        Entry("n", "N", children=(Entry("x", "X"),)),
    ))  # fmt: skip
    assert len(tree.nodes) == 5


def test_properties_are_those_of_the_protocol() -> None:
    tree = Tree()
    tree.update((
        Entry("a", "a_b", enabled=False),
        Entry("-"),
        Entry("r", "R", checked=False, radio=True),
        Entry("m", "M", children=(Entry("x", "X"),)),
    ))  # fmt: skip
    found = {node.entry.name: node.properties for node in tree.nodes.values() if node.entry}
    assert found["a"] == {"label": "a__b", "enabled": False}
    assert found["-"] == {"type": "separator"}
    assert found["r"] == {
        "label": "R", "enabled": True, "toggle-type": "radio", "toggle-state": 0
    }  # fmt: skip
    assert found["m"] == {"label": "M", "enabled": True, "children-display": "submenu"}
    assert tree.nodes[ROOT].properties == {"children-display": "submenu"}


def test_the_interface_is_what_hosts_expect() -> None:
    found: introspection.Interface = MenuInterface((), FakeTrayCommands()).introspect()
    signatures = {
        method.name: (method.in_signature, method.out_signature) for method in found.methods
    }
    assert signatures == {
        "GetLayout": ("iias", "u(ia{sv}av)"),
        "GetGroupProperties": ("aias", "a(ia{sv})"),
        "GetProperty": ("is", "v"),
        "Event": ("isvu", ""),
        "EventGroup": ("a(isvu)", "ai"),
        "AboutToShow": ("i", "b"),
        "AboutToShowGroup": ("ai", "aiai"),
    }
    assert {signal.name: signal.signature for signal in found.signals} == {
        "LayoutUpdated": "ui",
        "ItemsPropertiesUpdated": "a(ia{sv})a(ias)",
    }


def test_an_entry_that_does_not_exist_is_an_error() -> None:
    commands = FakeTrayCommands()
    interface = MenuInterface(menu(View(), commands), commands)
    with pytest.raises(DBusError, match="no entry 99"):
        interface._click(99, "clicked")
    interface._click(ROOT, "clicked")
    interface._click(numbers(interface.tree)["toggle"], "hovered")
    assert commands.did == []
    interface._click(numbers(interface.tree)["toggle"], "clicked")
    assert commands.did == ["toggle"]
