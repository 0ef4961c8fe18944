"""Everything that the icon, its tooltip and its menu show, as one value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tray_dictate.core.choices import Choices
from tray_dictate.core.dictation import Status
from tray_dictate.ui.tray.icon import LOUDEST, Picture
from tray_dictate.ui.words import is_marked, tooltip


@dataclass(frozen=True, slots=True)
class View:
    """What is shown; each change is another one."""

    status: Status = Status.IDLE
    detail: str = ""
    level: int = 0  # of the input, up to LOUDEST; of a recording only
    choices: Choices = Choices()  # noqa: RUF009 - frozen
    listening: bool = False  # the microphone is open

    def of(self, status: Status, detail: str) -> View:
        """Return it with another status."""
        level = self.level if status is Status.RECORDING else 0
        return replace(self, status=status, detail=detail, level=level)

    def hearing(self, listening: bool) -> View:
        """Return it with an open microphone, or a closed one."""
        return replace(self, listening=listening)

    def louder(self, level: float) -> View:
        """Return it with another input level, 0.0 to 1.0; the same one where none is shown."""
        if self.status is not Status.RECORDING:
            return self
        return replace(self, level=round(min(max(level, 0.0), 1.0) * LOUDEST))

    def offering(self, choices: Choices) -> View:
        """Return it with other choices."""
        return replace(self, choices=choices)

    @property
    def picture(self) -> Picture:
        """What the icon is drawn from."""
        marked = is_marked(self.status, listening=self.listening)
        return Picture(self.status, self.level, marked=marked)

    @property
    def tooltip(self) -> str:
        """One line that says what goes on, and with what."""
        names = {
            Status.IDLE: self.choices.hint,
            Status.OPENING: self.choices.microphone,
            Status.RECORDING: self.choices.microphone,
            Status.TRANSCRIBING: self.choices.engine,
        }
        detail = self.detail or names.get(self.status, "")
        return tooltip(self.status, detail, listening=self.listening)
