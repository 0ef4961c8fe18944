"""A Qt 6 text window."""

import sys

from answers import answer_one
from PyQt6 import QtCore, QtWidgets

application = QtWidgets.QApplication([])
edit = QtWidgets.QPlainTextEdit()
edit.setWindowTitle(sys.argv[1])
edit.resize(600, 300)

questions = {
    "text": edit.toPlainText,
    "clear": lambda: edit.clear() is None,
    "focused": lambda: edit.isActiveWindow() and edit.hasFocus(),
    "grab": lambda: edit.setFocus() is None,
}


def answer():
    if not answer_one(questions):
        application.quit()


asked = QtCore.QSocketNotifier(0, QtCore.QSocketNotifier.Type.Read)
asked.activated.connect(answer)
edit.show()
application.exec()
