"""A GTK 3 window with a field that selects all its text when that changes, and with the focus."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import run_gtk3_entry  # noqa: E402
from gi.repository import GLib, Gtk  # noqa: E402

entry = Gtk.Entry()


def select(*_):
    entry.select_region(0, -1)
    return False


entry.connect("changed", lambda _: GLib.idle_add(select))
entry.connect("focus-in-event", lambda *_: GLib.idle_add(select) and False)
run_gtk3_entry(sys.argv[1], entry, selected=lambda: bool(entry.get_selection_bounds()))
