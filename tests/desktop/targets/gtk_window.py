"""A GTK 3 text window."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from answers import answer_one  # noqa: E402
from gi.repository import GLib, Gtk  # noqa: E402

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


def answer(_file, _condition):
    if answer_one(questions):
        return True
    Gtk.main_quit()
    return False


GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, answer)
window.connect("destroy", Gtk.main_quit)
window.show_all()
view.grab_focus()
Gtk.main()
