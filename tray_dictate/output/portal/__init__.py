"""Xdg-desktop-portal: keys and the clipboard on KDE and GNOME."""
