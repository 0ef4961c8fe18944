"""Keyrings in a file, for a process that PYTHON_KEYRING_BACKEND and TEST_KEYRING send here."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """A keyring in the file that the environment names."""

    priority = 0

    @property
    def path(self):
        return Path(os.environ["TEST_KEYRING"])

    def read(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self.read().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps({**self.read(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        kept = self.read()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("not found")
        self.path.write_text(json.dumps(kept))


class StubbornKeyring(FileKeyring):
    """It says that it has deleted, and has not: a chain of keyrings may."""

    def delete_password(self, service, username):
        pass
