"""A GTK 4 text window; with the word "password", it is for one."""

import sys

import gi

gi.require_version("Gtk", "4.0")
from answers import answer_in_glib  # noqa: E402
from gi.repository import GLib, Gtk  # noqa: E402

Gtk.init()
loop = GLib.MainLoop()
window = Gtk.Window(title=sys.argv[1], default_width=600, default_height=300)
view = Gtk.TextView(wrap_mode=Gtk.WrapMode.CHAR)
if sys.argv[2:] == ["password"]:
    view.set_input_purpose(Gtk.InputPurpose.PASSWORD)
window.set_child(view)
content = view.get_buffer()

questions = {
    "text": lambda: content.get_text(*content.get_bounds(), True),
    "clear": lambda: content.set_text("") is None,
    "focused": lambda: window.is_active() and view.has_focus(),
    "grab": lambda: bool(view.grab_focus()),
}

answer_in_glib(questions, loop.quit)
window.connect("close-request", lambda _window: loop.quit())
window.present()
view.grab_focus()
loop.run()
