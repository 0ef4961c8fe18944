"""The kernel's input events, as real records through pipes; the folder of devices is a real one."""

from __future__ import annotations

import errno
import itertools
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes import FakeListener, FakeNotices
from tests.hotkey.input_devices import KEY, RECORD, SYN, Pipes, key, record
from tests.rigs.as_user import ROOT
from tray_dictate.config.schema import HotkeySettings
from tray_dictate.core.errors import UnavailableError
from tray_dictate.core.keys.chord import POINTER, Edge
from tray_dictate.core.keys.keycodes import CODES
from tray_dictate.core.keys.names import parse_key
from tray_dictate.hotkey.evdev import BUTTONS, TOUCH, EvdevHotkey, InputDevices, Ioctl

KEYBOARD = frozenset(range(1, 128))
OPEN = Path("/proc/self/fd")


class Watched:
    """A hotkey that runs, and its edges and marks as they come."""

    def __init__(self, pipes: Pipes, **settings: str) -> None:
        self.began = time.monotonic()
        self.pipes, self.edges = pipes, queue.Queue[Edge]()
        self.reasons, self.told = list[str](), list[str]()
        made = HotkeySettings(**{"keys": "f9", **settings})
        self.hotkey = EvdevHotkey(made, FakeNotices(self.told.append), pipes)
        self.hotkey.start(self)

    def edge(self, edge: Edge) -> None:
        self.edges.put(edge)

    def caught_up(self, mark: int) -> None:
        self.edges.put(Edge(f"caught up {mark}", True, time.monotonic()))

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)

    def next(self, count: int = 1) -> list[tuple[str, bool]]:
        """Return the next edges."""
        found = [self.edges.get(timeout=10) for _ in range(count)]
        assert all(self.began <= edge.at <= time.monotonic() for edge in found)
        return [(edge.key, edge.down) for edge in found]


@contextmanager
def watched(*names: str, **settings: str) -> Iterator[Watched]:
    pipes = Pipes(*(names or ("event0",)))
    one = Watched(pipes, **settings)
    try:
        yield one
    finally:
        one.hotkey.stop()
        for end in pipes.ends.values():
            os.close(end)
        assert pipes.closed
        assert one.reasons == []
        assert one.edges.empty()


def test_a_press_and_a_release_are_edges_and_a_repetition_is_none():
    with watched() as keyboard:
        keyboard.pipes.send("event0", key("f9", 1) + key("f9", 2) + key("f9", 2) + key("a", 1))
        assert keyboard.next(2) == [("f9", True), ("a", True)]
        keyboard.pipes.send("event0", key("f9", 0))
        assert keyboard.next() == [("f9", False)]


def test_who_waits_for_the_reader_is_told_after_all_that_has_happened():
    with watched("event0", "event3") as keyboard:
        for device, name in (("event0", "f9"), ("event3", "a")):  # more than is read at once
            keyboard.pipes.send(device, (key(name, 1) + key(name, 0)) * 200)
        keyboard.hotkey.catch_up(1)
        assert keyboard.next(801).index(("caught up 1", True)) == 800
        keyboard.hotkey.catch_up(2)
        assert keyboard.next() == [("caught up 2", True)]


def test_what_is_down_is_known_from_every_keyboard():
    with watched("event0", "event3") as keyboard:
        keyboard.pipes.send("event0", key("ctrl_r", 1))
        assert keyboard.next() == [("ctrl_r", True)]
        keyboard.pipes.send("event3", key("a", 1))
        assert keyboard.next() == [("a", True)]
        assert keyboard.hotkey.held() == {"ctrl_r", "a"}
        keyboard.pipes.send("event0", key("ctrl_r", 0))
        assert keyboard.next() == [("ctrl_r", False)]
        assert keyboard.hotkey.held() == {"a"}


