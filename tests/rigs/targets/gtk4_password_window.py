"""A GTK 4 window with a field for a password."""

import sys

import gi

gi.require_version("Gtk", "4.0")
from answers import answer_in_glib  # noqa: E402
from gi.repository import GLib, Gtk  # noqa: E402

Gtk.init()
loop = GLib.MainLoop()
window = Gtk.Window(title=sys.argv[1], default_width=600, default_height=300)
entry = Gtk.PasswordEntry()
window.set_child(entry)

questions = {
    "text": entry.get_text,
    "clear": lambda: entry.set_text("") is None,
    "focused": lambda: window.is_active() and entry.get_delegate().has_focus(),
    "grab": lambda: bool(entry.grab_focus()),
}

answer_in_glib(questions, loop.quit)
window.connect("close-request", lambda _window: loop.quit())
window.present()
entry.grab_focus()
loop.run()
