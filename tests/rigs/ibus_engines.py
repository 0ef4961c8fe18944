"""The engines of IBus in a session, and a person who composes with them."""

from __future__ import annotations

from tests.rigs.headless import WAIT, Headless
from tests.waiting import wait_until
from tray_dictate.output.wayland.ibus.method import IBusMethod, IBusTiming

US, INTERNATIONAL = "xkb:us::eng", "xkb:us:intl:eng"
PATIENT = IBusTiming(active=5.0, answer=5.0, report=5.0, composed=20.0)  # for a busy machine


def in_force(desk: Headless) -> str:
    """Return the name of the engine in force; "" for none."""
    said = desk.run("ibus", "engine", check=False).strip()
    return "" if "No engine" in said else said


def set_engine(desk: Headless, name: str) -> None:
    """Put an engine in force, in the window that has the focus."""

    def is_set() -> bool:
        desk.run("ibus", "engine", name, check=False)
        return in_force(desk) == name

    wait_until(is_set, WAIT, f"{name} is in force")


def begin_to_compose(desk: Headless) -> None:
    """Have an "â" half composed by its number, as every layout of IBus allows."""
    desk.tap("ctrl_l", "shift_l", "u")
    desk.tap("e")


def compose(desk: Headless) -> None:
    """Type an "â", which only IBus makes of these keys."""
    begin_to_compose(desk)
    desk.tap("2")
    desk.tap("space")


def composing(method: IBusMethod) -> None:
    """Wait until it has heard of a composition."""
    link = method._link
    assert link
    wait_until(lambda: not link.composition.is_over, WAIT, "the composition")
