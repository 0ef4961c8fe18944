"""The output of Windows and macOS, on the one server that we have: its own logic, ASCII only."""

from __future__ import annotations

import pytest

from tests.rigs.x11 import Desktop
from tray_dictate.core.errors import DeliveryError
from tray_dictate.core.ports import Receipt


async def test_ascii_is_typed_in_order_and_control_characters_are_not(environ: Desktop) -> None:
    from tray_dictate.output.pynput import DesktopOutput  # noqa: PLC0415 - needs the DISPLAY

    output = DesktopOutput()
    with environ.text_window("tk") as window:
        text = "Hello there, this is longer than one stride. "
        assert await output.deliver(text + "\x1b\x03") == Receipt(confirmed=False, method="type")
        window.wait_for(text)
    await output.copy_to_clipboard("kept")
    assert environ.clipboard() == b"kept"
    await output.close()
    with pytest.raises(DeliveryError, match="ended"):
        await output.deliver("more")
