"""What says that it is secret, and which programs give a clipboard only for a while."""

from __future__ import annotations

import pytest

from tray_dictate.output.secrecy import HINT, OURS, is_lent, is_secret

SECRET = [
    HINT,
    "X-KDE-PASSWORDMANAGERHINT",
    "application/x-kde-passwordManagerHint",
    "org.nspasteboard.ConcealedType",
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"',
    "Clipboard Viewer Ignore",
]


@pytest.mark.parametrize("name", SECRET)
def test_a_hint_is_known_in_any_spelling(name: str) -> None:
    assert is_secret(["text/plain", name])


def test_what_has_no_hint_is_no_secret() -> None:
    assert not is_secret(
        ["text/plain;charset=utf-8", "UTF8_STRING", "x-special/gnome-copied-files"]
    )
    assert not is_secret([])


def test_our_own_text_is_no_secret_of_somebody_elses() -> None:
    assert not is_secret(["text/plain", HINT, OURS])


@pytest.mark.parametrize(
    ("command", "lent"),
    [
        ("xclip -loops 1", True),
        ("/usr/bin/xclip -sel c -l 2", True),
        ("xclip -quiet -i", True),
        ("xclip -verbose", True),
        ("xclip -selection clipboard -t UTF8_STRING -i", False),
        ("xsel -t 45000 -b", True),
        ("xsel -ibt 45000", True),
        ("xsel --selectionTimeout 45000", True),
        ("xsel --nodetach", True),
        ("xsel --input --clipboard", False),
        ("xsel -ib", False),
        ("wl-copy -o", True),
        ("wl-copy -no", True),
        ("wl-copy --paste-once secret", True),
        ("wl-copy --foreground", True),
        ("wl-copy --primary --type text/plain;charset=utf-8", False),
        ("wl-copy -n", False),
        ("firefox -l --foreground", False),
        ("", False),
    ],
)
def test_a_program_that_ends_by_itself_or_by_who_waits_for_it_only_lends(
    command: str, lent: bool
) -> None:
    assert is_lent(command.split()) is lent
