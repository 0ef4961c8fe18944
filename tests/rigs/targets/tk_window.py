"""A Tk text window; it also writes down every key event it sees."""

import sys
import time
import tkinter as tk

from answers import run_tk, tk_window

root, text, questions = tk_window(sys.argv[1])
keys = []


def note(event):
    down = event.type == tk.EventType.KeyPress
    keys.append([time.time(), down, event.keysym, event.state, event.char, bool(event.send_event)])


def clear():
    text.delete("1.0", "end")
    keys.clear()
    return True


text.bind("<KeyPress>", note, add="+")
text.bind("<KeyRelease>", note, add="+")
run_tk(root, {**questions, "clear": clear, "keys": lambda: keys})
