"""A command of the user's: the text on its stdin, the new one from its stdout, both UTF-8."""

from __future__ import annotations

from tray_dictate.core.text.normalize import label
from tray_dictate.rewrite.failure import RewriteError
from tray_dictate.rewrite.profiles import Profile
from tray_dictate.system import process as program
from tray_dictate.system.key_variables import without_keys

_APPLICATION = "TRAY_DICTATE_APPLICATION"


class Command:
    """The command, run once for each text, without a shell."""

    def __init__(self, profile: Profile) -> None:
        self._command, self._limit = profile.settings.command, profile.settings.timeout_seconds
        self._more = f"{profile.name('timeout_seconds')} allows more"

    async def ask(self, text: str, application: str) -> str:
        """Return what it prints. Raises RewriteError."""
        name = self._command[0]
        given = text.encode("utf-8", "replace")
        try:
            code, answer = await program.run(
                self._command, limit=self._limit, longest=16 * len(given) + 800, given=given,
                env=without_keys(**{_APPLICATION: label(application)}),
            )  # fmt: skip
        except TimeoutError:
            raise RewriteError(
                "timeout",
                f"{name} took longer than {self._limit:g} s; {self._more}.",
            ) from None
        except program.TooMuchError:
            raise RewriteError("too long", f"{name} printed much more than the text.") from None
        except (OSError, ValueError):
            raise RewriteError(
                "start", "The command cannot be started. Name a program that is installed."
            ) from None
        if code:
            raise RewriteError("exit code", f"{name} failed with exit code {code}.")
        try:
            return answer.decode()
        except UnicodeDecodeError:
            raise RewriteError("UTF-8", f"{name} printed what is no UTF-8 text.") from None
