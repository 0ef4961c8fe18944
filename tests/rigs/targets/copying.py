"""A program in which somebody has copied something rich: Qt keeps it and serves it.

Arguments: files, each format=path. Prints "ready" when it owns the clipboard; with "frozen" it
owns it and never answers again, with "slow" it takes 0.4 s for each format.
"""

import sys
import time
from pathlib import Path

from PyQt6 import QtCore, QtWidgets


class Contents(QtCore.QMimeData):
    def retrieveData(self, name, kind):  # noqa: N802 - Qt's
        if "slow" in sys.argv:
            time.sleep(0.4)
        return super().retrieveData(name, kind)


application = QtWidgets.QApplication([])
data = Contents()
for argument in sys.argv[1:]:
    name, _, path = argument.partition("=")
    if path:
        data.setData(name, Path(path).read_bytes())
clipboard = application.clipboard()
clipboard.setMimeData(data)
application.processEvents()
print("ready", flush=True)
if "frozen" in sys.argv:
    time.sleep(600)
application.exec()
