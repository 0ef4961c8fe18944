"""Text into the window: select() the first output that works here, or report every reason."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.user_keys import Held, OnSynthetic, UserKeys

if TYPE_CHECKING:  # what keeps the clipboard lives long and alone, and needs none of it
    from tray_dictate.config.schema import OutputRule, OutputSettings
    from tray_dictate.core.ports import CaretReader, Output

log = logging.getLogger(__name__)

Method = Literal["auto", "paste", "type", "clipboard"]


def select(
    method: Method,
    on_synthetic: OnSynthetic | None = None,
    rules: Sequence[OutputRule] = (),
    *,
    private: bool = True,
    held: Held = lambda: None,
    heard: Callable[[], bool] = lambda: True,
    own: Callable[[], frozenset[str]] = frozenset[str],
) -> Output:
    """Return the output for this desktop. Raises UnavailableError with every reason.

    `rules` are the user's and apply where applications are told apart: on X11 and Wayland;
    `on_synthetic(keycode, down)` is called before every key event that we make, from any thread;
    `down` is None before the user's own keyboard releases and presses a key again;
    `held` tells which keys the user holds, where that is known, and `heard` whether anybody hears
    `on_synthetic` now: without, the user's keys are waited for; `own` are the hotkey's keys, which
    are never waited for.
    """
    reasons: list[UnavailableError] = []
    wayland = partial(_wayland, method, rules, held, private=private)
    x11 = partial(_x11, method, on_synthetic, rules, heard, private=private)
    desktop = partial(_desktop, UserKeys(held, own, on_synthetic))
    for name, make in _candidates(method, (wayland, x11, desktop), ruled=bool(rules)):
        try:
            output = make()
        except UnavailableError as reason:
            log.info("output by %s: %s", name, reason)
            reasons.append(reason)
        else:
            log.info("output by %s", name)
            return output
    raise UnavailableError(
        "Text cannot be inserted on this desktop: " + " ".join(r.reason for r in reasons),
        " ".join(dict.fromkeys(r.remedy for r in reasons)),
    )


@runtime_checkable
class Adaptable(Protocol):
    """An Output that can go on with other settings.

    One that owns the clipboard should stay: what it has there would end with it.
    """

    def adapt(self, settings: OutputSettings) -> None:
        """Go on with these settings."""
        ...


def caret(*, read: bool) -> CaretReader:
    """Return what reads the text around the caret; it reads none unless it is to `read`."""
    if read and sys.platform == "linux":
        from tray_dictate.output.atspi import AccessibleCaret  # noqa: PLC0415 - D-Bus

        return AccessibleCaret()
    from tray_dictate.core.ports import BlindCaretReader  # noqa: PLC0415

    return BlindCaretReader()


def _candidates(
    method: Method, makes: tuple[Callable[[], Output], ...], *, ruled: bool
) -> Iterator[tuple[str, Callable[[], Output]]]:
    wayland, x11, desktop = makes
    if sys.platform in ("win32", "darwin"):
        if method != "clipboard":
            yield "keys", desktop
    else:
        if os.environ.get("WAYLAND_DISPLAY"):  # if it answers, never X: that sees only its own
            yield "wayland", wayland
        if method != "clipboard" or (ruled and os.environ.get("DISPLAY")):
            yield "x11", x11
    yield "the clipboard", _clipboard


# The platform's libraries are imported here and not before: without a display they raise.


def _wayland(method: Method, rules: Sequence[OutputRule], held: Held, *, private: bool) -> Output:
    from tray_dictate.output.wayland.output import WaylandOutput  # noqa: PLC0415

    output = WaylandOutput(method, rules, held, private=private)
    if method != "clipboard":
        output.prepare()
    return output


def _x11(
    method: Method,
    on_synthetic: OnSynthetic | None,
    rules: Sequence[OutputRule],
    heard: Callable[[], bool],
    *,
    private: bool,
) -> Output:
    try:
        from tray_dictate.output.x11.output import X11Output  # noqa: PLC0415
    except ImportError as reason:
        raise UnavailableError(f"python-xlib is missing ({reason}).", "Install it.") from reason
    return X11Output(method, on_synthetic, rules, heard, private=private)


def _desktop(user_keys: UserKeys) -> Output:
    try:
        from tray_dictate.output.pynput import DesktopOutput  # noqa: PLC0415

        return DesktopOutput(user_keys)
    except Exception as reason:  # whatever a platform's library raises where it cannot work
        log.exception("pynput cannot type here")
        raise UnavailableError(
            f"pynput cannot type here: {reason}.", "Start tray-dictate in a desktop session."
        ) from reason


def _clipboard() -> Output:
    from tray_dictate.output.clipboard import ClipboardOutput  # noqa: PLC0415

    return ClipboardOutput()
