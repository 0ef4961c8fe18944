"""A desktop's own side of the portal of global shortcuts, which does what a test tells it.

Run as a program it serves xdg-desktop-portal; `Desktop` is the test's hand on it.
"""

# no postponed annotations here: dbus-fast reads them
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from tests.rigs.headless import FRONT_END, WAIT
from tests.rigs.session import Session

NAME = "org.freedesktop.impl.portal.desktop.mock"
INTERFACE = "org.freedesktop.impl.portal.GlobalShortcuts"
FILE = f"[portal]\nDBusName={NAME}\nInterfaces={INTERFACE}\nUseIn=mock;sway\n"
Answer = Annotated[list[Any], DBusSignature("ua{sv}")]
Options = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
Shortcuts = Annotated[list[Any], DBusSignature("a(sa{sv})")]
Used = Annotated[list[Any], DBusSignature("osta{sv}")]
Changed = Annotated[list[Any], DBusSignature("oa(sa{sv})")]


class DesktopSession(ServiceInterface):
    """One application's session."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.impl.portal.Session")

    @dbus_method(name="Close")
    def close(self) -> None: ...

    @dbus_signal(name="Closed")
    def closed(self) -> None: ...

    @dbus_property(access=PropertyAccess.READ)
    def version(self) -> DBusUInt32:
        return 1


class GlobalShortcuts(ServiceInterface):
    """Binds what it is asked for, as `answer` says."""

    def __init__(self, bus: MessageBus) -> None:
        super().__init__(INTERFACE)
        self._bus, self._session = bus, DesktopSession()
        self.path, self.answer = "", "yes"
        self.allowed = asyncio.Event()
        self.asked: list[list[Any]] = []  # what each session was made with and then bound

    @dbus_method(name="CreateSession")
    def create(
        self, handle: DBusObjectPath, session: DBusObjectPath, app: DBusStr, options: Options
    ) -> Answer:
        given = options["shortcuts"].value if "shortcuts" in options else []
        self.asked = [[session, _plain(given)]]
        if self.path:
            self._bus.unexport(self.path)
        self.path = session
        self._bus.export(session, self._session)
        return [0, {}]

    @dbus_method(name="BindShortcuts")
    async def bind(
        self,
        handle: DBusObjectPath,
        session: DBusObjectPath,
        shortcuts: Shortcuts,
        parent: DBusStr,
        options: Options,
    ) -> Answer:
        self.asked.append([session, _plain(shortcuts)])
        if self.answer == "later":
            await self.allowed.wait()
        if self.answer in ("deny", "fail"):
            return [1 if self.answer == "deny" else 2, {}]
        bound = self.bound(shortcuts)
        if self.answer == "gnome 48":
            self.changed(session, bound)
        code = 2 if self.answer == "gnome 48" else 0  # its success
        return [code, {"shortcuts": Variant("a(sa{sv})", bound)}]

    @dbus_method(name="ListShortcuts")
    def listed(self, handle: DBusObjectPath, session: DBusObjectPath) -> Answer:
        made = self.asked[0][1] if self.answer == "kde" else {}
        given = [
            [name, {key: Variant("s", value) for key, value in about.items()}]
            for name, about in made.items()
        ]
        return [0, {"shortcuts": Variant("a(sa{sv})", self.bound(given))}]

    def bound(self, shortcuts: list[Any], keys: str = "") -> list[Any]:
        return [[name, {
            "description": about["description"],
            "trigger_description": Variant("s", keys or self._described(about)),
        }] for name, about in shortcuts]  # fmt: skip

    def _described(self, about: dict[str, Variant]) -> str:
        if self.answer == "keyless" or "preferred_trigger" not in about:
            return ""
        *modifiers, key = about["preferred_trigger"].value.split("+")
        if self.answer == "gnome 48":
            names = {"CTRL": "<Control>", "ALT": "<Alt>"}
            return f"Press {''.join(names[name] for name in modifiers)}{key}"
        return "Press " + "+".join(word.capitalize() for word in (*modifiers, key))

    @dbus_signal(name="Activated")
    def activated(self, session, name, at) -> Used:
        return [session, name, at, {}]

    @dbus_signal(name="Deactivated")
    def deactivated(self, session, name, at) -> Used:
        return [session, name, at, {}]

    async def hold(self, name: str, delay: float, repetitions: int) -> None:
        """Do what GNOME does while a key is held: tell of it as often as a letter would come."""
        self.activated(self.path, name, _now())
        for pause in [delay, *[0.03] * (repetitions - 1)]:
            await asyncio.sleep(pause)
            self.activated(self.path, name, _now())
        self.deactivated(self.path, name, _now())

    @dbus_signal(name="ShortcutsChanged")
    def changed(self, session, shortcuts) -> Changed:
        return [session, shortcuts]

    @dbus_property(access=PropertyAccess.READ)
    def version(self) -> DBusUInt32:
        return 1

    def end(self) -> None:
        self._session.closed()


class Control(ServiceInterface):
    """What a test does."""

    def __init__(self, shortcuts: GlobalShortcuts) -> None:
        super().__init__("test.Control")
        self._shortcuts = shortcuts

    @dbus_method(name="Do")
    async def do(self, what: DBusStr, name: DBusStr) -> DBusStr:
        shortcuts = self._shortcuts
        match what:
            case "press":
                shortcuts.activated(shortcuts.path, name, _now())
            case "release":
                shortcuts.deactivated(shortcuts.path, name, _now())
            case "hold":
                await shortcuts.hold("dictate", *json.loads(name))
            case "change":
                about = {"description": Variant("s", "Dictate")}
                changed = shortcuts.bound([["dictate", about]], name)
                shortcuts.changed(shortcuts.path, changed)
            case "forget":
                shortcuts.asked = []
            case "end":
                shortcuts.end()
            case "answer":
                shortcuts.answer = name
            case "allow":
                shortcuts.allowed.set()
        return json.dumps(shortcuts.asked)


class Registry(ServiceInterface):
    """That of a newer portal, which knows only programs that have an entry.

    It is asked so many more times before it notices a new entry.
    """

    def __init__(self, applications: Path, times: int = 0) -> None:
        super().__init__("org.freedesktop.host.portal.Registry")
        self.applications, self.registered, self._times = applications, [], times

    @dbus_method(name="Register")
    def register(self, app_id: DBusStr, options: Options) -> None:
        found = (self.applications / f"{app_id}.desktop").exists()
        if found and self._times:
            self._times, found = self._times - 1, False
        self.registered.append((app_id, found))
        if not found:
            raise DBusError("org.freedesktop.DBus.Error.Failed", "App info not found")


class NewPortal(ServiceInterface):
    """Global shortcuts of which only the version is asked."""

    def __init__(self, registry: Registry) -> None:
        super().__init__("org.freedesktop.portal.GlobalShortcuts")
        self.registry, self.known_first = registry, False

    @dbus_property(access=PropertyAccess.READ)
    def version(self) -> DBusUInt32:
        self.known_first = any(found for _, found in self.registry.registered)
        return 2


def _now() -> int:
    return time.monotonic_ns() // 1_000_000


def _plain(shortcuts: list[Any]) -> dict[str, dict[str, str]]:
    return {name: {key: value.value for key, value in about.items()} for name, about in shortcuts}


class Desktop:
    """The portal in a session, as the person before it and the desktop's settings have it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folder = session.folder / "portals"
        self._folder.mkdir()
        (self._folder / "mock.portal").write_text(FILE)
        self._serve("backend", [sys.executable, str(Path(__file__))], NAME)
        self.front_end = self._front_end()

    def _serve(self, name: str, argv: list[str], bus_name: str) -> subprocess.Popen[bytes]:
        processes, root = self._session.processes, str(Path(__file__).parents[2])
        env = {**self._session.env, "PYTHONPATH": root, "XDG_DESKTOP_PORTAL_DIR": str(self._folder)}
        process = processes.start(name, argv, env=env)
        processes.wait_for(name, process, lambda: self._session.bus_has(bus_name), WAIT)
        return process

    def _front_end(self) -> subprocess.Popen[bytes]:
        return self._serve("portal", [FRONT_END, "-v"], "org.freedesktop.portal.Desktop")

    def do(self, what: str, name: str = "dictate") -> list[Any]:
        """Do something; return what was asked for in the last session."""
        printed = self._session.run(
            "busctl", "--user", "--json=short",
            "call", NAME, "/test", "test.Control", "Do", "ss", what, name,
        )  # fmt: skip
        return json.loads(json.loads(printed)["data"][0])

    def restart(self) -> None:
        """Have another front end in the place of the one that ends."""
        self._session.processes.end(self.front_end)
        self.front_end = self._front_end()


async def _serve() -> None:
    bus = await MessageBus().connect()
    shortcuts = GlobalShortcuts(bus)
    bus.export("/org/freedesktop/portal/desktop", shortcuts)
    bus.export("/test", Control(shortcuts))
    await bus.request_name(NAME)
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(_serve())
