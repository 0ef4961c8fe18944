"""Inserts text into windows: select() returns the first output that works here."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from tray_dictate.core.errors import UnavailableError
from tray_dictate.output.user_keys import UNKNOWN_KEYS, UserKeys

if TYPE_CHECKING:  # the keepers live long, and need none of these
    from tray_dictate.config.schema import OutputSettings
    from tray_dictate.core.ports import CaretReader, Notifier, Output

log = logging.getLogger(__name__)

Backend = Literal["keys", "wayland", "x11", "the clipboard"]


def select(
    settings: OutputSettings, user_keys: UserKeys = UNKNOWN_KEYS, notices: Notifier | None = None
) -> Output:
    """Return the output for this desktop. Raises UnavailableError with every reason.

    `settings.rules` apply where applications are told apart: on X11 and Wayland. `notices`, which
    may be told on any thread, explain the desktop's questions to the user.
    """
    reasons: list[UnavailableError] = []
    for backend in _backends(settings):
        try:
            output = _open(backend, settings, user_keys, notices)
        except UnavailableError as reason:
            log.info("output by %s: %s", backend, reason)
            reasons.append(reason)
        else:
            log.info("output by %s", backend)
            return output
    raise UnavailableError(
        "Text cannot be inserted on this desktop: " + " ".join(r.reason for r in reasons),
        " ".join(dict.fromkeys(r.remedy for r in reasons)),
    )


@runtime_checkable
class Adaptable(Protocol):
    """An Output that can change its settings.

    An output that owns the clipboard is better not replaced: its contents would end with it.
    """

    def adapt(self, settings: OutputSettings) -> None:
        """Apply these settings."""
        ...


def caret(*, read: bool) -> CaretReader:
    """Return a reader of the text around the caret; without `read` one that reads nothing."""
    if read and sys.platform == "linux":
        from tray_dictate.output.atspi import AccessibleCaret  # noqa: PLC0415 - D-Bus

        return AccessibleCaret()
    from tray_dictate.core.ports import BlindCaretReader  # noqa: PLC0415

    return BlindCaretReader()


def _backends(settings: OutputSettings) -> Iterator[Backend]:
    """Yield the back ends to try, best first."""
    keys = settings.method != "clipboard"
    if sys.platform in ("win32", "darwin"):
        if keys:
            yield "keys"
    else:
        if os.environ.get("WAYLAND_DISPLAY"):  # if it answers, never X: that sees only its own
            yield "wayland"
        if keys or (settings.rules and os.environ.get("DISPLAY")):
            yield "x11"
    yield "the clipboard"


def _open(
    backend: Backend, settings: OutputSettings, user_keys: UserKeys, notices: Notifier | None
) -> Output:
    """Raises UnavailableError."""
    match backend:
        case "wayland":
            return _wayland(settings, user_keys, notices)
        case "x11":
            return _x11(settings, user_keys)
        case "keys":
            return _desktop(user_keys)
        case "the clipboard":
            return _clipboard()


# The platform's libraries are imported here and not before: without a display they raise.


def _wayland(settings: OutputSettings, user_keys: UserKeys, notices: Notifier | None) -> Output:
    from tray_dictate.output.wayland.output import WaylandOutput  # noqa: PLC0415

    output = WaylandOutput(
        settings.method, settings.rules, user_keys, private=settings.private, notices=notices
    )
    output.permit()
    return output


def _x11(settings: OutputSettings, user_keys: UserKeys) -> Output:
    try:
        from tray_dictate.output.x11.output import X11Output  # noqa: PLC0415
    except ImportError as reason:
        raise UnavailableError(f"python-xlib is missing ({reason}).", "Install it.") from reason
    return X11Output(settings.method, user_keys, settings.rules, private=settings.private)


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
