"""A download that is killed at random bytes: does it end with the right files?

python -m tests.bench.download [--kills 100] [--seed 14]

The real weights of moonshine-base-en, from a server of files on this machine.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.rigs import as_user, catalogues, commands, weights
from tests.rigs.interrupted_download import InterruptedDownload
from tests.servers.files import file_server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=14)
    options = parser.parse_args()
    draw, began = random.Random(options.seed), time.monotonic()
    real = {path.name: path.read_bytes() for path in weights.MOONSHINE_BASE.iterdir()}
    with tempfile.TemporaryDirectory() as folder, file_server() as server:
        home = Path(folder)
        listed = catalogues.write(home / "catalogue.toml", server, "small", real)
        download = InterruptedDownload(home, listed, server, real)
        for at in sorted(draw.sample(range(download.size), options.kills)):
            download.interrupt(at, signal.SIGKILL)
        done = subprocess.run(
            [*commands.PROGRAM, "models", "--catalogue", str(listed), "get", "small"],
            env=as_user.environment(home), check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        right = done.returncode == 0 and download.is_whole()
        asked = download.continued()
    print(f"{options.kills} kills in {download.size:,} bytes, {time.monotonic() - began:.0f} s")
    print(f"right files at the end: {'yes' if right else 'NO'}")
    print(f"continued at the very byte each time: {'yes' if asked else 'NO'}")
    raise SystemExit(not (right and asked))


if __name__ == "__main__":
    main()
