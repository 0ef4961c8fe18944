"""A desktop's back end of the RemoteDesktop portal: it writes down what it is asked and told.

$ANSWER is what the user says: 0 yes, 1 no, 2 for a failure, or nothing at all, "".
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME = "org.freedesktop.impl.portal.desktop.remote"
REMOTE = "org.freedesktop.impl.portal.RemoteDesktop"
PROPERTIES = {"AvailableDeviceTypes": Variant("u", 3), "version": Variant("u", 2)}


def answer(message: Message) -> Message | None:
    """Return what to say to a call; None for nothing, for now."""
    member, body = message.member, message.body
    if member == "GetAll":
        found = PROPERTIES if body[0] == REMOTE else {}
        return Message.new_method_return(message, "a{sv}", [found])
    if member == "NotifyKeyboardKeycode":
        print("key", *body[2:], flush=True)
        return Message.new_method_return(message)
    if member == "Close":
        print("closed", flush=True)
        return Message.new_method_return(message)
    print(member, flush=True)
    code, results = 0, dict[str, Variant]()
    if member == "Start":
        if not os.environ["ANSWER"]:
            return None
        code = int(os.environ["ANSWER"])
        results = {"devices": Variant("u", 1)}
    return Message.new_method_return(message, "ua{sv}", [code, results])


async def main() -> None:
    bus = await MessageBus().connect()

    def on_message(message: Message) -> Message | bool:
        return message.message_type is MessageType.METHOD_CALL and (answer(message) or True)

    bus.add_message_handler(on_message)
    await bus.request_name(NAME)
    with suppress(asyncio.CancelledError):
        await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main())
