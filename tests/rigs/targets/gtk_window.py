"""A GTK 3 text window: gtk_window.py TITLE [APPLICATION]."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import run_gtk3  # noqa: E402
from gi.repository import GLib  # noqa: E402

if sys.argv[2:]:  # Gtk looks for it as it is imported
    GLib.set_prgname(sys.argv[2])
from gi.repository import Gtk  # noqa: E402

window = Gtk.Window(title=sys.argv[1])
window.set_default_size(600, 300)
view = Gtk.TextView()
view.set_wrap_mode(Gtk.WrapMode.CHAR)
window.add(view)
content = view.get_buffer()

questions = {
    "text": lambda: content.get_text(*content.get_bounds(), True),
    "clear": lambda: content.set_text("") is None,
    "focused": lambda: window.is_active() and view.has_focus(),
    "grab": lambda: view.grab_focus() is None,
}


run_gtk3(window, questions, view)
