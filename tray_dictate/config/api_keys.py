"""The key in the system's own keyring: Keychain, Credential Manager, Secret Service, KWallet.

Everything here blocks, for as long as a locked keyring waits for its password. What a back end
says in an error is shown only if it is keyring's own: other libraries may quote what they hold.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from tray_dictate.core.errors import UnavailableError

SERVICE = "tray_dictate"

_REMEDY = (
    "Unlock or install one (on Linux gnome-keyring or KWallet), or put the key into an "
    "environment variable, or set key_command."
)

log = logging.getLogger(__name__)


def read(engine: str) -> str:
    """Return the key stored for an engine, empty if there is none. Raises UnavailableError."""
    import keyring  # noqa: PLC0415 - 0.1 s, which `import` need not cost

    with _failures():
        return (keyring.get_password(SERVICE, engine) or "").strip()


def write(engine: str, key: str) -> None:
    """Store the key for an engine in place of an earlier one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    with _failures():
        keyring.set_password(SERVICE, engine, key)
    if read(engine) != key:  # keyring's null back end takes everything and keeps nothing
        raise UnavailableError("The keyring did not keep the key.", _REMEDY)


def forget(engine: str) -> bool:
    """Remove the key of an engine; return whether there was one. Raises UnavailableError."""
    import keyring  # noqa: PLC0415

    if not read(engine):
        return False
    with _failures():
        keyring.delete_password(SERVICE, engine)
    if read(engine):  # of several keyrings in a chain only the first was told
        raise UnavailableError(
            "The key is still in the keyring after its removal.",
            f"Remove the entry {SERVICE} / {engine} with the system's own password program.",
        )
    return True


@contextmanager
def _failures() -> Generator[None]:
    from keyring import errors  # noqa: PLC0415

    try:
        yield
    except errors.NoKeyringError:
        raise UnavailableError("This system has no keyring.", _REMEDY) from None
    except errors.KeyringLocked:
        raise UnavailableError("The keyring is locked.", _REMEDY) from None
    except errors.KeyringError as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise UnavailableError(f"The keyring cannot be used: {reason}.", _REMEDY) from None
    except Exception as error:  # noqa: BLE001 - D-Bus, Win32, import: each back end has its own
        log.debug("the keyring failed: %s", type(error).__name__)
        raise UnavailableError(
            f"The keyring cannot be used: {type(error).__name__}.", _REMEDY
        ) from None
