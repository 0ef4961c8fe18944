"""Answers programs that ask for a selection that we own, and notes which of them read it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol.event import SelectionNotify
from Xlib.xobject.drawable import Window

from tray_dictate.output.secrecy import HINT, OURS
from tray_dictate.output.selection import BELATED, EAGER, ONE_PASTE, Offer
from tray_dictate.output.x11.clients import Clients
from tray_dictate.output.x11.selection_transfer import Contents, Outgoing, Value, read
from tray_dictate.system.desktop.x11 import client_of

ENDS_WITH_IT = 2.0  # seconds in which a program ends that has only served the clipboard
# seconds in which the target itself is to read, before another client may be reading for it
DEFERRED = 0.5


@dataclass(slots=True)
class OwnedSelection:
    """A selection, and what we serve on it while we own it."""

    atom: int
    contents: Contents | None = None  # what we serve; None while it is not ours
    since: int = 0  # the server's time in ms when it became so
    acquired: int = 0  # the same when we took the selection from another program
    taken_at: float = 0.0  # the same in seconds of our clock
    dictated: bool = False  # it is an offer's text
    before: Contents | None = None  # what is to be given back after an offer
    origin: int = 0  # the window that the user's contents come from; 0 where that is gone, or ours
    asking: int = (
        0  # the client that will ask for the formats to learn that it has lost the selection
    )
    parted: float = 0.0  # when we took them over from it, in seconds of our clock

    def lose(self) -> None:
        """It is not ours any more."""
        self.contents, self.before, self.dictated = None, None, False
        self.origin = self.asking = 0

    def ends_with(self, window: int, after: float = ENDS_WITH_IT) -> bool:
        """Tell whether the user's contents have ended with a window that has.

        Not where it has ended because we took them over, less than `after` seconds ago: they are
        ours alone from now on.
        """
        if self.origin != window:
            return False
        self.origin = 0
        return time.monotonic() - self.parted >= after


class X11Offer(Offer):
    """An offer that knows its readers by their connections."""

    def __init__(self, clients: frozenset[int]) -> None:
        """`clients` are the focused window's."""
        super().__init__()
        self.clients = clients
        self.known = threading.Event()  # the target will not paste its own copy instead
        self.known.set()
        self.asked = 0  # how often the target has asked for anything after the key, and when last:
        self.asked_at = 0.0
        self.probing = False  # it is offered again, to see which programs read without a key
        self.kin: dict[int, bool | None] = {}  # other clients, and whether they read for the target
        self.unasked = threading.Event()  # they read again although no key was pressed

    def read_by(self, client: int) -> None:
        """Note that a client has read all of the text."""
        now = time.monotonic()
        if self.pressed and client in self.clients:
            self.done_at = self.done_at or now
            self.fetched.set()
        if self.done_at is not None and client in self.clients:
            self.quiet_since = now


def text_contents(display: Display, text: str, *, secret: bool) -> Contents:
    """Return a text in every format that a program may ask for."""
    atom = display.intern_atom
    utf8, data = atom("UTF8_STRING"), text.encode()
    contents: Contents = {utf8: Value(utf8, 8, data), atom("TEXT"): Value(utf8, 8, data)}
    for name in ("text/plain;charset=utf-8", "text/plain"):
        contents[atom(name)] = Value(atom(name), 8, data)
    if text.isascii() or all(ord(c) < 256 for c in text):  # else it would come with losses
        contents[Xatom.STRING] = Value(Xatom.STRING, 8, text.encode("latin-1"))
    if secret:
        contents[atom(HINT)] = Value(atom(HINT), 8, b"secret")
        contents[atom(OURS)] = Value(atom(OURS), 8, b"1")
    return contents


class _Read(NamedTuple):
    """A client's read of a selection; `dictated`: what it asked for was an offer's text."""

    held: OwnedSelection
    dictated: bool
    client: int


@dataclass(slots=True)
class _Deferred:
    """A request that is answered once it is known whether it is the target's."""

    event: Any
    until: float  # on the monotonic clock


