"""The engines of IBus in a session, and a person who composes with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.rigs.headless import WAIT
from tests.rigs.session import Session
from tests.waiting import wait_until
from tray_dictate.output.wayland.ibus.method import IBusMethod, IBusTiming

US, INTERNATIONAL = "xkb:us::eng", "xkb:us:intl:eng"
PATIENT = IBusTiming(active=5.0, answer=5.0, report=5.0, composed=20.0)  # for a busy machine


def in_force(desk: Session) -> str:
    """Return the name of the engine in force; "" for none."""
    said = desk.run("ibus", "engine", check=False).strip()
    return "" if "No engine" in said else said


def set_engine(desk: Session, name: str) -> None:
    """Put an engine in force, in the window that has the focus."""

    def is_set() -> bool:
        desk.run("ibus", "engine", name, check=False)
        return in_force(desk) == name

    wait_until(is_set, WAIT, f"{name} is in force")


@contextmanager
def ibus_for_x(desk: Session) -> Iterator[None]:
    """Run an IBus that the desktop itself does not use, for programs that ask it themselves."""
    argv = ["ibus-daemon", "--xim", "--panel", "disable", "--config", "disable"]
    process = desk.processes.start("ibus", argv)
    set_engine(desk, US)
    yield
    desk.processes.end(process)


def begin_to_compose(desk: Session) -> None:
    """Have an "â" half composed by its number, as every layout of IBus allows."""
    desk.tap("ctrl_l", "shift_l", "u")
    desk.tap("e")


def compose(desk: Session) -> None:
    """Type an "â", which only IBus makes of these keys."""
    begin_to_compose(desk)
    desk.tap("2")
    desk.tap("space")


def composing(method: IBusMethod) -> None:
    """Wait until it has heard of a composition."""
    link = method._link
    assert link
    wait_until(lambda: not link.composition.is_over, WAIT, "the composition")
