"""Text stays exact whatever modifiers the user presses and lets go of while it is typed."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rigs import modifier_schedules as schedules
from tests.rigs.modifier_schedules import MODIFIERS, Fingers, Listening, Move
from tests.rigs.x11 import Desktop
from tests.rigs.x11_output import connected
from tests.rigs.x11_windows import Kind
from tray_dictate.output.rules import Method
from tray_dictate.output.x11.output import X11Output

pauses = st.sampled_from([0.0, 0.3, 1.0, 3.0, 10.0, 30.0])
MANY, FEW = 50, 12  # examples: many of one kind, for what finds a fault finds it in all
moves = st.lists(
    st.builds(Move, pauses, st.sampled_from(sorted(MODIFIERS))), min_size=1, max_size=12
)


def types_exactly(desktop: Desktop, kind: Kind, examples: int) -> None:
    delivers_exactly(desktop, kind, "type", (schedules.TEXT * 4,), examples)


def delivers_exactly(
    desktop: Desktop, kind: Kind, method: Method, pieces: tuple[str, ...], examples: int
) -> None:
    with (
        desktop.text_window(kind) as window,
        connected(desktop) as display,
        asyncio.Runner() as runner,
        ExitStack() as ending,
    ):
        fingers = ending.enter_context(closing(Fingers(desktop)))
        listening = ending.enter_context(closing(Listening()))
        output = X11Output(method, listening)
        ending.callback(lambda: runner.run(output.close()))

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
        @given(moves)
        def typed_under(schedule: list[Move]) -> None:
            assert not runner.run(
                schedules.run(window, display, fingers, output, listening, schedule, pieces)
            )

        typed_under()


@pytest.mark.parametrize("kind", ["tk", "gtk"])
def test_text_is_exact_nothing_sticks_and_the_hotkey_hears_only_the_hands(
    xserver: Desktop, environ: Desktop, kind
) -> None:
    types_exactly(xserver, kind, MANY if kind == "gtk" else FEW)


@pytest.mark.parametrize("kind", ["tk", "gtk"])
def test_so_it_is_with_a_keyboard_that_another_server_has(
    hardware_xserver: Desktop, environ: Desktop, kind
) -> None:
    types_exactly(hardware_xserver, kind, FEW)


@pytest.mark.parametrize("kind", ["tk", "gtk"])
def test_pasted_segments_are_exact_under_modifiers_too(
    xserver: Desktop, environ: Desktop, kind
) -> None:
    pieces = tuple(f"{number}: Grüße 你好. " for number in range(8))
    delivers_exactly(xserver, kind, "auto", pieces, FEW)
