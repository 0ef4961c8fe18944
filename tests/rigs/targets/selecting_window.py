"""A GTK 3 window with a field that selects all its text when that changes, and with the focus."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import run_gtk3  # noqa: E402
from gi.repository import GLib, Gtk  # noqa: E402

window = Gtk.Window(title=sys.argv[1])
entry = Gtk.Entry()
window.add(entry)

questions = {
    "text": entry.get_text,
    "clear": lambda: entry.set_text("") is None,
    "focused": lambda: window.is_active() and entry.has_focus(),
    "grab": lambda: entry.grab_focus() is None,
    "selected": lambda: bool(entry.get_selection_bounds()),
}


def select(*_):
    entry.select_region(0, -1)
    return False


entry.connect("changed", lambda _: GLib.idle_add(select))
entry.connect("focus-in-event", lambda *_: GLib.idle_add(select) and False)
run_gtk3(window, questions, entry)
