"""The clipboard and PRIMARY of a Wayland session, owned for a paste and then given back.

Beside the rules of output/selection.py, a read counts as the target's only after the key, and if it
was not a clipboard manager's.

At the end another process goes on serving the user's contents: wayland/keeper.py.

data-control cannot take a selection only if its owner is unchanged: what is copied in the 0.1 ms
between the compositor's last word and our taking is lost (longer on a busy machine), and the log
says so. After the first paste what was there is ours to serve until the user copies again; a
kill -9 within a paste loses it, as a selection ends with its owner.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from tray_dictate.output.base import ReservedError, UnsavedError
from tray_dictate.output.keeper import KEPT, Successor
from tray_dictate.output.rules import Treatment
from tray_dictate.output.selection import ANSWER, QUIET, SelectionThread
from tray_dictate.output.wayland.data_control import (
    CLIPBOARD,
    Contents,
    DataControl,
    SelectionSnapshot,
)
from tray_dictate.output.wayland.keeper import START, hand_over, prepare_keeper
from tray_dictate.output.wayland.readers import Readers, boot_time
from tray_dictate.output.wayland.selection_server import (
    EMPTYING,
    OwnedSelection,
    Server,
    Serving,
    WaylandOffer,
    text_contents,
)
from tray_dictate.system.desktop.wayland import Connection, WaylandError
from tray_dictate.system.wakeup import WakeUp

log = logging.getLogger(__name__)

UNSURE = 2.0  # the same, where a clipboard manager that we do not know yet may have been the reader
LEARN, GLANCE = 0.1, 0.01  # seconds for managers to read, before the first key and before others


class WaylandSelections(SelectionThread[WaylandOffer]):
    """The clipboard and PRIMARY; each method raises WaylandError once the compositor is gone."""

    lost = (WaylandError, OSError)

    def __init__(self, display: str = "", *, unsure: float = UNSURE, kept: float = KEPT) -> None:
        """`kept` is how long the user's contents are served after our end, in seconds.

        Raises UnavailableError where the compositor does not let us.
        """
        self._unsure, self._kept = unsure, kept
        self._connection = Connection(display)
        try:
            self._control = DataControl(self._connection)
        except BaseException:
            self._connection.close()
            raise
        super().__init__()
        self._server = Server(Readers(self._connection.fileno()))
        self._held = [OwnedSelection(selection) for selection in self._control.selections]
        self._sources: dict[str, int] = {}
        self._successor: Successor | None = None
        self._prepared: dict[int, Contents] = {}  # what it would have the keeper serve
        self._patience = LEARN
        self._thread.start()

    def offer(self, text: str, treatment: Treatment) -> WaylandOffer | None:
        """Own both with this text; None where the clipboard could not be saved."""
        return self._ask(lambda: self._begin(text, treatment))

    def was_read_late(self) -> bool:
        """Tell whether a target has asked for the last text only after we gave up on it."""
        return self._ask(lambda: self._server.was_read_late)

    def close(self) -> None:
        """Give back what was there, for good, and end the thread; idempotent."""
        patience = START + 2 * EMPTYING
        if self.is_alive:
            try:
                self._ask(self._finish, patience=2)
            except WaylandError:
                log.warning("the clipboard could not be given back: no answer by the compositor")
                patience = 1
        self._join(patience)

    @override
    def _ask(self, work: Callable[[], Any], patience: float = ANSWER) -> Any:
        try:
            return super()._ask(work, patience)
        except TimeoutError:
            raise WaylandError("the clipboard's thread does not answer") from None

    # From here on, everything runs on the thread.

    @override
    def _lost_error(self) -> Exception:
        return WaylandError("the compositor is gone")

    @override
    def _disconnect(self) -> None:
        self._prepare_nothing()
        self._server.close()
        self._connection.close()

    @override
    def _sleep(self, seconds: float | None) -> None:
        self._prepare_keeper()
        if self._serve(seconds, self._wake_up):
            self._wake_up.clear()

    def _serve(self, patience: float | None, *files: int | WakeUp) -> bool:
        """Deal with what happens, once; return whether there is something to read from a file."""
        self._server.drop_stale()
        if writing := self._server.files:
            patience = min(patience or 1.0, 1.0)
        wanted = [self._connection, *files]
        readable, writable, _ = select.select(wanted, writing, [], patience)
        for one in writable:
            self._server.go_on(one)
        if self._connection in readable:
            self._connection.dispatch()
        return any(file in readable for file in files)

    def _wait(self, seconds: float, *files: int) -> bool:
        """Deal with what happens until there is something to read from a file."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._serve(left, *files):
                return True
        return False

    def _begin(self, text: str, treatment: Treatment) -> WaylandOffer | None:
        while not self._server.is_read_out():
            self._wait(GLANCE / 10)
        self._offer = None
        contents = text_contents(text, secret=treatment.private)
        for _ in range(3):  # again where the user copied something in this very moment
            before = self._saved()
            if before is None:
                break
            offer = WaylandOffer()
            self._server.begin()
            self._prepare_nothing()
            for held, saved in zip(self._held, before, strict=True):
                held.before = saved
                self._own(held, contents, offer)
            self._await_owned()
            self._wait(self._patience)
            self._patience = GLANCE
            self._await_readers(time.monotonic() + LEARN)
            self._connection.roundtrip()
            if self._held[0].dictated:
                self._offer = offer
                return offer
            offer.withdrawn = True
        self._give_back()
        return None

    def _await_readers(self, until: float) -> None:
        """Wait for the managers that have read until now whatever appeared."""
        while self._server.is_awaited and time.monotonic() < until:
            self._wait(GLANCE)

    def _saved(self) -> list[Contents | None] | None:
        """Return what is to be given back; None where the clipboard cannot be saved."""
        for _ in range(3):
            self._connection.roundtrip()
            seen = [self._control.current[held.selection] for held in self._held]
            saving = SelectionSnapshot(self._control, wait=self._wait)
            found = list[Contents | None]()
            lost = False
            for held in self._held:
                try:
                    found.append(self._before(held, saving))
                except UnsavedError as reason:
                    log.warning("the %s could not be saved: %s", held.selection, reason)
                    lost = lost or held.selection == CLIPBOARD or isinstance(reason, ReservedError)
                    found.append(None)
            self._connection.roundtrip()
            if [self._control.current[held.selection] for held in self._held] == seen:
                return None if lost else found
        return None

    def _before(self, held: OwnedSelection, saving: SelectionSnapshot) -> Contents | None:
        """Return what is to be given back: ours from before, or another program's."""
        if held.serving:
            return held.before if held.dictated else held.serving.contents
        offered = self._control.current[held.selection]
        return saving.read(offered) if offered else None

    def _own(self, held: OwnedSelection, contents: Contents, offer: WaylandOffer | None) -> None:
        before = held.before if offer else None
        serving = Serving(held.selection, contents, offer, time.monotonic(), boot_time(), before)
        held.serving = serving
        owner = _Owner(self._server, held, serving)
        self._sources[held.selection] = self._control.own(held.selection, contents, owner)

    def _await_owned(self) -> None:
        """Return once the compositor has dealt with what we took; log what that has destroyed."""
        self._connection.roundtrip()
        for held in self._held:
            if held.serving and self._control.has_overwritten(held.selection):
                log.warning("something copied at this very moment is lost: %s", held.selection)

    @override
    def _due(self) -> float | None:
        offer = self._offer
        if offer is None:
            return None
        if offer.quiet_since is not None and not self._server.is_read_out():
            return time.monotonic() + GLANCE
        return offer.due(QUIET if offer.sure else self._unsure)

    @override
    def _settle(self, offer: WaylandOffer) -> None:
        offer.settle()

    @override
    def _withdraw(self, offer: WaylandOffer) -> None:
        """Give back an offer now; one that was read after the key until this moment is settled."""
        if offer is not self._offer:
            return
        self._connection.roundtrip()  # all reads until now are known
        if offer.settled:
            return
        if offer.foreign or offer.begun:
            offer.settle()
            return
        offer.withdrawn = True
        self._server.cut(offer)
        self._give_back()

    @override
    def _give_back(self) -> None:
        """Serve what was there before, or nothing; what the user took meanwhile is left alone."""
        self._connection.roundtrip()  # a loss that came before is known now
        for held in self._held:
            if not held.dictated:
                continue
            before, held.before = held.before, None
            if before:
                self._own(held, before, None)
            else:
                held.lose()
                self._control.clear(held.selection)
        if self._offer:
            self._server.given_back(self._offer)
        self._offer = None
        self._await_owned()
        self._prepare_keeper()

    @override
    def _copy(self, text: str, *, secret: bool) -> None:
        self._give_back()
        self._own(self._held[0], text_contents(text, secret=secret), None)
        self._await_owned()
        self._prepare_keeper()

    def _of_the_user(self) -> dict[int, Contents]:
        """Return the user's contents that we serve now, by their sources."""
        return {
            self._sources[held.selection]: held.serving.contents
            for held in self._held
            if held.serving and not held.dictated
        }

    def _prepare_keeper(self) -> None:
        """Have a keeper serve what is the user's from the moment that we are killed."""
        held = self._of_the_user()
        if not held:
            self._prepare_nothing()
        elif held != self._prepared:
            self._prepare_nothing()
            self._prepared = held
            self._successor = prepare_keeper(
                self._connection, self._control.device, held,
                belated=self._server.belated, seconds=self._kept,
            )  # fmt: skip

    def _prepare_nothing(self) -> None:
        self._prepared = {}
        if self._successor:
            self._successor.end()
            self._successor = None

    def _finish(self) -> None:
        self._closing = True
        self._give_back()

    @override
    def _conclude(self) -> None:
        """Hand the user's contents over to a keeper, after the reads that are under way."""
        end = time.monotonic() + EMPTYING
        while self._server.files and time.monotonic() < end:
            self._serve(GLANCE)
        self._connection.wait(lambda: self._connection.is_between_events, EMPTYING)
        self._prepare_nothing()
        if held := self._of_the_user():
            hand_over(
                self._connection, self._control.device, held,
                belated=self._server.belated, seconds=self._kept,
            )  # fmt: skip


class _Owner:
    """The data_control.SourceOwner of what we serve on one selection."""

    def __init__(self, server: Server, held: OwnedSelection, serving: Serving) -> None:
        self._server, self._held, self._serving = server, held, serving

    def read(self, name: str, file: int) -> None:
        """Have the server answer."""
        self._server.answer(self._serving, name, file)

    def lost(self) -> None:
        """Note the loss, unless we have replaced it ourselves."""
        if self._held.serving is self._serving:
            self._held.lose()
