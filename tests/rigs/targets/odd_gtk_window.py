"""A GTK 3 text window that deals with a paste in its own way: odd_gtk_window.py TITLE BEHAVIOUR."""

import sys
import time

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from answers import run_gtk3  # noqa: E402
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

window = Gtk.Window(title=sys.argv[1])
window.set_default_size(600, 300)
view = Gtk.TextView()
window.add(view)
content = view.get_buffer()
clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
pastes = []


def insert():
    content.insert_at_cursor(clipboard.wait_for_text() or "")


def deaf():
    """Never read."""


def late():
    """Do nothing at all for 0.6 s, then read."""
    time.sleep(0.6)
    insert()


def asleep():
    """Do nothing at all for longer than anybody waits, then read."""
    time.sleep(1.6)
    insert()


def twice():
    """Read, and read again a little later to insert it."""
    clipboard.wait_for_text()
    GLib.timeout_add(150, lambda: insert() is not None)


def pressed(_view):
    pastes.append(time.time())
    view.stop_emission_by_name("paste-clipboard")
    {"deaf": deaf, "late": late, "asleep": asleep, "twice": twice}[sys.argv[2]]()


view.connect("paste-clipboard", pressed)
questions = {
    "text": lambda: content.get_text(*content.get_bounds(), True),
    "clear": lambda: content.set_text("") is None,
    "focused": lambda: window.is_active() and view.has_focus(),
    "grab": lambda: view.grab_focus() is None,
    "pastes": lambda: len(pastes),
}


run_gtk3(window, questions, view)
