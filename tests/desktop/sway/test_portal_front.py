"""The real xdg-desktop-portal, with a back end that writes down what it is asked."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeFocus
from tests.rigs import remote_desktop_portal as remote_backend
from tests.rigs.headless import Headless
from tests.waiting import wait_until
from tray_dictate.core.errors import DeliveryError, UnavailableError
from tray_dictate.core.ports import Cause
from tray_dictate.output.base import MovedError
from tray_dictate.output.portal.paste import PortalPaste
from tray_dictate.output.portal.remote_desktop import RemoteSession
from tray_dictate.output.user_keys import UNKNOWN_KEYS
from tray_dictate.output.wayland.key_release import KeyRelease
from tray_dictate.system.desktop.portals import Portals

PORTAL = f"""[portal]
DBusName={remote_backend.NAME}
Interfaces={remote_backend.REMOTE}
UseIn=mock
"""


class Front(Headless):
    """No compositor: the front end, and its back end."""

    def __init__(self, answer: str) -> None:
        super().__init__("mock")
        self._answer = answer

    def start(self) -> None:
        super().start()
        program = [sys.executable, str(Path(remote_backend.__file__))]
        self.start_service("backend", program, remote_backend.NAME, ANSWER=self._answer)
        file = self.folder / "remote.portal"
        file.write_text(PORTAL)
        self.start_front_end(file)

    def restart(self) -> None:
        """Have another front end in the place of this one."""
        self.end_front_end()
        wait_until(lambda: not self.bus_has("org.freedesktop.portal.Desktop"), 10, "it has gone")
        self.start_front_end()

    def told(self) -> list[str]:
        """Return what the back end was asked and told."""
        return self.processes.tail("backend", 100_000).splitlines()


Make = Callable[[str], Front]


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Start the front end for a user with this answer; this process is on its bus."""
    made: list[Front] = []

    def make(answer: str) -> Front:
        made.append(Front(answer).__enter__())
        made[-1].join(monkeypatch)
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def portals(front: Make) -> Iterator[Callable[[str], tuple[Front, RemoteSession]]]:
    """A session, not yet open, with a user of this answer."""
    made: list[Portals] = []

    def make(answer: str) -> tuple[Front, RemoteSession]:
        started = front(answer)
        made.append(Portals())
        return started, RemoteSession(made[-1])

    yield make
    for one in made:
        one.close()


def test_a_chord_is_pressed_and_let_go_in_order_and_the_user_is_asked_once(portals) -> None:
    front, remote = portals("0")
    assert "Start" not in front.told()  # nobody is asked before there is text
    remote.open()
    remote.chord("shift+insert")
    remote.open()
    remote.chord("ctrl+v")
    keys = [line for line in front.told() if line.startswith("key")]
    assert keys == [
        "key 42 1", "key 110 1", "key 110 0", "key 42 0",
        "key 29 1", "key 47 1", "key 47 0", "key 29 0",
    ]  # fmt: skip
    assert front.told().count("Start") == 1


def test_a_user_who_says_no_is_not_asked_again(portals) -> None:
    front, remote = portals("1")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="did not allow"):
            remote.open()
    assert front.told().count("Start") == 1


def test_a_desktop_that_fails_is_asked_again_the_next_time(portals) -> None:
    front, remote = portals("2")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="RemoteDesktop portal failed"):
            remote.open()
    assert front.told().count("Start") == 2


def test_a_question_that_nobody_has_answered_holds_nothing_up(portals) -> None:
    front, remote = portals("")
    remote.prepare(ask=True)
    with pytest.raises(UnavailableError, match="still asking"):
        remote.open(patience=0.2)
    assert front.told().count("Start") == 1


def test_nobody_is_asked_before_a_text_needs_it(portals) -> None:
    front, remote = portals("0")
    remote.prepare(ask=False)
    assert "Start" not in front.told()


