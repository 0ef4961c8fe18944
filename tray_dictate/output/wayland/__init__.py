"""Wayland."""
