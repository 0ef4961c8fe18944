from __future__ import annotations

from PIL import ImageChops

from tray_dictate.ui.tray.menu import Entry
from tray_dictate.ui.tray.xembed_menu import sheet

ENTRIES = (
    Entry("a", "Dictation", checked=True),
    Entry("-"),
    Entry("b", "Microphone", children=(Entry("c", "One"),)),
    Entry("d", "Not set up", enabled=False, checked=False, radio=True),
)


def test_what_is_under_a_point_is_an_entry_or_nothing() -> None:
    laid = sheet(ENTRIES)
    width, height = laid.size
    assert [laid.at(20, top + 4) for top in laid.tops] == [0, None, 2, 3]
    assert laid.at(-1, laid.tops[0]) is laid.at(width, laid.tops[0]) is None
    assert laid.at(20, height - 1) is laid.at(20, 0) is None


def test_an_entry_under_the_pointer_is_marked_and_a_grey_one_is_not() -> None:
    laid = sheet(ENTRIES)
    plain = laid.draw(None)
    assert plain.size == laid.size
    assert ImageChops.difference(plain, laid.draw(0)).getbbox()
    assert not ImageChops.difference(plain, laid.draw(3)).getbbox()


def test_a_tick_is_seen() -> None:
    on, off = sheet((Entry("a", "A", checked=True),)), sheet((Entry("a", "A", checked=False),))
    assert ImageChops.difference(on.draw(None), off.draw(None)).getbbox()


def test_no_entries_are_a_sheet_too() -> None:
    assert sheet(()).at(5, 5) is None