def test_a_key_that_two_keyboards_hold_is_up_when_both_have_let_go():
    with watched("event0", "event3") as keyboard:
        keyboard.pipes.send("event0", key("ctrl_r", 1))
        assert keyboard.next() == [("ctrl_r", True)]
        keyboard.pipes.send("event3", key("ctrl_r", 1) + key("a", 1))
        assert keyboard.next() == [("a", True)]
        keyboard.pipes.send("event0", key("ctrl_r", 0) + key("b", 1))
        assert keyboard.next() == [("b", True)]
        assert keyboard.hotkey.held() == {"ctrl_r", "a", "b"}
        keyboard.pipes.send("event3", key("ctrl_r", 0))
        assert keyboard.next() == [("ctrl_r", False)]


def test_records_that_arrive_in_pieces_are_put_together():
    data = key("f9", 1) + key("f9", 0)
    with watched() as keyboard:
        for at in range(0, len(data), 7):
            keyboard.pipes.send("event0", data[at : at + 7])
            time.sleep(0.002)
        assert keyboard.next(2) == [("f9", True), ("f9", False)]


def test_a_keyboard_that_is_plugged_in_later_is_heard_and_one_pulled_out_holds_nothing():
    with watched() as keyboard:
        keyboard.pipes.plug("event7")
        keyboard.pipes.send("event7", key("f9", 1))
        assert keyboard.next() == [("f9", True)]
        keyboard.pipes.unplug("event7")
        assert keyboard.next() == [("f9", False)]
        assert keyboard.hotkey.held() == frozenset()
        keyboard.pipes.plug("event7")
        keyboard.pipes.send("event7", key("f9", 1) + key("f9", 0))
        assert keyboard.next(2) == [("f9", True), ("f9", False)]
        keyboard.pipes.send("event0", key("a", 1))
        assert keyboard.next() == [("a", True)]


def test_after_dropped_events_the_kernel_is_asked_what_is_down():
    dropped = record(SYN, 3, 0)
    with watched() as keyboard:
        keyboard.pipes.send("event0", key("f9", 1) + key("a", 1))
        assert keyboard.next(2) == [("f9", True), ("a", True)]
        keyboard.pipes.pressed[keyboard.pipes.files["event0"]] = frozenset({CODES["a"], 42})
        keyboard.pipes.send("event0", dropped)
        assert keyboard.next(2) == [("f9", False), ("shift_l", True)]
        keyboard.pipes.pressed.clear()
        keyboard.pipes.send("event0", dropped)
        assert keyboard.next(2) == [("a", False), ("shift_l", False)]


def test_what_was_read_with_the_news_of_a_drop_is_older_than_the_kernels_answer():
    with watched() as keyboard:
        keyboard.pipes.send("event0", key("f9", 1))
        assert keyboard.next() == [("f9", True)]
        file = keyboard.pipes.files["event0"]
        older = record(SYN, 3, 0) + key("f9", 0) + key("f9", 1)
        keyboard.pipes.pressed[file] = frozenset()
        os.write(keyboard.pipes.ends["event0"], older)
        assert keyboard.next() == [("f9", False)]
        keyboard.pipes.send("event0", key("a", 1))
        assert keyboard.next() == [("a", True)]


def test_a_release_that_nobody_told_of_is_known_to_who_asks():
    with watched("event0", "event3") as keyboard:
        keyboard.pipes.send("event0", key("f9", 1) + key(min(BUTTONS), 1))
        assert keyboard.next(2) == [("f9", True), (POINTER, True)]
        assert keyboard.hotkey.held() == {"f9"}
        keyboard.pipes.pressed[keyboard.pipes.files["event0"]] = frozenset()
        keyboard.pipes.pressed.pop(keyboard.pipes.files["event3"])  # it is pulled out just now
        assert keyboard.hotkey.held() == frozenset()
    assert keyboard.hotkey.held() is None, "it has let go of the devices"


def test_what_was_pressed_before_the_start_is_no_press():
    pipes, listener = Pipes("event0"), FakeListener()
    hotkey = EvdevHotkey(HotkeySettings(keys="f9"), FakeNotices(), pipes)
    pipes.send("event0", key("f9", 1))
    hotkey.start(listener)
    pipes.send("event0", key("a", 1))
    assert listener.reported.get(timeout=10).key == "a"
    hotkey.stop()
    os.close(pipes.ends["event0"])


