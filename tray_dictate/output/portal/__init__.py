"""Xdg-desktop-portal: kde and gnome."""
