"""What expires, expires by a clock that nobody has set ahead."""

from __future__ import annotations

from tray_dictate.history.recordings import SLACK, CautiousClock

DAY = 86400.0


class Clocks:
    """A wall clock that can be set, and one that counts on."""

    def __init__(self) -> None:
        self.wall, self.running = 1_800_000_000.0, 50.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.running

    def go(self, seconds: float) -> None:
        self.wall, self.running = self.wall + seconds, self.running + seconds


def test_it_goes_with_the_wall_clock() -> None:
    clocks = Clocks()
    cautious = CautiousClock(clocks)
    clocks.go(40 * DAY)
    assert cautious.time() == clocks.wall


def test_a_clock_set_ahead_makes_nothing_old() -> None:
    clocks = Clocks()
    cautious = CautiousClock(clocks)
    right = clocks.wall
    clocks.wall += 400 * DAY
    assert cautious.time() == right + SLACK


def test_a_clock_set_back_is_followed() -> None:
    clocks = Clocks()
    cautious = CautiousClock(clocks)
    clocks.wall -= 400 * DAY
    assert cautious.time() == clocks.wall