def test_a_click_and_a_tap_may_move_the_caret_and_a_stroke_over_the_touchpad_does_not():
    with watched() as mouse:
        mouse.pipes.send("event0", key(min(BUTTONS), 1) + key(min(BUTTONS), 0))
        assert mouse.next() == [(POINTER, True)]
        mouse.pipes.send("event0", key(TOUCH, 1) + key(TOUCH, 0))
        assert mouse.next() == [(POINTER, True)]
        mouse.pipes.send("event0", key(TOUCH, 1))
        time.sleep(0.4)
        mouse.pipes.send("event0", key(TOUCH, 0) + key(0x113, 1) + key("a", 1))
        assert mouse.next() == [("a", True)]


def test_the_right_alt_is_alt_gr_where_the_settings_name_that():
    for keys, name in (("alt_gr+f9", "alt_gr"), ("f9", "alt_r")):
        with watched(keys=keys) as keyboard:
            keyboard.pipes.send("event0", key(100, 1) + key(240, 1))
            assert keyboard.next(2) == [(name, True), ("keycode 248", True)]


def test_a_key_that_the_kernel_does_not_know_is_refused():
    with pytest.raises(UnavailableError, match="The kernel has no key 'ü'") as refused:
        EvdevHotkey(HotkeySettings(keys="ctrl+ü"), FakeNotices(), Pipes())
    assert "US keyboard" in refused.value.remedy


def test_without_a_keyboard_it_says_why_and_keeps_nothing_open():
    pipes = Pipes()
    with pytest.raises(UnavailableError, match="None is there"):
        EvdevHotkey(HotkeySettings(), FakeNotices(), pipes)
    assert pipes.closed


class Nodes:
    """What devices in a folder of pipes say of themselves; one that is not there is no device."""

    def __init__(self, **keys: Collection[int]) -> None:
        self._keys = keys

    def name(self, file: int) -> str:
        return "ydotoold virtual device" if self._node(file) == "event9" else "A keyboard"

    def keys(self, file: int) -> frozenset[int]:
        name = self._node(file)
        if name not in self._keys:
            raise OSError(errno.ENOTTY, "not a device")
        return frozenset(self._keys[name])

    def down(self, file: int) -> frozenset[int]:
        return self.keys(file)

    def _node(self, file: int) -> str:
        return Path(f"/proc/self/fd/{file}").readlink().name


def test_of_a_folder_keyboards_and_pointers_are_opened_and_nothing_else(tmp_path):
    kernel = Nodes(
        event0=KEYBOARD, event1={0x74}, event2=BUTTONS, event3={TOUCH}, event4={0x73, 190},
        event9=KEYBOARD, event10={CODES["f20"]},
    )  # fmt: skip
    for name in (*(f"event{number}" for number in range(11)), "mouse0"):
        os.mkfifo(tmp_path / name)
    devices = InputDevices(frozenset({CODES["f20"]}), tmp_path, kernel)
    found = devices.open(("event2",))
    assert sorted(found) == ["event0", "event10", "event3", "event4"]
    assert devices.down(found["event0"]) == devices.peek(found["event0"]) == KEYBOARD
    assert devices.has_keyboard()
    for file in found.values():
        os.close(file)
    devices.close()


def test_a_node_that_comes_and_may_be_read_only_later_is_found(tmp_path):
    kernel = Nodes(event0=KEYBOARD, event1=KEYBOARD)
    first = tmp_path / "event0"
    os.mkfifo(first)
    pipes = os.open(first, os.O_RDWR)
    devices = InputDevices(frozenset(), tmp_path, kernel)
    listener = FakeListener()
    hotkey = EvdevHotkey(HotkeySettings(keys="f9"), FakeNotices(), devices)
    hotkey.start(listener)
    later = tmp_path / "event1"
    os.mkfifo(later, 0)
    later.chmod(0o600)
    end = os.open(later, os.O_RDWR)
    os.write(end, key("f9", 1))
    assert listener.reported.get(timeout=10).key == "f9"
    hotkey.stop()
    os.close(pipes)
    os.close(end)


