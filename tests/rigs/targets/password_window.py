"""A GTK 3 window with a field for a password; typing appears as dots."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import run_gtk3  # noqa: E402
from gi.repository import Gtk  # noqa: E402

window = Gtk.Window(title=sys.argv[1])
entry = Gtk.Entry(visibility=False)
window.add(entry)

questions = {
    "text": entry.get_text,
    "clear": lambda: entry.set_text("") is None,
    "focused": lambda: window.is_active() and entry.has_focus(),
    "grab": lambda: entry.grab_focus() is None,
}


run_gtk3(window, questions, entry)