class Server:
    """Serves the selections that we own.

    A private text is for the target alone. Any other program gets what the user had, as if nothing
    were dictated: clipboard managers keep what they read, and a password manager checks whether the
    clipboard is still its own. A program that may be reading for the target has to wait for it.
    """

    def __init__(
        self, display: Display, held: tuple[OwnedSelection, ...], belated: float = BELATED
    ) -> None:
        """`belated` is how long a target may be late that we gave up waiting for, in seconds."""
        atom = display.intern_atom
        self._display = display
        self._held = {one.atom: one for one in held}
        self._outgoing = Outgoing[_Read](display)
        self._targets, self._timestamp = atom("TARGETS"), atom("TIMESTAMP")
        self._multiple, self._hint = atom("MULTIPLE"), atom(HINT)
        self._manager = atom("CLIPBOARD_MANAGER")
        self.blank = text_contents(display, "", secret=True)
        self._eager: set[int] = set()  # clients that read unasked: clipboard managers
        self._late_for = belated
        self._belated: tuple[frozenset[int], float] = (frozenset(), 0.0)
        self.late: set[int] = set()  # clients that have read after all what we gave up on
        self._clients = Clients(display)
        self._deferred: list[_Deferred] = []
        self._trusted: set[tuple[int, int]] = set()  # clients and processes that read for targets

    @property
    def due(self) -> float | None:
        """When `answer_deferred` is to be called, on the monotonic clock."""
        return min((request.until for request in self._deferred), default=None)

    def handle(self, event: Any, offer: X11Offer | None) -> None:
        """Handle an event of the server; `offer` is the current one."""
        match event.type:
            case X.SelectionRequest:
                self._answer(event, offer)
            case X.PropertyNotify if event.state == X.PropertyDelete:
                self._outgoing.go_on(event)
                self._display.sync()
            case X.DestroyNotify:
                self._outgoing.forget(event.window.id)
            case _:
                return
        self._note_all(offer)

    def answer_deferred(self, offer: X11Offer | None) -> None:
        """Answer deferred requests whose time is up; all, if no text is on offer to a target."""
        now = time.monotonic()
        over = offer is None or offer.settled or not offer.pressed
        ready = [request for request in self._deferred if over or request.until <= now]
        self._deferred = [request for request in self._deferred if request not in ready]
        for request in ready:
            client = client_of(self._display, request.event.requestor.id)
            if offer is not None:
                offer.kin[client] = not over
            self._answer(request.event, offer)
        self._note_all(offer)

    def trust(self, offer: X11Offer) -> None:
        """Let clients that have read for the target read at once from now on."""
        for client in offer.foreign - self._eager:
            self._trusted.add((client, self._clients.process(client)))

    def _note_all(self, offer: X11Offer | None) -> None:
        while self._outgoing.complete:
            held, dictated, client = self._outgoing.complete.pop(0)
            self._note(held, client, offer if dictated else None)

    def turn_away(self, clients: frozenset[int]) -> None:
        """Give nothing to the paste that we no longer expect of these clients, if it does come.

        Else a target that was asleep would paste what the user had copied before. The time of its
        request need not tell: Tk sends none, Qt that of the last event it has seen. Nothing is an
        empty text: where the request is refused, Qt 6.4 crashes.
        """
        self._belated = (clients, time.monotonic() + self._late_for)

    def _answer(self, event: Any, offer: X11Offer | None) -> None:
        held = self._held.get(event.selection)
        client = client_of(self._display, event.requestor.id)
        private = held is not None and self._hint in (held.contents or {})
        if held is not None and held.dictated and offer is not None and private:
            meant = self._is_meant(client, offer)
            if meant is None:
                self._deferred.append(_Deferred(event, time.monotonic() + DEFERRED))
                return
            if not meant:
                before = held.before or self.blank
                held = replace(held, contents=before, dictated=False)
        atom = event.property or event.target  # clients from before 1990 leave it out
        if held is None or not self._serve(event, held, atom):
            atom = X.NONE
        elif offer and offer.pressed and client in offer.clients and held.dictated:
            offer.asked, offer.asked_at = offer.asked + 1, time.monotonic()
            formats = (held.contents or {}).keys() - {self._hint}
            offer.begun = offer.begun or event.target in formats
        event.requestor.send_event(
            SelectionNotify(
                time=event.time,
                requestor=event.requestor,
                selection=event.selection,
                target=event.target,
                property=atom,
            )
        )
        self._display.sync()  # flush() alone may leave a large value half sent
        if event.target == self._targets and event.selection in self._held:
            self._note_formats_read(self._held[event.selection], client, offer)

    def _note_formats_read(self, held: OwnedSelection, client: int, offer: X11Offer | None) -> None:
        """Note that a client has read the formats, and so knows that the selection is ours."""
        if held.asking == client:
            held.asking = 0
            if offer:
                offer.known.set()

    def _is_meant(self, client: int, offer: X11Offer) -> bool | None:
        """Tell whether an offer's text is for this client; None where that is to be seen."""
        if client in offer.clients or client in offer.foreign:
            return True
        if not offer.pressed or offer.settled or client in self._eager:
            return False
        if client not in offer.kin:
            offer.kin[client] = self._clients.are_kin(client, offer.clients)
            if offer.kin[client] is None and self._is_trusted(client):
                offer.kin[client] = True
        return offer.kin[client]

    def _is_trusted(self, client: int) -> bool:
        return (client, self._clients.process(client)) in self._trusted

    def _serve(self, event: Any, held: OwnedSelection, atom: int) -> bool:
        client = client_of(self._display, event.requestor.id)
        if held.contents is None:
            return False
        if self._too_late(event, held, client):
            held = replace(held, contents=self.blank)
        if held.contents is self.blank and event.target in self.blank:
            self.late.add(client)
        return self._convert(held, event.requestor, event.target, atom)

    def _convert(self, held: OwnedSelection, requestor: Window, target: int, atom: int) -> bool:
        contents = held.contents or {}
        if target == self._targets:
            own = [self._targets, self._timestamp, self._multiple]
            requestor.change_property(atom, Xatom.ATOM, 32, [*own, *contents])
        elif target == self._timestamp:
            requestor.change_property(atom, Xatom.INTEGER, 32, [held.acquired])
        elif target == self._multiple:
            return self._convert_each(held, requestor, atom)
        elif target in contents:
            client = client_of(self._display, requestor.id)
            # the hint is a question about the text, not a read
            done = None if target == self._hint else _Read(held, held.dictated, client)
            self._outgoing.send(requestor, atom, contents[target], done)
        else:
            return False
        return True

    def _convert_each(self, held: OwnedSelection, requestor: Window, atom: int) -> bool:
        """Answer MULTIPLE: pairs of target and property; a pair refused loses its property."""
        asked = read(requestor, atom)
        if asked is None or asked.bits != 32:
            return False
        words = list(memoryview(asked.data).cast("I"))
        for index in range(0, len(words) - 1, 2):
            target, place = words[index : index + 2]
            if target == self._multiple or not self._convert(held, requestor, target, place):
                words[index + 1] = X.NONE
        requestor.change_property(atom, asked.kind, 32, words)
        return True

    def _too_late(self, event: Any, held: OwnedSelection, client: int) -> bool:
        clients, until = self._belated
        if held.dictated or client not in clients:
            return False
        if event.time != X.CurrentTime and _earlier(event.time, held.since):
            return True  # it says itself that it is late
        now = time.monotonic()
        if now > until:
            return False
        self._belated = (clients, min(until, now + ONE_PASTE))
        return True

    def _note(self, held: OwnedSelection, client: int, offer: X11Offer | None) -> None:
        """Note a complete read."""
        at_once = time.monotonic() - held.taken_at < EAGER
        if offer is None:
            if at_once:
                self._eager.add(client)
            return
        if client not in offer.clients:
            if not offer.pressed or offer.probing:
                self._eager.add(client)
                if offer.probing and offer.foreign <= self._eager:
                    offer.unasked.set()
            elif client not in self._eager and client != self._manager_client():
                offer.foreign.add(client)
        offer.read_by(client)

    def _manager_client(self) -> int:
        owner: Any = self._display.get_selection_owner(self._manager)
        return client_of(self._display, owner.id) if owner else X.NONE


def _earlier(one: int, other: int) -> bool:
    """Whether a server time is before another; they wrap around after 49 days."""
    return 0 < (other - one) & 0xFFFFFFFF < 0x80000000
