"""Which applications are terminals."""

import pytest

from tray_dictate.core.terminals import is_terminal


@pytest.mark.parametrize(
    "name", ["XTerm", "Gnome-terminal", "org.wezfurlong.wezterm", "foot", "kitty"]
)
def test_a_terminal(name):
    assert is_terminal(name)


@pytest.mark.parametrize("name", ["", "Tk", "org.gnome.TextEditor", "barefoot"])
def test_no_terminal(name):
    assert not is_terminal(name)
