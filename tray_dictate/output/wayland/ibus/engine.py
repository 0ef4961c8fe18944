"""Our engine as IBus calls it: what it is told about the text field that has the focus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dbus_fast import Message, MessageType, Variant

from tray_dictate.core.text.caret import Around
from tray_dictate.output.wayland.text_field import is_end
from tray_dictate.system.desktop import ibus

_ENGINES = f"{ibus.PATH}/Engine/tray_dictate"  # the path of an engine, before its number


@dataclass(slots=True)
class Field:
    """The text field that has the focus, as far as it was described since we are in use."""

    placed: bool = False  # IBus says where the caret is for real text fields only
    left: int = 0  # how often the focus went elsewhere
    lost: bool = False  # another engine is in use instead of ours
    purpose: int = 0
    hints: int = 0
    placings: int = 0  # how often the program has said where its caret is
    around: Around | None = None  # None: it has not

    @property
    def secret(self) -> bool:
        """Whether it shows dots instead of what is inserted."""
        return bool(self.hints & ibus.HIDDEN) or self.purpose in (ibus.PASSWORD, ibus.PIN)

    @property
    def terminal(self) -> bool:
        """Whether it says that it is a terminal."""
        return self.purpose == ibus.TERMINAL

    def ends_with(self, piece: str) -> bool:
        """Tell whether the program has reported this end of a piece before the caret."""
        return self.around is not None and is_end(self.around.before, piece)


class Engine:
    """Answers IBus on one connection; it passes on every key."""

    def __init__(self, connection: ibus.IBus) -> None:
        self._bus = connection.bus
        self._heard = asyncio.Event()
        self._number = 0  # IBus makes a new engine each time that ours comes into force
        self.field = Field()
        connection.hear(self._answer)

    def commit(self, piece: str) -> None:
        """Have IBus insert text into the field that has the focus."""
        self._send("CommitText", "v", ibus.text(piece))

    def ask(self) -> None:
        """Have the program report the text around its caret, now and after each insertion."""
        self._send("RequireSurroundingText")

    async def heard(self, so: Callable[[Field], bool], patience: float) -> bool:
        """Wait up to `patience` seconds until the field is so; tell whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not so(self.field):
                    self._heard.clear()
                    await self._heard.wait()
        return so(self.field)

    def _send(self, member: str, signature: str = "", *body: Any) -> None:
        path = f"{_ENGINES}/{self._number}"
        bus: Any = self._bus
        bus.send(Message.new_signal(path, ibus.ENGINE, member, signature, list(body)))

    def _answer(self, call: Message) -> Message | None:
        path = call.path or ""
        ours = path == ibus.FACTORY_PATH or path.startswith(f"{_ENGINES}/")
        if not ours or call.message_type is not MessageType.METHOD_CALL:
            return None
        match call.member:
            case "CreateEngine":
                self._number, self.field = self._number + 1, Field()
                return Message.new_method_return(call, "o", [f"{_ENGINES}/{self._number}"])
            case "ProcessKeyEvent":
                return Message.new_method_return(call, "b", [False])
            case "Get":  # FocusId: whether we want to know which program has the field
                wanted = Variant("b", call.body[1] == "ActiveSurroundingText")
                return Message.new_method_return(call, "v", [wanted])
            case "GetAll":
                return Message.new_method_return(call, "a{sv}", [{}])
            case member:
                if path == f"{_ENGINES}/{self._number}":
                    self._note(member or "", call.body)
                return Message.new_method_return(call)

    def _note(self, member: str, body: list[Any]) -> None:
        field = self.field
        match member:
            case "SetCursorLocation":
                field.placed = True
                field.placings += 1
            case "FocusOut" | "Disable":
                field.left, field.placed, field.around = field.left + 1, False, None
                field.lost |= member == "Disable"
            case "Set":  # of properties there is only this one
                field.purpose, field.hints = body[2].value
            case "SetSurroundingText":
                said, caret, anchor = ibus.words(body[0]), int(body[1]), int(body[2])
                start, end = sorted((caret, anchor))
                field.around = Around(said[:start], said[end:], selected=said[start:end])
            case _:
                pass
        self._heard.set()
