"""A server's own time, and the take's."""

from __future__ import annotations

from tray_dictate.engine.realtime.protocol.items import ServerClock


def test_what_was_sent_first_is_where_the_take_begins():
    line = ServerClock()
    line.append(100)
    assert line.position(40) == 40


def test_after_a_jump_the_takes_place_is_another_and_the_servers_time_goes_on():
    line = ServerClock()
    line.append(100)
    line.jump(500)
    line.append(100)
    assert [line.position(at) for at in (99, 100, 150)] == [99, 500, 550]


def test_of_two_jumps_at_once_the_later_counts():
    line = ServerClock()
    line.jump(70)
    line.jump(900)
    assert line.position(5) == 905
