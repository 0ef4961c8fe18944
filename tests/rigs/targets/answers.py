"""One question a line on stdin, one JSON answer a line on stdout: how a test asks a window.

Asking the window itself, rather than reading a file it writes now and then, gives what it holds at
that moment. Runs under /usr/bin/python3, where Debian's Tk, GTK and Qt are, without this project.
"""

import json
import os
import sys


def answer_one(questions):
    """Read one question and answer it; False when there are no more."""
    question = bytearray()
    while not question.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return False
        question += byte
    sys.stdout.write(json.dumps(questions[question.decode().strip()]()) + "\n")
    sys.stdout.flush()
    return True


def answer_in_glib(questions, leave):
    """Answer in GLib's loop, which `leave` ends when there are no more questions."""
    from gi.repository import GLib  # noqa: PLC0415 - other toolkits' windows have none

    def answer(_file, _condition):
        if answer_one(questions):
            return True
        leave()
        return False

    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, answer)


def run_gtk3(window, questions, field):
    """Show a GTK 3 window with the focus in its field, and answer until it is closed."""
    from gi.repository import Gtk  # noqa: PLC0415 - other toolkits' windows have none

    answer_in_glib(questions, Gtk.main_quit)
    window.connect("destroy", Gtk.main_quit)
    window.show_all()
    field.grab_focus()
    Gtk.main()


def run_gtk3_entry(title, entry, **more):
    """Show a GTK 3 window with a field of one line, and answer about it until it is closed."""
    from gi.repository import Gtk  # noqa: PLC0415 - other toolkits' windows have none

    window = Gtk.Window(title=title)
    window.add(entry)
    questions = {
        "text": entry.get_text,
        "clear": lambda: entry.set_text("") is None,
        "focused": lambda: window.is_active() and entry.has_focus(),
        "grab": lambda: entry.grab_focus() is None,
    }
    run_gtk3(window, questions | more, entry)


def tk_window(title):
    """Return a Tk window, the text in it, which has the focus, and what it answers about both."""
    import tkinter as tk  # noqa: PLC0415 - other toolkits' windows have none

    root = tk.Tk()
    root.title(title)
    root.geometry("600x300+20+60")
    text = tk.Text(root, undo=False)
    text.pack(fill="both", expand=True)
    text.focus_force()
    questions = {
        "text": lambda: text.get("1.0", "end-1c"),
        "clear": lambda: text.delete("1.0", "end") is None,
        "focused": lambda: root.focus_displayof() is text and bool(text.winfo_viewable()),
        "grab": lambda: text.focus_force() is None,
    }
    return root, text, questions


def run_tk(root, questions):
    """Answer until there are no more questions."""
    import tkinter as tk  # noqa: PLC0415 - other toolkits' windows have none

    def answer(_file, _mask):
        if not answer_one(questions):
            root.destroy()

    root.createfilehandler(sys.stdin, tk.READABLE, answer)
    root.mainloop()
