"""The keys of shortcuts that the desktop watches for us, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    """What the user does to dictate where the back end does not itself watch `hotkey.keys`."""

    keys: str = ""  # in words, as the desktop names them; "" while there are none
    advice: str = ""  # what to do where there are none, or why they are others than in the settings
    way: str = ""  # the value of hotkey.source that means this back end
