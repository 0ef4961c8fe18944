"""Owns the clipboard by the Clipboard portal for a paste, and then gives back what it held.

Where the compositor does not let programs own its selections (GNOME), the RemoteDesktop session may
have the clipboard, but not PRIMARY. Reads come as signals without the reader's name: a read after
the key counts as the target's. The desktop's own clipboard manager reads whatever appears; we wait
until it has. Pipes are read and written on the portals' thread without blocking.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from dbus_fast import Variant

from tray_dictate.core.errors import UnavailableError, why
from tray_dictate.output.portal.remote_desktop import RemoteSession
from tray_dictate.output.rules import Treatment
from tray_dictate.output.secrecy import HINT, is_any_lent, is_secret
from tray_dictate.output.selection import ABANDONED, BELATED, LARGEST, NOT_FORMATS, ONE_PASTE
from tray_dictate.output.wayland.data_control import Contents
from tray_dictate.output.wayland.selection_server import (
    TYPES,
    WaylandOffer,
    previous_data,
    text_contents,
)
from tray_dictate.system.desktop import dbus
from tray_dictate.system.threads import TaskSet

SERVING = 10.0  # seconds for a reader to take what it asked for


log = logging.getLogger(__name__)

CALM = 0.03  # seconds without a read until the desktop's own clipboard manager has read
MANAGED = 1.0  # seconds for it to begin where it is known to read; else that is learnt, once
RESTORE = 0.15  # seconds after the target's read until its clipboard comes back
LONGEST = 1.0  # seconds until it comes back although reads go on
SAVING = 2.0  # seconds for the clipboard's owner to hand over all of it
_PORTAL = "Clipboard"
_NOTHING: Contents = dict.fromkeys(TYPES, b"")  # without types, mutter has our text come back


class PortalSelections:
    """The clipboard of one RemoteDesktop session; its methods block the calling thread briefly."""

    def __init__(self, remote: RemoteSession) -> None:
        """Raises UnavailableError."""
        if not remote.offers_clipboard:
            raise UnavailableError(
                "The clipboard cannot be used here by programs that press keys: the desktop has no "
                "Clipboard portal.",
                "Update xdg-desktop-portal to 1.17 or later, and the portal of your desktop.",
            )
        self._remote, self._portals = remote, remote.portals
        self._there: Sequence[str] = ()  # types that another program offers
        self._told = ""  # the session that was told of them
        self._ours: Contents | None = None  # what we serve; None while the clipboard is not ours
        self._before: Contents | None = None  # what an offer is to give back
        self._offer: WaylandOffer | None = None
        self._session = ""
        self._read_at = 0.0
        self._was_read = asyncio.Event()  # since it became ours
        self._managed = True  # the desktop's own manager reads what appears, as far as is known
        self._due: asyncio.TimerHandle | None = None
        self._serving = TaskSet()
        remote.user = self
        for member, handle in (
            ("SelectionOwnerChanged", self._on_owner), ("SelectionTransfer", self._on_transfer),
        ):  # fmt: skip
            self._portals.on(f"{_PORTAL}.{member}", handle)

    def offer(self, text: str, treatment: Treatment) -> WaylandOffer | None:
        """Own the clipboard with this text; None where what is there cannot be saved.

        Raises UnavailableError.
        """
        session = self._remote.open()
        if not self._remote.clipboard:
            raise UnavailableError("The desktop did not allow tray-dictate to use the clipboard.")
        return self._run(self._begin(session, text_contents(text, secret=treatment.private)))

    def settle(self, offer: WaylandOffer) -> None:
        """Give back what was there in a moment: the target has read."""
        self._quietly(self._end_soon(offer))

    def withdraw(self, offer: WaylandOffer) -> None:
        """Give back what was there, unless the text is being read: no program gets it then."""
        self._quietly(self._withdraw(offer))

    def copy_to_clipboard(self, text: str, *, secret: bool = False, ask: bool = True) -> None:
        """Make this text the user's clipboard. Raises UnavailableError.

        Without `ask` only if the user need not be asked for it.
        """
        session = self._remote.open(ask=ask)
        self._run(self._copy(session, text_contents(text, secret=secret)))

    def close(self) -> None:
        """Give back what was there; idempotent."""
        if self._offer:
            self._quietly(self._leave(self._offer))

    def _run(self, work: Any) -> Any:
        try:
            return self._portals.run(work)
        except dbus.TROUBLE as reason:
            raise UnavailableError(
                f"The desktop's Clipboard portal failed: {why(reason)}."
            ) from reason

    def _quietly(self, work: Any) -> None:
        """Log a failure: the text may be in the window, so that the method has not refused it."""
        try:
            self._run(work)
        except UnavailableError as reason:
            log.warning("the clipboard could not be given back: %s", reason.reason)

    # The rest runs on the portals' thread.

    def needs_session(self) -> bool:
        """Tell whether the clipboard has what would be lost with the session."""
        return self._offer is not None or not _outlives(self._ours or _NOTHING)

    async def _begin(self, session: str, contents: Contents) -> WaylandOffer | None:
        if session != self._session:  # a new session owns nothing
            self._session, self._ours, self._offer = session, None, None
        if self._ours is None:
            before = await self._saved(session)
        else:  # an earlier offer's text is not the user's
            before = self._before if self._offer else self._ours
        if before is None:
            return None
        offer = WaylandOffer()
        self._before, self._offer = before, offer
        self._was_read.clear()
        await self._own(contents)
        await self._await_manager()
        await self._calm()
        self._restore_in(ABANDONED, offer)
        return offer

    async def _await_manager(self) -> None:
        """Wait for the desktop's own clipboard manager: later its read would pass for a paste's."""
        if self._managed:
            with suppress(TimeoutError):
                async with asyncio.timeout(MANAGED):
                    await self._was_read.wait()
        self._managed = self._was_read.is_set()

    async def _calm(self) -> None:
        """Wait for a moment without reads."""
        left = self._read_at + CALM - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
            await self._calm()

    async def _end_soon(self, offer: WaylandOffer) -> None:
        if offer is self._offer:
            now = time.monotonic()
            offer.done_at = offer.done_at or now
            self._restore_in(min(RESTORE, max(offer.done_at + LONGEST - now, 0)), offer)

    async def _withdraw(self, offer: WaylandOffer) -> None:
        """Give back the clipboard, unless the text is being read.

        A target that was asleep would paste now what the user had copied before. So where the key
        was pressed, the next paste is an empty one, and only then comes back what was there.
        """
        if offer is not self._offer:
            return
        if offer.begun:
            await self._end_soon(offer)
        elif offer.pressed and self._ours is not None:
            offer.withdrawn, self._ours = True, _NOTHING
            self._restore_in(BELATED, offer)
        else:
            await self._end(offer)

    async def _end(self, offer: WaylandOffer) -> None:
        if offer is not self._offer:
            return
        before, self._before, self._offer = self._before, None, None
        if self._due:
            self._due.cancel()
        if self._ours is not None:  # else the user has copied something meanwhile
            await self._own(before or _NOTHING)

    async def _leave(self, offer: WaylandOffer) -> None:
        await self._end(offer)
        await self._calm()  # the desktop's own manager has it then, once we are gone

    async def _copy(self, session: str, contents: Contents) -> None:
        if self._offer:
            await self._end(self._offer)
        self._session = session
        await self._own(contents)

    async def _own(self, contents: Contents) -> None:
        """Serve these contents from now on."""
        self._ours, self._read_at = contents, time.monotonic()
        self._remote.used()
        options = {"mime_types": Variant("as", [*contents])}
        await self._portals.call(f"{_PORTAL}.SetSelection", "oa{sv}", self._session, options)

    def _restore_in(self, seconds: float, offer: WaylandOffer) -> None:
        if self._due:
            self._due.cancel()
        loop = asyncio.get_running_loop()
        self._due = loop.call_later(seconds, lambda: self._serving.start(self._restore(offer)))

    async def _restore(self, offer: WaylandOffer) -> None:
        with suppress(*dbus.TROUBLE):
            await self._end(offer)

    async def _saved(self, session: str) -> Contents | None:
        """Return all that another program has on the clipboard, None where that cannot be had."""
        for _ in range(3):  # again where another program took it in this very moment
            there = self._there if self._told == session else ()
            if is_secret(there) or is_any_lent("XDG_RUNTIME_DIR"):
                log.warning("the clipboard could not be saved: only its owner may have it")
                return None
            try:
                async with asyncio.timeout(SAVING):
                    saved = await self._contents(session, there)
                if self._there is there or self._told != session:
                    return saved
                continue
            except dbus.TROUBLE as reason:
                log.warning("the clipboard could not be saved: %s", type(reason).__name__)
            await asyncio.sleep(CALM)
            if self._there is there:
                break
        return None

    async def _contents(self, session: str, types: Sequence[str]) -> Contents:
        contents: Contents = {}
        for mime_type in types:
            if mime_type not in NOT_FORMATS:
                file = await self._portals.file(
                    f"{_PORTAL}.SelectionRead", "os", session, mime_type
                )
                contents[mime_type] = await read(file, LARGEST - sum(map(len, contents.values())))
        return contents

    def _on_owner(self, _path: str, session: str, options: dict[str, Variant]) -> None:
        types, own = options.get("mime_types"), options.get("session_is_owner")
        if own and own.value:
            return
        self._there, self._told = _types(types.value if types else ()), session
        self._ours = None
        self._remote.used()

    def _on_transfer(self, _path: str, session: str, mime_type: str, serial: int) -> None:
        if session != self._session:
            return
        self._read_at = time.monotonic()
        self._was_read.set()
        offer, asked = self._offer, None
        data = (self._ours or {}).get(mime_type)
        if offer and offer.pressed and mime_type in TYPES:
            if offer.once and mime_type in offer.served:
                data = b""
            offer.served.add(mime_type)
            if not offer.withdrawn:
                asked = offer
            elif not offer.begun:
                self._restore_in(ONE_PASTE, offer)  # it may ask for several types
            offer.begun = True
        elif offer and not offer.pressed and mime_type in TYPES and HINT in (self._ours or {}):
            # a program that asks without a key keeps what it reads
            data = previous_data(self._before or {}, mime_type)
        self._serving.start(self._serve(serial, data, asked))

    async def _serve(self, serial: int, data: bytes | None, asked: WaylandOffer | None) -> None:
        done = False
        with suppress(*dbus.TROUBLE):
            if data is not None:
                member = f"{_PORTAL}.SelectionWrite"
                file = await self._portals.file(member, "ou", self._session, serial)
                await write(file, data)
                done = True
        with suppress(*dbus.TROUBLE):
            member = f"{_PORTAL}.SelectionWriteDone"
            await self._portals.call(member, "oub", self._session, serial, done)
        self._read_at = time.monotonic()
        if asked and done:
            await self._end_soon(asked)
            asked.fetched.set()


def _outlives(contents: Contents) -> bool:
    """Tell whether GNOME's own clipboard manager keeps all of this: it keeps one kind of text.

    GNOME 43's has lost a picture when its owner ended.
    """
    types = contents.keys()
    return types <= {*TYPES} and not types.isdisjoint(TYPES[:2])


def _types(types: Any) -> Sequence[str]:
    """Return the types of a signal, which portals wrap in a structure."""
    if len(types) == 1 and not isinstance(types[0], str):
        types = types[0]
    return tuple(map(str, types))


async def read(file: int, most: int) -> bytes:
    """Return all that comes out of a pipe, and close it. Raises ValueError for more than `most`."""
    found, size = list[bytes](), 0
    try:
        os.set_blocking(file, False)
        while part := await _ready(file, lambda: os.read(file, 1 << 16), writing=False):
            size += len(part)
            if size > most:
                raise ValueError
            found.append(part)
    finally:
        os.close(file)
    return b"".join(found)


async def write(file: int, data: bytes) -> None:
    """Put all of it into a pipe, and close it. Raises OSError, TimeoutError among them."""
    rest = memoryview(data)
    try:
        os.set_blocking(file, False)
        async with asyncio.timeout(SERVING):
            while rest:
                rest = rest[await _ready(file, lambda: os.write(file, rest), writing=True) :]  # noqa: B023
    finally:
        os.close(file)


async def _ready(file: int, work: Callable[[], Any], *, writing: bool) -> Any:
    """Return what a system call on a pipe returns, once it does not have to wait."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(BlockingIOError):
            return work()
        ready = asyncio.Event()
        watch, unwatch = (
            (loop.add_writer, loop.remove_writer) if writing
            else (loop.add_reader, loop.remove_reader)
        )  # fmt: skip
        watch(file, ready.set)
        try:
            await ready.wait()
        finally:
            unwatch(file)
