"""What stands in where nothing can be read."""

from __future__ import annotations

from tray_dictate.core.ports import BlindCaretReader


async def test_where_no_text_can_be_read_nothing_is_known_of_the_caret():
    caret = BlindCaretReader()
    caret.look()
    assert await caret.around(None) is None
    assert await caret.selected(None) == ""
    await caret.close()
