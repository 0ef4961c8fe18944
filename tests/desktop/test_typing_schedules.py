"""Text stays exact whatever modifiers the user presses and lets go of while it is typed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desktop import schedules
from tests.desktop.output_rig import connected
from tests.desktop.rig import Desktop
from tests.desktop.schedules import MODIFIERS, Fingers, Move
from tray_dictate.output.x11 import X11Output

pauses = st.sampled_from([0.0, 0.3, 1.0, 3.0, 10.0, 30.0])
moves = st.lists(
    st.builds(Move, pauses, st.sampled_from(sorted(MODIFIERS))), min_size=1, max_size=12
)


@pytest.mark.parametrize("kind", ["tk", "gtk"])
def test_text_is_exact_and_nothing_sticks_whatever_modifiers_are_pressed_while_it_is_typed(
    environ: Desktop, hardware_xserver: Desktop, kind
) -> None:
    desktop = hardware_xserver
    with (
        desktop.text_window(kind) as window,
        connected(desktop) as display,
        asyncio.Runner() as runner,
    ):
        fingers = Fingers(desktop)
        output = X11Output("type", lambda _keycode, _down: None)

        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(moves)
        def typed_under(schedule: list[Move]) -> None:
            assert not runner.run(
                schedules.run(desktop, window, display, fingers, output, schedule)
            )

        typed_under()
        runner.run(output.close())
        fingers.close()
