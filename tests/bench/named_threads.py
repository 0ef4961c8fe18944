"""The daemon of a source tree, whose threads the kernel knows by name once SIGUSR2 asks for it.

python -m tests.bench.named_threads TREE SECTION.NAME=VALUE ...
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

if __name__ == "__main__":
    tree, *settings = sys.argv[1:]
    sys.path.insert(0, tree)

    from tray_dictate.app import main
    from tray_dictate.config.load import Sources

    def name_threads(*_: object) -> None:
        for thread in threading.enumerate():
            Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name[:15])

    signal.signal(signal.SIGUSR2, name_threads)
    raise SystemExit(main.run(Sources(None, settings)))
