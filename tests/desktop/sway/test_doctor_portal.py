"""What doctor says where a portal has the hotkey: the real front end, a desktop that obeys us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import FakePrompter
from tests.rigs.session import Session
from tests.rigs.shortcuts_portal import Desktop
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.doctor import hotkey, wayland
from tray_dictate.doctor.check import Finding

SETTINGS = HotkeySettings(keys="ctrl_r", source="portal")


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session bus and no compositor."""
    with Session("mock") as bare:
        yield bare


@pytest.fixture(scope="module")
def _portal(session: Session) -> Desktop:
    return Desktop(session)


@pytest.fixture
def portal(_portal: Desktop, environ: Session, monkeypatch) -> Desktop:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    _portal.do("answer", "yes")
    return _portal


def user_of(portal: Desktop) -> FakePrompter:
    """Return a user who does as told."""

    def obey(request: str) -> None:
        portal.do("press" if request.startswith("Press") else "allow")

    return FakePrompter(obey)


@pytest.mark.parametrize("answer", ["yes", "later"])
async def test_the_keys_that_the_desktop_gave_are_asked_for(portal, answer):
    portal.do("answer", answer)
    user = user_of(portal)
    [found] = await hotkey.check_hotkey(SETTINGS, user)
    *others, last = user.requests
    assert last.startswith("Press the hotkey, Ctrl+Alt+Space, once")
    assert ["allow it" in one for one in others] == [True] * (answer == "later")
    assert found.state == "ok"
    assert found.words == (
        "Ctrl+Alt+Space was seen, by Portal. Right Ctrl cannot be a shortcut on this desktop."
    )


async def test_where_there_are_no_keys_none_is_asked_for_and_it_says_what_to_do(portal):
    portal.do("answer", "keyless")
    user = user_of(portal)
    [found] = await hotkey.check_hotkey(SETTINGS, user)
    assert (found.state, user.requests) == ("warning", [])
    assert "`tray-dictate toggle`" in found.remedy
    assert "doctor" not in found.remedy


async def test_where_nobody_may_press_the_desktop_is_not_asked(portal):
    portal.do("forget")
    [found] = await hotkey.check_hotkey(SETTINGS, None)
    assert found.state == "unchecked"
    assert portal.do("look") == []


@pytest.mark.parametrize("answer", ["keyless", "fail", "yes"])
async def test_the_compositors_lines_are_told_wherever_its_portal_gives_no_keys(
    portal, tmp_path, monkeypatch, answer
):
    portal.do("answer", answer)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "niri").write_text("#!/bin/sh\necho niri\n")
    (programs / "niri").chmod(0o755)
    (tmp_path / "config.kdl").touch()
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("NIRI_SOCKET", "1")
    monkeypatch.setenv("NIRI_CONFIG", str(tmp_path / "config.kdl"))
    found: dict[str, Finding] = {
        one.name: one for one in await wayland.check_hotkey(SETTINGS, user_of(portal))
    }
    if answer == "yes":
        assert "bindings" not in found
    else:
        assert found["hotkey"].state == found["bindings"].state == "warning"
        assert "Ctrl+Alt+space repeat=false { spawn" in found["bindings"].remedy


@pytest.mark.parametrize(("named", "state"), [("sway", "unchecked"), ("KDE", "ok")])
async def test_a_portal_that_was_not_asked_is_in_use_only_where_it_is_the_desktops(
    portal, monkeypatch, named, state
):
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", named)
    found = {one.name: one for one in await wayland.check_hotkey(SETTINGS, None)}
    assert found["key: portal"].state == state
    assert ("not tested whether" in found["key: portal"].words) == (state == "unchecked")
    assert "would be used if" in found["key: commands"].words