def test_a_pointer_alone_is_no_keyboard(tmp_path):
    for name in ("event0", "event1"):
        os.mkfifo(tmp_path / name)
    kernel = Nodes(event0=BUTTONS, event1={TOUCH})
    before = len(list(OPEN.iterdir()))
    devices = InputDevices(frozenset({CODES["ctrl_r"]}), tmp_path, kernel)
    with pytest.raises(UnavailableError, match="There is no keyboard in"):
        EvdevHotkey(HotkeySettings(), FakeNotices(), devices)
    assert len(list(OPEN.iterdir())) == before, "nothing is kept open"


def test_who_is_asked_by_others_keeps_what_the_reader_has_not_read_yet(tmp_path):
    """Linux empties the queue of the very file that it is asked on."""

    class Emptied(Nodes):
        def down(self, file: int) -> frozenset[int]:
            asked.append(file)
            return super().down(file)

    asked: list[int] = []
    os.mkfifo(tmp_path / "event0")
    devices = InputDevices(frozenset(), tmp_path, Emptied(event0=KEYBOARD))
    file = devices.open(())["event0"]
    assert devices.peek(file) == KEYBOARD
    assert file not in asked
    assert devices.down(file) == KEYBOARD
    assert asked[-1] == file
    os.close(file)
    devices.close()


def test_who_may_not_read_the_keyboards_is_told_how_and_what_that_means():
    program = (
        "import os, sys; from pathlib import Path\n"
        "from tray_dictate.hotkey.evdev import InputDevices\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "devices = InputDevices(frozenset(), Path(sys.argv[1]))\n"
        "assert devices.open(()) == {}\n"
        "print(devices.lacking())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "event0").touch(0)
        said = subprocess.run(
            [sys.executable, "-c", program, folder], env={"PYTHONPATH": str(ROOT)}, check=True,
            capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
    assert "no permission to read" in said
    assert "sudo usermod -aG input $USER" in said
    assert "passwords too" in said


def test_where_no_keyboard_is_it_says_so(tmp_path):
    devices = InputDevices(frozenset(), tmp_path)
    (tmp_path / "event0").touch()  # no device: the kernel itself says so
    assert devices.open(()) == {}
    assert "There is no keyboard in" in str(devices.lacking())
    devices.close()
    with pytest.raises(UnavailableError, match=r"There is no .*absent here"):
        InputDevices(frozenset(), tmp_path / "absent")
    with pytest.raises(OSError, match="ioctl"):
        Ioctl().down(devices_file := os.open(tmp_path / "event0", os.O_RDONLY))
    os.close(devices_file)


OTHERS = [
    ("f13", 183), ("keycode 191", 183), ("XF86AudioMicMute", 248), ("kp_enter", 96),
    ("XF86Launch5", 184), ("mouse8", 0x113), ("mouse2", 0x112), ("XF86Dictate", 586),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), OTHERS)
def test_a_key_is_known_by_any_of_its_names_and_so_is_a_button(name, code):
    with watched(keys=name) as one:
        [canonical] = parse_key(name)
        one.pipes.send("event0", key(code, 1))
        assert one.next() == [(canonical, True)]
        assert one.hotkey.held() == {canonical}
        one.pipes.send("event0", key(code, 0))
        assert one.next() == [(canonical, False)]


def test_an_edge_is_when_the_kernel_says_not_when_it_is_read():
    def timed(milliseconds: int, value: int) -> bytes:
        return RECORD.pack(100, 1000 * milliseconds, KEY, CODES["f9"], value)

    with watched() as one:
        one.pipes.send("event0", timed(0, 1))
        first = one.edges.get(timeout=10)
        time.sleep(0.3)  # what follows has happened by then
        one.pipes.send("event0", timed(200, 0) + timed(210, 1) + timed(260, 0))
        edges = [first, *(one.edges.get(timeout=10) for _ in range(3))]
    apart = [late.at - early.at for early, late in itertools.pairwise(edges)]
    assert apart[1:] == pytest.approx([0.01, 0.05], abs=0.002)


def test_a_key_that_locks_is_told_of():
    with watched(keys="caps_lock") as one:
        assert [words for words in one.told if "also switches its lock" in words]
