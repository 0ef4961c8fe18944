"""Which applications are terminals."""

import pytest

from tray_dictate.core.terminals import is_terminal, on_one_line

TERMINALS = """
XTerm URxvt gnome-terminal-server Gnome-terminal konsole org.kde.konsole kitty Alacritty foot
footclient org.wezfurlong.wezterm com.mitchellh.ghostty st-256color Xfce4-terminal Terminator
LXTerminal org.gnome.Ptyxis org.gnome.Console kgx com.raggesoft.blackbox Guake Tilix st rio
WindowsTerminal.exe cmd.exe powershell.exe mintty ConsoleWindowClass CASCADIA_HOSTING_WINDOW_CLASS
putty.exe
""".split()
OTHERS = "firefox Code Chromium libreoffice-calc org.gnome.gedit Steam Slack st2 emacs".split()


@pytest.mark.parametrize("name", TERMINALS)
def test_terminals_are_known(name):
    assert is_terminal(name)


@pytest.mark.parametrize("name", [*OTHERS, "", "Tk", "barefoot"])
def test_others_are_none(name):
    assert not is_terminal(name)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a\nb", "a b"),
        ("a \n\n b", "a b"),
        ("a\n", "a "),
        ("\na", " a"),
        ("\n\n", " "),
        ("a b", "a b"),
    ],
)
def test_a_new_line_is_a_blank(text, want):
    assert on_one_line(text) == want