class Reader:
    """ports.Notifier: a user who reads; with what the desktop had been asked by then."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.told: list[tuple[str, str, bool]] = []

    def tell(self, message: str, cause: Cause = "") -> None:
        self.told.append((message, cause, "Start" in self._front.told()))


@pytest.mark.parametrize(("desktop", "does"), [("GNOME", "Allow Remote"), ("KDE", "Allow it")])
def test_the_user_is_told_what_the_desktop_will_ask_before_it_does(
    front: Make, monkeypatch: pytest.MonkeyPatch, desktop: str, does: str
) -> None:
    asking = front("0")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", desktop)
    portals, user = Portals(), Reader(asking)
    try:
        RemoteSession(portals, user).open(patience=20)
    finally:
        portals.close()
    [(message, cause, asked), over] = user.told
    assert "Remote Desktop" in message
    assert does in message
    assert (cause, asked) == ("permission", False)
    assert over == ("", "permission", True)


def test_a_session_without_a_permission_for_the_next_one_stays_open(front: Make) -> None:
    asking, portals = front("0"), Portals()
    try:
        RemoteSession(portals, idle=0.2).open()
        time.sleep(1)
        assert "closed" not in asking.told()
    finally:
        portals.close()


def test_a_question_holds_up_the_first_text_only(portals) -> None:
    _, remote = portals("")
    for patience in (0.2, 1000, 1000):
        with pytest.raises(UnavailableError, match="still asking"):
            remote.open(patience)


def test_a_question_that_has_ended_with_the_portal_is_asked_again(portals) -> None:
    front, remote = portals("")
    with pytest.raises(UnavailableError, match="still asking"):
        remote.open(patience=0.2)
    front.restart()
    with pytest.raises(UnavailableError, match="still asking"):
        remote.open(patience=2)
    assert front.told().count("Start") == 2


def test_a_portal_that_was_restarted_between_two_texts_presses_the_next_key(portals) -> None:
    front, remote = portals("0")
    remote.open()
    front.restart()
    remote.open()
    remote.chord("enter")
    assert "key 28 1" in front.told()


def test_a_key_that_is_for_another_window_is_not_pressed(portals) -> None:
    front, remote = portals("0")
    remote.open()
    with pytest.raises(MovedError):
        remote.chord("enter", FakeFocus(False))
    assert not any(line.startswith("key") for line in front.told())


def test_a_key_that_no_us_keyboard_has_is_refused_before_any_is_pressed(portals) -> None:
    front, remote = portals("0")
    remote.open()
    with pytest.raises(DeliveryError, match="cannot be pressed"):
        remote.chord("ctrl+ü")
    assert not any(line.startswith("key") for line in front.told())


def test_no_key_goes_out_once_the_portal_has_gone(portals) -> None:
    front, remote = portals("0")
    remote.open()
    front.end_front_end()
    wait_until(lambda: not front.bus_has("org.freedesktop.portal.Desktop"), 10, "it has gone")
    with pytest.raises(DeliveryError, match="did not accept the key"):
        remote.chord("shift+insert")
    with pytest.raises(UnavailableError):
        remote.open()


def test_without_any_clipboard_the_method_is_refused_with_its_remedy(front: Make) -> None:
    front("0")
    with pytest.raises(UnavailableError) as refused:
        PortalPaste(
            KeyRelease(UNKNOWN_KEYS, threading.Event())
        )  # Debian 12's front end has no Clipboard
    assert "no Clipboard portal" in refused.value.reason
    assert "xdg-desktop-portal" in refused.value.remedy


def test_without_portals_the_method_is_refused(front: Make) -> None:
    front("0").end_front_end()
    with pytest.raises(UnavailableError, match="no RemoteDesktop portal"):
        PortalPaste(KeyRelease(UNKNOWN_KEYS, threading.Event()))


def test_without_a_bus_the_method_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(UnavailableError, match="portals cannot be reached"):
        PortalPaste(KeyRelease(UNKNOWN_KEYS, threading.Event()))
