"""A Tk text window that deals with a paste in its own way: odd_tk_window.py TITLE BEHAVIOUR."""

import contextlib
import subprocess
import sys
import time
import tkinter as tk

from answers import run_tk, tk_window


def run(paste):
    """Show a window that calls `paste(text)` for Shift+Insert, and types as usual."""
    root, text, questions = tk_window(sys.argv[1])
    pastes = []

    def pressed(_event):
        pastes.append(time.time())
        paste(text)
        return "break"

    text.bind("<Shift-Insert>", pressed)
    run_tk(root, {**questions, "pastes": lambda: len(pastes)})


def insert(text):
    """Read the clipboard as it is now, and insert it where there is any."""
    with contextlib.suppress(tk.TclError):
        text.insert("insert", text.clipboard_get(type="UTF8_STRING"))


def deaf(_text):
    """Never read."""


def late(text):
    """Do nothing at all for 5 s, then read."""
    time.sleep(5)
    insert(text)


def twice(text):
    """Read, and read again a little later to insert it."""
    text.clipboard_get(type="UTF8_STRING")
    text.after(60, lambda: insert(text))


def by_another(text):
    """Have another program read, as Wine does."""
    text.insert("insert", subprocess.check_output(["xclip", "-selection", "clipboard", "-o"]))


run({"deaf": deaf, "late": late, "twice": twice, "by_another": by_another}[sys.argv[2]])
