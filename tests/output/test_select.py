"""The first output that works here, or every reason why none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tray_dictate.config.schema import OutputSettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.output import select


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No display, and no program that could reach a clipboard."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    return monkeypatch


def test_where_nothing_works_every_reason_and_remedy_is_named(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnavailableError) as raised:
        select(OutputSettings())
    assert "DISPLAY is not set" in raised.value.reason
    assert "clipboard" in raised.value.reason
    assert "xclip" in raised.value.remedy


def test_clipboard_alone_does_not_ask_for_an_x_server(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnavailableError) as raised:
        select(OutputSettings(method="clipboard"))
    assert "DISPLAY" not in str(raised.value)


def test_where_the_wayland_compositor_does_not_answer_an_x_server_is_tried(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    bare.setenv("WAYLAND_DISPLAY", "wayland-0")
    bare.setenv("DISPLAY", "no-such-server")
    with pytest.raises(UnavailableError, match="no-such-server") as raised:
        select(OutputSettings())
    assert "The Wayland compositor cannot be reached" in raised.value.reason
