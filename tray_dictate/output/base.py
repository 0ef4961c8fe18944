"""What stops an insertion before it has begun."""

from __future__ import annotations


class MovedError(Exception):
    """Another window has the focus now."""


def always() -> bool:
    """Tell that the focus is right: what is asked before a key where any window will do."""
    return True


class UnsavedError(Exception):
    """What is on the clipboard cannot be saved: a paste would destroy it."""


class UnawareError(UnsavedError):
    """The target may not know yet that the clipboard is ours, and paste what it has copied."""


class ReservedError(UnsavedError):
    """Only its owner may have what is on the clipboard: it says so, or gives it once."""
