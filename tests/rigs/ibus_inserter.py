"""Another process of ours that inserts by IBus, until a line comes or it is killed."""

import select
import sys
import threading

from tray_dictate.output.base import ANY_WINDOW
from tray_dictate.output.rules import Treatment
from tray_dictate.output.wayland.ibus.method import IBusMethod

_, text, pause = sys.argv
method = IBusMethod(threading.Event())
method.insert(text, Treatment(), ANY_WINDOW)
print("inserted", flush=True)
while not select.select([sys.stdin], [], [], float(pause) if float(pause) >= 0 else None)[0]:
    method.insert(text, Treatment(), ANY_WINDOW)
method.close()
print("closed", flush=True)
