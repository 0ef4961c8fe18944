"""Text windows of any Wayland desktop, which gives a window the focus when it opens."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

from tests.rigs import windows
from tests.rigs.applications import PREFERENCES
from tests.rigs.browser import QUIETLY
from tests.rigs.session import Session
from tests.rigs.told_page import ToldPage

Kind = Literal["gtk4", "qt", "foot", "kgx", "konsole", "chromium", "firefox"]
WIDGETS = ("gtk4", "qt")
TERMINALS = {
    "foot": "foot -o font=DejaVuSansMono:size=10 -T {title} -o locked-title=yes",
    "kgx": "kgx -T {title} --",
    "konsole": "konsole --separate -e",
}
# what Firefox 12x and later ask or show before the page
FIRST_RUN = """\
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.preonboarding.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("termsofuse.bypassNotification", true);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
"""
CLIENT = {"GDK_BACKEND": "wayland", "GSK_RENDERER": "cairo", "QT_QPA_PLATFORM": "wayland",
          "MOZ_ENABLE_WAYLAND": "1", "MOZ_CRASHREPORTER_DISABLE": "1",
          "MOZ_DISABLE_CONTENT_SANDBOX": "1"}  # fmt: skip


class ClientWindow(windows.TextWindow):
    """A window that its desktop gives the focus; it is asked itself whether it has it."""

    START: ClassVar = 90.0  # a browser's first start on a busy machine
    PATIENCE: ClassVar = 30.0

    def __init__(self, kind: Kind, desk: Session) -> None:
        super().__init__(kind, desk.processes, desk.env | CLIENT)
        self._desk = desk
        self._folder = desk.folder / self.title
        self._folder.mkdir()
        self._page: ToldPage | None = None
        self._open()
        try:
            self._processes.wait_for(self.title, self._process, self._has_focus, self.START)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it; idempotent."""
        super().close()
        if self._page:
            self._page.close()
        self._page = None

    def _open(self) -> None:
        if self.kind in WIDGETS:
            self._open_widget(f"{self.kind}_window.py")
        elif self.kind in TERMINALS:
            argv = TERMINALS[self.kind].format(title=self.title).split()
            self._open_terminal(argv, self._folder / "received")
        else:
            self._source = self._page = ToldPage()
            argv = self._browser(self._page.url)
            self._process = self._processes.start(self.title, argv, env=self._env)

    def _browser(self, url: str) -> list[str]:
        if self.kind == "chromium":
            profile = f"--user-data-dir={self._folder}"
            return ["chromium", *QUIETLY, "--ozone-platform=wayland", profile, f"--app={url}"]
        (self._folder / "user.js").write_text(PREFERENCES + FIRST_RUN)
        return ["firefox-esr", "--no-remote", "--profile", str(self._folder), "--new-window", url]

    def _has_focus(self) -> bool:
        """Ask the window; a terminal has it if a key arrives in it."""
        if self.kind not in TERMINALS:
            return self._source.focused()
        self._desk.tap(
            "escape"
        )  # where no window has the focus, Plasma takes a letter for a search
        time.sleep(0.3)
        arrived = "\x1b" in self._source.text()
        self._source.clear()
        return arrived


class Clients(Session):
    """A session that opens such windows."""

    def client_window(self, kind: Kind) -> ClientWindow:
        """Open a window that is closed after the test; it has the focus."""
        return self._opened(ClientWindow(kind, self))
