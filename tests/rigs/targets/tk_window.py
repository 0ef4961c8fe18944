"""A Tk text window; it also writes down every key event it sees."""

import sys
import time
import tkinter as tk

from answers import answer_one

root = tk.Tk()
root.title(sys.argv[1])
root.geometry("600x300+20+60")
text = tk.Text(root, undo=False)
text.pack(fill="both", expand=True)
text.focus_force()
keys = []


def note(event):
    down = event.type == tk.EventType.KeyPress
    keys.append([time.time(), down, event.keysym, event.state, event.char, bool(event.send_event)])


def clear():
    text.delete("1.0", "end")
    keys.clear()
    return True


questions = {
    "text": lambda: text.get("1.0", "end-1c"),
    "clear": clear,
    "focused": lambda: root.focus_displayof() is text and bool(text.winfo_viewable()),
    "grab": lambda: text.focus_force() is None,
    "keys": lambda: keys,
}


def answer(_file, _mask):
    if not answer_one(questions):
        root.destroy()


text.bind("<KeyPress>", note, add="+")
text.bind("<KeyRelease>", note, add="+")
root.createfilehandler(sys.stdin, tk.READABLE, answer)
root.mainloop()
