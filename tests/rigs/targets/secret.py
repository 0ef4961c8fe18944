"""A password manager: copies a secret, and clears it if it is still there, for a line of input.

Arguments: formats that hint at it; the secret is the first line of input, for command lines are
everybody's to read. Prints "ready", then "cleared" or "left".
"""

import sys

from PyQt6 import QtCore, QtWidgets

hints = sys.argv[1:]
secret = sys.stdin.readline().removesuffix("\n")
application = QtWidgets.QApplication([])
clipboard = application.clipboard()
data = QtCore.QMimeData()
data.setText(secret)
for hint in hints:
    data.setData(hint, b"secret")
clipboard.setMimeData(data)


def clear():
    """As KeePassXC does it."""
    if not sys.stdin.readline():
        application.quit()
        return
    still = clipboard.text() == secret
    if still:
        clipboard.setText("")
    print("cleared" if still else "left", flush=True)


asked = QtCore.QSocketNotifier(0, QtCore.QSocketNotifier.Type.Read)
asked.activated.connect(clear)
application.processEvents()
print("ready", flush=True)
application.exec()
